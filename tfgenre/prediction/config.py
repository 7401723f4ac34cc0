"""The settings of prediction: how slices decide a song's genre, and what is written into songs."""

from dataclasses import dataclass, field, replace

from tfgenre import storage
from tfgenre.config import VOTES, check, check_choice, check_range
from tfgenre.errors import UserError
from tfgenre.tagging import log

OUTPUT_FORMATS = ("table", "csv", "json")
RESULTS_SUFFIXES = (".csv", ".jsonl")
EMBEDDINGS_SUFFIX = ".npy"
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
        top: how many genres to give, the most likely first; 1: the best guess alone.
    """

    vote: str | None = None
    min_confidence: float = 0.0
    top: int = 1

    def __post_init__(self) -> None:
        if self.vote is not None:
            check_choice("vote", self.vote, VOTES)
        check_range("min_confidence", self.min_confidence, 0, 1)
        check_range("top", self.top, 1)


@dataclass(frozen=True, kw_only=True)
class TagConfig:
    """What is written into songs' tags.

    Attributes:
        write_tags: whether to write genres.
        dry_run: whether to only report what would be written.
        overwrite_tags: whether to replace a genre that a song already has.
        tag_probability: the lowest mean probability at which a further genre of `VoteConfig.top` is
            written, too.
        tags_log: the file to log changes to, so that they can be undone; a new one in runs/ if
            None.
        undo_tags: the log of the changes to undo.
    """

    write_tags: bool = False
    dry_run: bool = False
    overwrite_tags: bool = False
    tag_probability: float = 0.2
    tags_log: str | None = None
    undo_tags: str | None = None

    @property
    def writes(self) -> bool:
        """Whether songs' files are changed."""
        return self.write_tags and not self.dry_run

    def with_log(self) -> "TagConfig":
        """The config with the file of the log, if one is written."""
        return replace(self, tags_log=self.tags_log or log.new_name()) if self.writes else self

    def __post_init__(self) -> None:
        check_range("tag_probability", self.tag_probability, 0, 1)
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
        _expand(self, "tags_log", "undo_tags")


@dataclass(frozen=True, kw_only=True)
class PredictConfig:
    """How a song's genre is decided, and what is written into the song.

    Attributes:
        max_slices_per_track: by how many slices it is decided at most, spread evenly over the song;
            0: all; None: 10, or all if the song is plotted.
        vote: how they decide.
        tag: what is written into songs.
        results: a file, .csv or .jsonl, that keeps predictions: songs that it has, and that are as
            they were, are not predicted again.
        drop_missing: whether songs that are no longer there are dropped from `results`.
        embeddings: a file, .npy, for the mean over a song's slices of what the network's last layer
            takes, float32 [songs, n].
    """

    max_slices_per_track: int | None = None
    vote: VoteConfig = field(default_factory=VoteConfig)
    tag: TagConfig = field(default_factory=TagConfig)
    results: str | None = None
    drop_missing: bool = False
    embeddings: str | None = None

    @property
    def is_continued(self) -> bool:
        """Whether there are files that a later prediction may continue."""
        return self.results is not None or self.embeddings is not None

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
        _check_suffix("results", self.results, RESULTS_SUFFIXES)
        _check_suffix("embeddings", self.embeddings, (EMBEDDINGS_SUFFIX,))
        if self.drop_missing and self.results is None:
            raise UserError("--drop_missing drops songs from --results: give it as well.")
        _expand(self, "results", "embeddings")


def _expand(config: TagConfig | PredictConfig, *options: str) -> None:
    """Checks the files that a config names, and replaces `~` in their names."""
    for option in options:
        if (name := getattr(config, option)) is not None:
            object.__setattr__(config, option, str(storage.to_file(name, what=option)))


def _check_suffix(option: str, name: str | None, suffixes: tuple[str, ...]) -> None:
    is_right = name is None or name.endswith(suffixes)
    check(is_right, f"--{option} must name a file that ends in {' or '.join(suffixes)}", name)
