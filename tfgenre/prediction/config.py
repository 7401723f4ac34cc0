"""The settings of prediction: how slices decide a song's genre, and what is written into songs."""

from dataclasses import dataclass, field, replace

from tfgenre.config import VOTES, check, check_choice, check_range
from tfgenre.errors import UserError

OUTPUT_FORMATS = ("table", "csv", "json")
UNSURE = "unsure"
ENOUGH_SLICES = 10  # more did not make predictions better (docs/models.md)


@dataclass(frozen=True, kw_only=True)
class VoteConfig:
    """How slices decide a song's genre.

    Attributes:
        vote: hard (the genre predicted for most slices) or mean (the highest mean probability);
            None: as the run was trained for.
        min_confidence: the lowest share of slices (hard) or mean probability (mean) at which a
            genre is predicted; below it the song is unsure.
    """

    vote: str | None = None
    min_confidence: float = 0.0

    def __post_init__(self) -> None:
        if self.vote is not None:
            check_choice("vote", self.vote, VOTES)
        check_range("min_confidence", self.min_confidence, 0, 1)


@dataclass(frozen=True, kw_only=True)
class TagConfig:
    """What is written into songs' tags.

    Attributes:
        write_tags: whether to write genres.
        dry_run: whether to only report what would be written.
        overwrite_tags: whether to replace a genre that a song already has.
        tags_log: the file to log changes to, so that they can be undone; a new one in runs/ if
            None.
        undo_tags: the log of the changes to undo.
    """

    write_tags: bool = False
    dry_run: bool = False
    overwrite_tags: bool = False
    tags_log: str | None = None
    undo_tags: str | None = None

    @property
    def writes(self) -> bool:
        """Whether songs' files are changed."""
        return self.write_tags and not self.dry_run

    def __post_init__(self) -> None:
        if self.undo_tags is not None and self.write_tags:
            raise UserError("--undo_tags and --write_tags contradict each other: give one of them.")
        for name in ("overwrite_tags", "tags_log"):
            if getattr(self, name) and not self.write_tags:
                raise UserError(f"--{name} says how tags are written: give --write_tags as well.")
        if self.dry_run and not (self.write_tags or self.undo_tags):
            raise UserError(
                "--dry_run shows what --write_tags or --undo_tags would do: give one of them."
            )
        if self.dry_run and self.tags_log:
            raise UserError("--dry_run writes nothing, not even a --tags_log: give one of them.")


@dataclass(frozen=True, kw_only=True)
class PredictConfig:
    """How a song's genre is decided, and what is written into the song.

    Attributes:
        max_slices_per_track: by how many slices it is decided at most, spread evenly over the song;
            0: all; None: 10, or all if the song is plotted.
        vote: how they decide.
        tag: what is written.
    """

    max_slices_per_track: int | None = None
    vote: VoteConfig = field(default_factory=VoteConfig)
    tag: TagConfig = field(default_factory=TagConfig)

    def with_vote(self, vote: str) -> "PredictConfig":
        """The config with another way in which slices decide."""
        return replace(self, vote=replace(self.vote, vote=vote))

    def slices_per_track(self, *, plotted: bool) -> int:
        """The most slices of a song, 0 for all."""
        if self.max_slices_per_track is None:
            return 0 if plotted else ENOUGH_SLICES
        return self.max_slices_per_track

    def __post_init__(self) -> None:
        check_range("max_slices_per_track", self.max_slices_per_track or 0, 0)
        undo = self.tag.undo_tags
        check(undo is None, "--undo_tags predicts nothing, and must be left out to predict", undo)
