"""The settings of training, as frozen dataclasses that validate themselves, as in `config`.

Their defaults are the recipe for real music (docs/models.md).
"""

import math
from dataclasses import dataclass, field, replace

from tfgenre.config import (
    BATCH_SIZE,
    MAX_SEED,
    VOTES,
    check,
    check_choice,
    check_range,
)

OPTIMIZERS = ("rmsprop", "adam", "adamw", "sgd")
FROM_SCRATCH = ("despois", "spectral", "spectral_small")
PRETRAINED = ("musicnn",)
MODELS = (*FROM_SCRATCH, *PRETRAINED)
INITIALIZERS = tuple(
    f"{scheme}_{shape}" for scheme in ("glorot", "he", "lecun") for shape in ("uniform", "normal")
)
ACTIVATIONS = ("relu", "elu", "selu", "gelu", "silu", "tanh")
SCHEDULES = ("constant", "cosine", "plateau")
CLASS_WEIGHTS = ("none", "balanced")
SAMPLINGS = ("slice", "artist")
FREEZES = ("auto", "base", "none")
CACHES = ("none", "memory", "disk")
PRECISIONS = ("auto", "float32", "mixed_bfloat16", "mixed_float16")
JIT_COMPILE = ("auto", "yes", "no")
DEVICES = ("auto", "cpu", "gpu")
STRATEGIES = ("auto", "one", "mirrored", "multiworker")
_ADAMW_DECAY = 0.02


@dataclass(frozen=True, kw_only=True)
class AugmentConfig:
    """How training slices are augmented; 0 turns an augmentation off.

    SpecAugment (Park et al. 2019) blanks a band of up to `frequency_mask` rows and one of up to
    `time_mask` columns. Mixup (Zhang et al. 2018) blends pairs of slices and their labels, by a
    share drawn from Beta(`mixup_alpha`, `mixup_alpha`). Low-pass blanks up to `lowpass_rows` of the
    highest rows in half of the slices, as codecs do.
    """

    frequency_mask: int = 0
    time_mask: int = 0
    mixup_alpha: float = 0.3
    lowpass_rows: int = 64

    def __post_init__(self) -> None:
        check_range("frequency_mask", self.frequency_mask, 0, 127)
        check_range("time_mask", self.time_mask, 0, 127)
        check_range("mixup_alpha", self.mixup_alpha, 0, 100)
        check_range("lowpass_rows", self.lowpass_rows, 0, 127)

    @property
    def is_on(self) -> bool:
        """Whether any augmentation is on."""
        return self != NOT_AUGMENTED


NOT_AUGMENTED = AugmentConfig(mixup_alpha=0.0, lowpass_rows=0)


@dataclass(frozen=True, kw_only=True)
class PipelineConfig:
    """How records are read for training.

    `slices_per_genre` 0 means all. `sampling` slice reads every slice once an epoch; artist draws
    as many, in proportion to 1 / sqrt(number of training songs of the slice's artist). `cache`
    memory keeps the slices in memory, disk copies the shards to the run's folder first.
    """

    batch_size: int = BATCH_SIZE
    slices_per_genre: int = 0
    sampling: str = "artist"
    seed: int = 0
    cache: str = "none"
    augment: AugmentConfig = field(default_factory=AugmentConfig)

    def __post_init__(self) -> None:
        check_range("batch_size", self.batch_size, 1, 100_000)
        check_range("slices_per_genre", self.slices_per_genre, 0)
        check_range("seed", self.seed, 0, MAX_SEED)
        check_choice("sampling", self.sampling, SAMPLINGS)
        check_choice("cache", self.cache, CACHES)


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """The network, and the options that the seed's experiments varied.

    `dropout_rate` is the share of the hidden dense layer's outputs (despois) or inputs (spectral)
    that is dropped, or of the features of a pre-trained network. `init_from` is the folder of an
    earlier run to start from; "" starts anew. `freeze` base trains the last layer alone, none all
    layers; auto is base for a pre-trained network without `init_from`, and none otherwise.
    """

    model: str = "spectral_small"
    initializer: str = "glorot_uniform"
    activation: str = "relu"
    dropout_rate: float = 0.5
    init_from: str = ""
    freeze: str = "auto"

    def __post_init__(self) -> None:
        check_choice("model", self.model, MODELS)
        check_choice("initializer", self.initializer, INITIALIZERS)
        check_choice("activation", self.activation, ACTIVATIONS)
        check_range("dropout_rate", self.dropout_rate, 0, 0.99)
        check_choice("freeze", self.freeze, FREEZES)
        rule = (
            "--freeze=base needs a network that was trained before: --init_from, or a --model of "
        )
        is_trained = bool(self.init_from) or self.model in PRETRAINED
        check(self.freeze != "base" or is_trained, rule + ", ".join(PRETRAINED), self.model)

    @property
    def is_frozen(self) -> bool:
        """Whether the last layer alone is trained."""
        if self.freeze == "auto":
            return self.model in PRETRAINED and not self.init_from
        return self.freeze == "base"


