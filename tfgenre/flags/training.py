"""The flags that decide a training run."""

from functools import partial

from absl import flags

from tfgenre.flags.from_config import define_option
from tfgenre.options import option_names
from tfgenre.training import config
from tfgenre.training.config import TrainConfig

TRAINING = ("records_dir", "run_dir", *option_names(TrainConfig))


def define(values: flags.FlagValues) -> None:
    """Defines the flags."""
    option = partial(define_option, values, TrainConfig)
    _define_learning(option)
    _define_network(option)
    _define_start(option)
    _define_reading(option)
    _define_augmentation(option)
    _define_hardware(option)


def _define_learning(option: "partial[None]") -> None:
    option("epochs", "Passes over the training records, at most.")
    option(
        "min_steps",
        "Epochs are added until training has so many steps, for collections with few slices; 0: "
        "none are.",
    )
    option(
        "partitions",
        "Cut the training slices into so many parts, and train on each for all epochs before the "
        "next, for want of memory; 1: all of them in each epoch.",
    )
    option("learning_rate", "The optimizer's learning rate.")
    option("optimizer", "The optimizer.", choices=config.OPTIMIZERS)
    option(
        "learning_rate_schedule",
        "constant; cosine (falls to 0 by the last step, and the last epoch is kept instead of the "
        "best on validation); plateau (halved after three epochs without a lower validation loss).",
        choices=config.SCHEDULES,
    )
    option("rmsprop_decay", "The decay of RMSprop's mean of squared gradients.")
    option("weight_decay", "AdamW's weight decay.")
    option("clip_norm", "Largest norm of a step's gradients; 0: any.")
    option("label_smoothing", "Share of a label that is spread over all genres; 0: none.")
    option(
        "class_weights",
        "What a slice weighs: none (the same), or balanced (rare genres' more, so that all genres "
        "count the same).",
        choices=config.CLASS_WEIGHTS,
    )
    option(
        "checkpoint_minutes",
        "How often the network is saved within an epoch, in minutes, so that a run that is stopped "
        "loses no more; 0: it is saved after each epoch only.",
    )
    option("keep_checkpoints", "Keep the network of every epoch (despois: 275 MB each).")
    option(
        "early_stop_accuracy",
        "Training stops after an epoch with at least this validation accuracy (a share; above 1: "
        "never) ...",
    )
    option("early_stop_loss", "... and at most this validation loss (0: never).")
    option(
        "early_stop_patience",
        "Training stops after so many epochs without a better one; 0: never.",
    )


def _define_network(option: "partial[None]") -> None:
    option(
        "model",
        "The network: spectral_small (convolutions over time), spectral (four times the "
        "arithmetic), despois (75 times), or musicnn (one layer on top of one that was trained on "
        "the Million Song Dataset); docs/models.md compares them.",
        choices=config.MODELS,
    )
    option("initializer", "Initial weights of the convolutions.", choices=config.INITIALIZERS)
    option("activation", "Activation of the hidden layers.", choices=config.ACTIVATIONS)
    option(
        "dropout_rate",
        "Share of the dense layer's inputs (despois: outputs) that is dropped; 0: none.",
    )


def _define_start(option: "partial[None]") -> None:
    option(
        "init_from",
        "The folder of an earlier run whose weights training starts from; the last layer is new "
        "where the genres differ. Not given: weights are random, or those published with --model.",
    )
    option(
        "freeze",
        "base: the last layer alone is trained, on features that are computed once; none: all "
        "layers are; auto: base for --model=musicnn without --init_from, none otherwise.",
        choices=config.FREEZES,
    )


def _define_reading(option: "partial[None]") -> None:
    option("seed", "Decides initial weights, dropout, the slices' order and variations.")
    option("batch_size", "Slices per step, over all devices.")
    option(
        "slices_per_genre",
        "Slices of each genre to use, counted over all splits before splitting; 0: all.",
    )
    option(
        "sampling",
        "slice (every training slice once an epoch), or artist (as many slices, drawn so that "
        "artists with many songs count less: a slice's weight is 1 / sqrt(songs of its artist)).",
        choices=config.SAMPLINGS,
    )
    option(
        "cache",
        "Where slices are read from after the first time: none (the records), memory (16 KB per "
        "slice), or disk (a copy of the records in the run's folder).",
        choices=config.CACHES,
    )


def _define_augmentation(option: "partial[None]") -> None:
    option(
        "frequency_mask",
        "Blank a band of up to so many of a slice's 128 rows in training (SpecAugment); 0: none.",
    )
    option("time_mask", "The same for columns; 0: none.")
    option(
        "mixup_alpha",
        "Blend pairs of slices and labels in training, by shares from Beta(alpha, alpha) (mixup); "
        "0: none.",
    )
    option(
        "lowpass_rows",
        "Blank up to so many of the highest of the 128 rows, in half of the slices in training, as "
        "codecs do; 0: none.",
    )


def _define_hardware(option: "partial[None]") -> None:
    option(
        "precision",
        "The number format of the arithmetic; auto: bfloat16 where the device is fast at it.",
        choices=config.PRECISIONS,
    )
    option(
        "jit_compile",
        "Compile the training step by XLA; auto: where it pays.",
        choices=config.JIT_COMPILE,
    )
    option("device", "Where to train; auto: on GPUs if any.", choices=config.DEVICES)
    option(
        "strategy",
        "one device; mirrored: all devices of this machine, each with its share of a batch; "
        "multiworker: those of several machines (docs/scale.md); auto: mirrored if there are "
        "several GPUs.",
        choices=config.STRATEGIES,
    )
    option("deterministic", "The same figures each time, if more slowly.")
