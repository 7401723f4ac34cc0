"""All flags of all programs; one flag file can drive building, training and prediction alike."""

from absl import flags

from tfgenre import config, plan, train_config

FLAGS = flags.FLAGS

COLLECTION = (
    "fma_genres",
    "jamendo_audio",
    "jamendo_genres",
    "official_split",
    "tracks_csv",
    "drop_duplicates",
)
RENDERING = ("pixels_per_second", "sample_rate_hz", "renderer", "tail", "max_slices_per_track")
SPLITTING = ("split_by", "split_ratios", "seed")
_WHERE = ("dataset", "data_dir", "records_dir", "genres")
_HOW = ("num_shards", "shard_mb", "runner", "beam_options", "num_workers", "overwrite")
BUILD = (*_WHERE, *COLLECTION, *RENDERING, *SPLITTING, *_HOW)
DESCRIBE = (*_WHERE, *COLLECTION, "pixels_per_second", *SPLITTING, "html")
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
    "clip_norm",
)
NETWORK = ("initializer", "activation", "dropout_rate")
READING = ("batch_size", "shuffle_buffer", "slices_per_genre", "seed", "cache")
AUGMENTING = ("frequency_mask", "time_mask", "mixup_alpha")
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
TRAIN = ("dataset", "pixels_per_second", *TRAINING, "overwrite")
INSPECT = ("dataset", "pixels_per_second", "records_dir", "png")
VERIFY = ("dataset", "pixels_per_second", "records_dir", "num_workers")
EVALUATE = ("run_dir", "records_dir", "split", "batch_size", "json")
PREDICT = ("run_dir", "batch_size", "num_workers", "json")


def define(values: flags.FlagValues) -> None:
    """Defines the flags."""
    _define_collection(values)
    _define_rendering(values)
    _define_training(values)
    _define_reading(values)
    _define_hardware(values)
    _define_programs(values)


def _define_collection(values: flags.FlagValues) -> None:
    where = {"flag_values": values}
    flags.DEFINE_enum(
        "dataset", None, config.DATASETS, "The kind of collection: how it lies on disk.", **where
    )
    flags.DEFINE_string(
        "data_dir", None, "The collection's folder; data/DATASET if not given.", **where
    )
    flags.DEFINE_string(
        "records_dir",
        None,
        "The folder of records; data/records/DATASET-PPSpx if not given.",
        **where,
    )
    flags.DEFINE_list(
        "genres", [], "Genres to use, in label order; all of the collection's if empty.", **where
    )
    flags.DEFINE_enum(
        "fma_genres",
        "tracks",
        config.FMA_GENRES,
        "Where FMA's genres come from: tracks (tracks.csv, the truth), or id3 (the clips' own tags "
        "through genres.csv, the seed's way).",
        **where,
    )
    flags.DEFINE_enum(
        "jamendo_audio", "audio", config.JAMENDO_AUDIO, "Which of MTG-Jamendo's audio.", **where
    )
    flags.DEFINE_enum(
        "jamendo_genres",
        "first",
        config.JAMENDO_GENRES,
        "MTG-Jamendo's songs with tags of several genres: first (the first of them counts, the "
        "seed's way), or single (they are left out).",
        **where,
    )
    flags.DEFINE_integer(
        "official_split",
        0,
        "Which of MTG-Jamendo's five official splits --split_by=official takes, 0 to 4.",
        **where,
    )
    flags.DEFINE_string(
        "tracks_csv",
        None,
        "The table of --dataset=csv, with the columns path, genre, and maybe artist and split.",
        **where,
    )
    flags.DEFINE_bool(
        "drop_duplicates",
        True,
        "Leave out songs that are the same as another one, apart from tags.",
        **where,
    )


def _define_rendering(values: flags.FlagValues) -> None:
    where = {"flag_values": values}
    flags.DEFINE_integer("pixels_per_second", 50, "Columns of the picture a second.", **where)
    flags.DEFINE_integer(
        "sample_rate_hz",
        44100,
        "Songs of another sample rate are converted to this one, so that a row of the picture is "
        "the same frequency in all of them; 0: each keeps its own rate, as the seed's did.",
        **where,
    )
    flags.DEFINE_enum(
        "tail",
        "drop",
        config.TAILS,
        "What becomes of a song's end after its last whole slice: drop, or overlap (one more slice "
        "flush with the end).",
        **where,
    )
    flags.DEFINE_integer(
        "max_slices_per_track", 0, "Slices a song at most, spread evenly over it; 0: all.", **where
    )
    flags.DEFINE_enum(
        "renderer",
        "native",
        config.RENDERERS,
        "What draws: native (NumPy, SoX's picture), or sox (the program; 200,000 columns a song at "
        "most).",
        **where,
    )
    flags.DEFINE_enum(
        "split_by",
        None,
        config.SPLIT_METHODS,
        "What is kept together in one split. If not given: artist where the collection knows "
        "artists, else track. slice is the seed's way and leaks: a song's slices stand in training "
        "and test alike. official is the collection's own split.",
        **where,
    )
    flags.DEFINE_list(
        "split_ratios", ["60", "30", "10"], "Shares of train, validation and test.", **where
    )
    flags.DEFINE_integer(
        "num_shards", 0, "Shards a split; 0: estimated for shards of --shard_mb.", **where
    )
    flags.DEFINE_integer(
        "shard_mb",
        plan.SHARD_MB,
        "About how large the largest shards become (MB of 2**20 bytes), if --num_shards is 0; a "
        "render process holds as much in memory, and the shards it writes beside it.",
        **where,
    )
    flags.DEFINE_integer(
        "seed", 0, "Decides splits, sampling, initial weights and shuffling.", **where
    )