@dataclass(frozen=True, kw_only=True)
class OptimizerConfig:
    """How weights are updated.

    `rmsprop_decay` is the decay of RMSprop's mean of squared gradients. `weight_decay` is AdamW's:
    each step subtracts this share, times the learning rate, from the weights (Loshchilov and Hutter
    2019). `clip_norm` 0 means that gradients are not clipped. The schedule plateau halves the rate
    after three epochs without a lower validation loss.
    """

    optimizer: str = "adamw"
    learning_rate: float = 0.001
    learning_rate_schedule: str = "cosine"
    rmsprop_decay: float = 0.9
    weight_decay: float = _ADAMW_DECAY
    clip_norm: float = 0.0

    def __post_init__(self) -> None:
        check_choice("optimizer", self.optimizer, OPTIMIZERS)
        check_choice("learning_rate_schedule", self.learning_rate_schedule, SCHEDULES)
        check(
            0 < self.learning_rate < math.inf, "--learning_rate must be above 0", self.learning_rate
        )
        check_range("rmsprop_decay", self.rmsprop_decay, 0, 0.9999)
        check_range("weight_decay", self.weight_decay, 0, 1)
        check(
            self.optimizer == "adamw" or self.weight_decay == _ADAMW_DECAY,
            "--weight_decay is for --optimizer=adamw, must be left out otherwise",
            self.weight_decay,
        )
        check_range("clip_norm", self.clip_norm, 0)


@dataclass(frozen=True, kw_only=True)
class HardwareConfig:
    """What to train on; metrics change by rounding only. The module `hardware` resolves auto."""

    precision: str = "auto"
    jit_compile: str = "auto"
    device: str = "auto"
    strategy: str = "auto"
    deterministic: bool = False

    def __post_init__(self) -> None:
        check_choice("precision", self.precision, PRECISIONS)
        check_choice("jit_compile", self.jit_compile, JIT_COMPILE)
        check_choice("device", self.device, DEVICES)
        check_choice("strategy", self.strategy, STRATEGIES)


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """A training run.

    It stops early once validation accuracy and loss both reach their thresholds, or after
    `early_stop_patience` epochs without improvement (0: never). The training slices are divided
    into `partitions`; each is trained on for all epochs before the next. With few slices there are
    more `epochs`, so that the run has `min_steps` steps. `class_weights` balanced gives every genre
    the same total weight. `vote` is how slices decide a song's genre, unless a prediction says
    otherwise: hard (the genre predicted for most) or mean (the highest mean probability). The
    network is saved every `checkpoint_minutes` within an epoch, too (0: it is not).
    """

    epochs: int = 4
    min_steps: int = 800
    partitions: int = 1
    early_stop_accuracy: float = 0.9
    early_stop_loss: float = 0.1
    early_stop_patience: int = 0
    class_weights: str = "none"
    label_smoothing: float = 0.0
    keep_checkpoints: bool = False
    checkpoint_minutes: float = 10.0
    vote: str = "mean"
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    pipeline: PipelineConfig = field(default_factory=PipelineConfig)
    hardware: HardwareConfig = field(default_factory=HardwareConfig)

    def __post_init__(self) -> None:
        check_range("epochs", self.epochs, 1)
        check_range("min_steps", self.min_steps, 0, 10**9)
        check_range("partitions", self.partitions, 1, 1000)
        check_range("early_stop_accuracy", self.early_stop_accuracy, 0)
        check_range("early_stop_loss", self.early_stop_loss, 0)
        check_range("early_stop_patience", self.early_stop_patience, 0)
        check_range("checkpoint_minutes", self.checkpoint_minutes, 0)
        check_choice("class_weights", self.class_weights, CLASS_WEIGHTS)
        check_range("label_smoothing", self.label_smoothing, 0, 0.99)
        check_choice("vote", self.vote, VOTES)
        if self.model.is_frozen:
            rule = "--cache must be none if the last layer alone is trained, on features in memory"
            check(self.pipeline.cache == "none", rule, self.pipeline.cache)
        patience, keeps = self.early_stop_patience, "whose last epoch is kept"
        rule = "--early_stop_patience must be 0 for --learning_rate_schedule=cosine"
        check(not (patience and self.keeps_last), f"{rule}, {keeps}", patience)

    @property
    def augment(self) -> AugmentConfig:
        """How slices are augmented: not at all if their features are computed once."""
        return NOT_AUGMENTED if self.model.is_frozen else self.pipeline.augment

    @property
    def total_epochs(self) -> int:
        """Epochs over all partitions."""
        return self.epochs * self.partitions

    @property
    def keeps_last(self) -> bool:
        """Whether the last epoch is kept, not the best on validation: the rate ends at 0."""
        return self.optimizer.learning_rate_schedule == "cosine"

    def lengthened(self, steps_per_pass: int) -> "TrainConfig":
        """The config with enough epochs for `min_steps`.

        Args:
            steps_per_pass: those of an epoch of every partition.
        """
        return replace(self, epochs=max(self.epochs, math.ceil(self.min_steps / steps_per_pass)))
