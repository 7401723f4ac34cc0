"""How a song's genre is decided from its slices, and what is done with it."""

from dataclasses import dataclass, field

from tfgenre.config import check_choice, check_range
from tfgenre.errors import UserError

OUTPUT_FORMATS = ("table", "csv", "json")
VOTES = ("hard", "mean")
UNSURE = "unsure"


@dataclass(frozen=True, kw_only=True)
class VoteConfig:
    """How slices decide.

    Attributes:
        vote: hard (the genre of most slices), or mean (that of the highest mean probability).
        min_confidence: the least share of slices (hard) or mean probability (mean) with which a
            genre is told; below it the song is unsure.
    """

    vote: str = "hard"
    min_confidence: float = 0.0

    def __post_init__(self) -> None:
        check_choice("vote", self.vote, VOTES)
        check_range("min_confidence", self.min_confidence, 0, 1)


@dataclass(frozen=True, kw_only=True)
class TagConfig:
    """What is written into songs.

    Attributes:
        write_tags: whether genres are.
        dry_run: whether it is only told what would be.
        overwrite_tags: whether a song's own genre is replaced.
        tags_log: the file that takes what is needed to undo it; a new one in runs/ if None.
        undo_tags: the log of what is to be undone.
    """

    write_tags: bool = False
    dry_run: bool = False
    overwrite_tags: bool = False
    tags_log: str | None = None
    undo_tags: str | None = None

    @property
    def writes(self) -> bool:
        """Whether songs are changed."""
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
            raise UserError("--dry_run writes nothing, no --tags_log either: give one of them.")


@dataclass(frozen=True, kw_only=True)
class PredictConfig:
    """How a song's genre is decided, and what is written into the song."""

    vote: VoteConfig = field(default_factory=VoteConfig)
    tag: TagConfig = field(default_factory=TagConfig)