def _define_training(values: flags.FlagValues) -> None:
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
    flags.DEFINE_enum("optimizer", "rmsprop", train_config.OPTIMIZERS, "The optimizer.", **where)
    flags.DEFINE_enum(
        "learning_rate_schedule",
        "constant",
        train_config.SCHEDULES,
        "constant; cosine (falls to 0 by the last step); plateau (halved after three epochs "
        "without a lower validation loss).",
        **where,
    )
    flags.DEFINE_float(
        "rmsprop_decay", 0.9, "The decay of RMSprop's mean of squared gradients.", **where
    )
    flags.DEFINE_float("clip_norm", 0, "Largest norm of a step's gradients; 0: any.", **where)
    flags.DEFINE_float(
        "label_smoothing", 0, "Share of a label that is spread over all genres; 0: none.", **where
    )
    flags.DEFINE_enum(
        "class_weights",
        "none",
        train_config.CLASS_WEIGHTS,
        "What a slice weighs: none (the same), or balanced (rare genres' more, so that all genres "
        "count the same).",
        **where,
    )
    flags.DEFINE_bool(
        "keep_checkpoints", False, "Keep the network of every epoch (275 MB each).", **where
    )
    flags.DEFINE_enum(
        "initializer",
        "glorot_uniform",
        train_config.INITIALIZERS,
        "Initial weights of the convolutions.",
        **where,
    )
    flags.DEFINE_enum(
        "activation", "relu", train_config.ACTIVATIONS, "Activation of the hidden layers.", **where
    )
    flags.DEFINE_float(
        "dropout_rate",
        0.8,
        "Share of the dense layer's outputs that is dropped; 0: none. (The seed's 0.2 was the "
        "share kept.)",
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
        train_config.CACHES,
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


def _define_hardware(values: flags.FlagValues) -> None:
    where = {"flag_values": values}
    flags.DEFINE_enum(
        "precision",
        "auto",
        train_config.PRECISIONS,
        "What numbers are computed in; auto: bfloat16 where the device is fast at it.",
        **where,
    )
    flags.DEFINE_enum(
        "jit_compile",
        "auto",
        train_config.JIT_COMPILE,
        "Compile the training step by XLA; auto: where it pays.",
        **where,
    )
    flags.DEFINE_enum(
        "device", "auto", train_config.DEVICES, "Where to train; auto: on GPUs if any.", **where
    )
    flags.DEFINE_enum(
        "strategy",
        "auto",
        train_config.STRATEGIES,
        "one device; mirrored: all devices of this machine, each with its share of a batch; auto: "
        "mirrored if there are several GPUs.",
        **where,
    )
    flags.DEFINE_bool(
        "deterministic", False, "The same figures each time, if more slowly.", **where
    )


def _define_programs(values: flags.FlagValues) -> None:
    where = {"flag_values": values}
    flags.DEFINE_string(
        "run_dir",
        None,
        "The folder of the run; runs/ and the name of the folder of records if not given.",
        **where,
    )
    flags.DEFINE_integer("num_workers", 0, "Render processes; 0: one a core.", **where)
    flags.DEFINE_enum(
        "runner",
        "local",
        config.RUNNERS,
        "Who renders: local (this machine), or beam (a cluster, by Apache Beam).",
        **where,
    )
    flags.DEFINE_list(
        "beam_options",
        [],
        "Apache Beam's pipeline options, such as runner=FlinkRunner,flink_master=host:8081; "
        "without a runner, FnApiRunner.",
        **where,
    )
    flags.DEFINE_bool("overwrite", False, "Replace what lies in the target folder.", **where)
    flags.DEFINE_enum("split", "test", config.SPLITS, "The split to judge on.", **where)
    flags.DEFINE_string(
        "html", None, "The page to write; runs/describe-DATASET.html if not given.", **where
    )
    flags.DEFINE_string(
        "png", None, "The picture to write; runs/inspect-RECORDS.png if not given.", **where
    )
    flags.DEFINE_bool("json", False, "Print JSON on stdout, for machines.", **where)


define(FLAGS)
