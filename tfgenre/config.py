"""The configuration of each stage: frozen dataclasses that check themselves.

Field names are flag names. Workers and stages receive these objects, never the flags.
"""

import dataclasses
import json
import math
from dataclasses import dataclass, field
from numbers import Real
from typing import Any

from tfgenre.errors import UserError

FMA_GENRES = ("tracks", "id3")
JAMENDO_AUDIO = ("audio", "audio-low")
JAMENDO_GENRES = ("first", "single")
RUNNERS = ("local", "beam")
SPECTROGRAMS = ("sox", "mel", "musicnn")
RENDERERS = ("native", "sox")
TAILS = ("drop", "overlap")
SPLITS = ("train", "validation", "test")
VOTES = ("hard", "mean")
SPLIT_METHODS = ("artist", "track", "slice", "official")
TFLITE_FORMATS = ("tflite", "tflite_float16", "tflite_int8")
EXPORT_FORMATS = ("saved_model", "saved_model_tfio", "keras", "onnx", *TFLITE_FORMATS)
MAX_SEED = 2**31 - 1
BATCH_SIZE = 64  # slices


def check(condition: bool, rule: str, value: Any) -> None:
    """Raises UserError with the rule and the received value unless the condition holds."""
    if not condition:
        raise UserError(f"{rule}, got {value!r}.")


def check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    """Raises UserError unless value is one of choices."""
    check(value in choices, f"--{name} must be one of {', '.join(choices)}", value)


def check_range(name: str, value: float, low: float, high: float = math.inf) -> None:
    """Raises UserError unless low <= value <= high."""
    rule = f"at least {low}" if high == math.inf else f"between {low} and {high}"
    check(low <= value <= high, f"--{name} must be {rule}", value)


@dataclass(frozen=True, kw_only=True)
class CollectionConfig:
    """What is taken from a collection.

    `fma_genres`: from tracks.csv, or from the songs' own tags. `jamendo_genres`: the first of a
    song's tags that is one of the genres, or only songs with a single one. `official_split`: which
    of MTG-Jamendo's. `tracks_csv`: the table of --dataset=csv.
    """

    fma_genres: str = "tracks"
    jamendo_audio: str = "audio"
    jamendo_genres: str = "first"
    official_split: int = 0
    tracks_csv: str | None = None
    drop_duplicates: bool = True

    def __post_init__(self) -> None:
        check_choice("fma_genres", self.fma_genres, FMA_GENRES)
        check_choice("jamendo_audio", self.jamendo_audio, JAMENDO_AUDIO)
        check_choice("jamendo_genres", self.jamendo_genres, JAMENDO_GENRES)
        check_range("official_split", self.official_split, 0, 4)


@dataclass(frozen=True, kw_only=True)
class RenderConfig:
    """How a song becomes slices.

    `spectrogram` sox is that of the sox program, mel has bands spaced as people hear pitch, musicnn
    is that of the network musicnn, at 16 kHz and 62.5 columns per second.
    `renderer` is what draws SoX's. `sample_rate_hz` 0 means: each song's own rate. `tail` decides
    about the columns after the last whole slice. `max_slices_per_track` 0 means: all.
    """

    spectrogram: str = "sox"
    pixels_per_second: int = 50
    sample_rate_hz: int = 44100
    renderer: str = "native"
    tail: str = "drop"
    max_slices_per_track: int = 0

    def __post_init__(self) -> None:
        if self.sample_rate_hz:
            check_range("sample_rate_hz (0: the song's own)", self.sample_rate_hz, 4000, 192_000)
        check_choice("tail", self.tail, TAILS)
        check_range("max_slices_per_track", self.max_slices_per_track, 0)
        check_range("pixels_per_second", self.pixels_per_second, 1, 5000)
        check_choice("renderer", self.renderer, RENDERERS)
        check_choice("spectrogram", self.spectrogram, SPECTROGRAMS)
        if self.spectrogram != "sox":
            self._check_in_process()

    def _check_in_process(self) -> None:
        """Checks what holds for all spectrograms but SoX's."""
        kind, rate_hz = self.spectrogram, self.sample_rate_hz
        check(rate_hz > 0, f"--sample_rate_hz must be above 0 for --spectrogram={kind}", rate_hz)
        rule = f"--renderer must be native for --spectrogram={kind}"
        check(self.renderer == "native", rule, self.renderer)
        rule = "--pixels_per_second must be at most --sample_rate_hz"
        check(self.pixels_per_second <= rate_hz, rule, self.pixels_per_second)
        if kind == "musicnn":
            rule = "--sample_rate_hz must be 16000 for --spectrogram=musicnn"
            check(rate_hz == 16_000, rule, rate_hz)
            rule = "--pixels_per_second must be 62 for --spectrogram=musicnn, for 62.5"
            check(self.pixels_per_second == 62, rule, self.pixels_per_second)

    @property
    def columns_per_second(self) -> float:
        """How many columns of a picture a second of a song has."""
        return 62.5 if self.spectrogram == "musicnn" else float(self.pixels_per_second)


