"""The flags that decide a training run."""

from absl import flags

from tfgenre.training import config

LEARNING = (
    "epochs",
    "partitions",
    "early_stop_accuracy",
    "early_stop_loss",
    "early_stop_patience",
    "class_weights",
    "label_smoothing",
    "keep_checkpoints",
)
OPTIMIZING = (
    "optimizer",
    "learning_rate",
    "learning_rate_schedule",
    "rmsprop_decay",
    "weight_decay",
    "clip_norm",
)
NETWORK = ("model", "initializer", "activation", "dropout_rate")
READING = ("batch_size", "shuffle_buffer", "slices_per_genre", "seed", "cache")
AUGMENTING = ("frequency_mask", "time_mask", "mixup_alpha", "lowpass_rows")
HARDWARE = ("precision", "jit_compile", "device", "strategy", "deterministic")
TRAINING = (
    "records_dir",
    "run_dir",
    *LEARNING,
    *OPTIMIZING,
    *NETWORK,
    *READING,
    *AUGMENTING,
    *HARDWARE,
)


def define(values: flags.FlagValues) -> None:
    """Defines the flags."""
    _define_learning(values)
    _define_reading(values)
    _define_hardware(values)


def _define_learning(values: flags.FlagValues) -> None:
    where = {"flag_values": values}
    flags.DEFINE_integer("epochs", 30, "Passes over the training records, at most.", **where)
    flags.DEFINE_integer(
        "partitions",
        1,
        "Cut the training slices into so many parts, and train on each for all epochs before the "
        "next, as the seed did for want of memory; 1: all of them in each epoch.",
        **where,
    )
    flags.DEFINE_float("learning_rate", 0.001, "The optimizer's learning rate.", **where)
    flags.DEFINE_enum("optimizer", "rmsprop", config.OPTIMIZERS, "The optimizer.", **where)
    flags.DEFINE_enum(
        "learning_rate_schedule",
        "constant",
        config.SCHEDULES,
        "constant; cosine (falls to 0 by the last step); plateau (halved after three epochs "
        "without a lower validation loss).",
        **where,
    )
    flags.DEFINE_float(
        "rmsprop_decay", 0.9, "The decay of RMSprop's mean of squared gradients.", **where
    )
    flags.DEFINE_float("weight_decay", 0.004, "AdamW's weight decay.", **where)
    flags.DEFINE_float("clip_norm", 0, "Largest norm of a step's gradients; 0: any.", **where)
    flags.DEFINE_float(
        "label_smoothing", 0, "Share of a label that is spread over all genres; 0: none.", **where
    )
    flags.DEFINE_enum(
        "class_weights",
        "none",
        config.CLASS_WEIGHTS,
        "What a slice weighs: none (the same), or balanced (rare genres' more, so that all genres "
        "count the same).",
        **where,
    )
    flags.DEFINE_bool(
        "keep_checkpoints", False, "Keep the network of every epoch (275 MB each).", **where
    )
    flags.DEFINE_enum(
        "model",
        "despois",
        config.MODELS,
        "The network: despois (the seed's), or spectral (convolutions over time, a seventeenth of "
        "the arithmetic); docs/models.md compares them.",
        **where,
    )
    flags.DEFINE_enum(
        "initializer",
        "glorot_uniform",
        config.INITIALIZERS,
        "Initial weights of the convolutions.",
        **where,
    )
    flags.DEFINE_enum(
        "activation", "relu", config.ACTIVATIONS, "Activation of the hidden layers.", **where
    )
    flags.DEFINE_float(
        "dropout_rate",
        0.8,
        "Share of the dense layer's outputs (spectral: inputs) that is dropped; 0: none. (The "
        "seed's 0.2 was the share kept.)",
        **where,
    )
    flags.DEFINE_float(
        "early_stop_accuracy",
        0.9,
        "Training stops after an epoch with at least this validation accuracy (a share; above 1: "
        "never) ...",
        **where,
    )
    flags.DEFINE_float(
        "early_stop_loss", 0.1, "... and at most this validation loss (0: never).", **where
    )
    flags.DEFINE_integer(
        "early_stop_patience",
        0,
        "Training stops after so many epochs without a better one; 0: never.",
        **where,
    )


def _define_reading(values: flags.FlagValues) -> None:
    where = {"flag_values": values}
    flags.DEFINE_integer(
        "seed", 0, "Decides initial weights, dropout, the slices' order and variations.", **where
    )
    flags.DEFINE_integer("batch_size", 110, "Slices a step, over all devices.", **where)
    flags.DEFINE_integer(
        "slices_per_genre",
        0,
        "Slices of each genre to use, counted over all splits before splitting; 0: all.",
        **where,
    )
    flags.DEFINE_integer("shuffle_buffer", 2048, "Slices (16 KB each) to shuffle among.", **where)
    flags.DEFINE_enum(
        "cache",
        "none",
        config.CACHES,
        "Where slices are read from after the first time: none (the records), memory (16 KB a "
        "slice), or disk (a copy of the records in the run's folder).",
        **where,
    )
    flags.DEFINE_integer(
        "frequency_mask",
        0,
        "Blank a band of up to so many of a slice's 128 rows in training (SpecAugment); 0: none.",
        **where,
    )
    flags.DEFINE_integer("time_mask", 0, "The same for columns; 0: none.", **where)
    flags.DEFINE_float(
        "mixup_alpha",
        0,
        "Blend pairs of slices and labels in training, by shares from Beta(alpha, alpha) (mixup); "
        "0: none.",
        **where,
    )
    flags.DEFINE_integer(
        "lowpass_rows",
        0,
        "Blank up to so many of the highest of the 128 rows, in half of the slices in training, as "
        "codecs do; 0: none.",
        **where,
    )


def _define_hardware(values: flags.FlagValues) -> None:
    where = {"flag_values": values}
    flags.DEFINE_enum(
        "precision",
        "auto",
        config.PRECISIONS,
        "What numbers are computed in; auto: bfloat16 where the device is fast at it.",
        **where,
    )
    flags.DEFINE_enum(
        "jit_compile",
        "auto",
        config.JIT_COMPILE,
        "Compile the training step by XLA; auto: where it pays.",
        **where,
    )
    flags.DEFINE_enum(
        "device", "auto", config.DEVICES, "Where to train; auto: on GPUs if any.", **where
    )
    flags.DEFINE_enum(
        "strategy",
        "auto",
        config.STRATEGIES,
        "one device; mirrored: all devices of this machine, each with its share of a batch; "
        "multiworker: those of several machines (docs/scale.md); auto: mirrored if there are "
        "several GPUs.",
        **where,
    )
    flags.DEFINE_bool(
        "deterministic", False, "The same figures each time, if more slowly.", **where
    )
