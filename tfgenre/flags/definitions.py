"""All flags of all programs; one flag file can drive building, training and prediction alike."""

from absl import flags

from tfgenre import config
from tfgenre.building import plan
from tfgenre.flags import prediction, training

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
SPLITTING = ("split_by", "split_ratios", "split_seed")
_WHERE = ("dataset", "data_dir", "records_dir", "genres")
_HOW = ("num_shards", "shard_mb", "runner", "beam_options", "num_workers", "overwrite")
BUILD = (*_WHERE, *COLLECTION, *RENDERING, *SPLITTING, *_HOW)
DESCRIBE = (*_WHERE, *COLLECTION, "pixels_per_second", *SPLITTING, "html")
TRAIN = ("dataset", "pixels_per_second", *training.TRAINING, "overwrite")
INSPECT = ("dataset", "pixels_per_second", "records_dir", "png")
VERIFY = ("dataset", "pixels_per_second", "records_dir", "num_workers")
EVALUATE = ("run_dir", "records_dir", "split", "batch_size", "json")
LEAKS = (
    *(name for name in BUILD if name not in ("records_dir", "split_by")),
    *(name for name in training.TRAINING if name not in ("records_dir", "run_dir")),
    "output_dir",
)
EXPERIMENTS = ("flagfiles", "smoke", "output_dir")
EXPORT = ("run_dir", "records_dir", "format", "export_dir", "overwrite")
PREDICT = ("run_dir", *prediction.PREDICTING, "batch_size", "num_workers", "json")


def define(values: flags.FlagValues) -> None:
    """Defines the flags."""
    _define_collection(values)
    _define_rendering(values)
    training.define(values)
    prediction.define(values)
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
        "split_seed", 0, "Decides which tracks go to which split, and --slices_per_genre.", **where
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
    flags.DEFINE_list(
        "flagfiles", [], "The experiments' flag files, or patterns such as flags/exp*.cfg.", **where
    )
    flags.DEFINE_bool(
        "smoke", False, "Try the experiments on a few made-up slices, for two epochs.", **where
    )
    flags.DEFINE_string(
        "output_dir",
        None,
        "Where experiments (runs/experiments, or with --smoke runs/experiments-smoke, if not "
        "given) and leak_report (runs/leaks-DATASET-PPSpx) put what they make.",
        **where,
    )
    flags.DEFINE_list(
        "format",
        ["saved_model"],
        f"What to export: {', '.join(config.EXPORT_FORMATS)}.",
        **where,
    )
    flags.DEFINE_string(
        "export_dir",
        None,
        "The folder of the exported network; export in the run's folder if not given.",
        **where,
    )
    flags.DEFINE_bool("json", False, "Print JSON on stdout, for machines.", **where)


define(FLAGS)