@dataclass(frozen=True, kw_only=True)
class SplitConfig:
    """Which of train, validation and test a track goes to.

    `split_by` None means: by artist where the collection knows artists, else by track.
    `split_ratios` are the shares of train, validation and test, in any unit. That of validation may
    be 0. `folds` above 0 divides the songs into so many parts instead, of which number `fold`, from
    0, is for testing, and the others for training.
    """

    split_by: str | None = None
    split_ratios: tuple[float, ...] = (60, 30, 10)
    split_seed: int = 0
    folds: int = 0
    fold: int = 0

    def __post_init__(self) -> None:
        check_range("split_seed", self.split_seed, 0, MAX_SEED)
        check(self.folds == 0 or 2 <= self.folds <= 100, "--folds must be 2 to 100", self.folds)
        check_range("fold", self.fold, 0, max(0, self.folds - 1))
        rule = "--folds needs --split_by=artist or track"
        check(not self.folds or self.split_by not in ("slice", "official"), rule, self.split_by)
        if self.split_by is not None:
            check_choice("split_by", self.split_by, SPLIT_METHODS)
        ratios = self.split_ratios
        is_right = len(ratios) == 3 and all(isinstance(r, Real) and 0 <= r < 1e9 for r in ratios)
        rule = (
            "--split_ratios must be three positive numbers (train,validation,test; validation may "
            "be 0)"
        )
        given = ",".join(f"{r:g}" if isinstance(r, Real) else str(r) for r in ratios)
        check(is_right and bool(ratios[0] and ratios[2]), rule, given)
        # The same ratios are the same build, whether they were integers or not.
        object.__setattr__(self, "split_ratios", tuple(map(float, ratios)))

    @property
    def shares(self) -> dict[str, float]:
        """Each split's share of the tracks; the shares sum to 1."""
        if self.folds:
            return {"train": 1 - 1 / self.folds, "validation": 0.0, "test": 1 / self.folds}
        total = sum(self.split_ratios)
        return {split: r / total for split, r in zip(SPLITS, self.split_ratios, strict=True)}

    @property
    def not_empty(self) -> tuple[str, ...]:
        """The splits that must get slices."""
        if self.split_by == "official":  # which may have no validation split, whatever the shares
            return ("train", "test")
        return tuple(split for split, share in self.shares.items() if share)


@dataclass(frozen=True, kw_only=True)
class BuildConfig:
    """Everything that decides the bytes of the records, and nothing else.

    `num_shards` 0 means: estimated from the collection.
    """

    dataset: str
    genres: tuple[str, ...] = ()
    collection: CollectionConfig = field(default_factory=CollectionConfig)
    render: RenderConfig = field(default_factory=RenderConfig)
    split: SplitConfig = field(default_factory=SplitConfig)
    num_shards: int = 0

    def __post_init__(self) -> None:
        check_range("num_shards", self.num_shards, 0, 99_999)
        check(len(set(self.genres)) == len(self.genres), "--genres must differ", self.genres)


def to_json(config: Any) -> dict[str, Any]:
    """A config dataclass as plain JSON values, equal to those read back from a file."""
    plain: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(config)))
    return plain
