"""All flags of all programs; one flag file can drive building, training and prediction alike.

A flag's default is that of the config dataclass' field of the same name, where there is one.
"""

from functools import partial

from absl import flags

from tfgenre import config
from tfgenre.building.plan import SHARD_MB
from tfgenre.config import BuildConfig, CollectionConfig, RenderConfig, SplitConfig
from tfgenre.datasets import DATASETS
from tfgenre.flags import prediction, training
from tfgenre.flags.from_config import define_option
from tfgenre.options import option_names

COLLECTION = option_names(CollectionConfig)
RENDERING = option_names(RenderConfig)
_WHERE = ("dataset", "data_dir", "records_dir", "genres")
_SPLITTING = option_names(SplitConfig)
_HOW = ("num_shards", "shard_mb", "runner", "beam_options", "num_workers", "overwrite")
BUILD = (*_WHERE, *COLLECTION, *RENDERING, *_SPLITTING, *_HOW)
_FOLDER = ("dataset", "pixels_per_second", "spectrogram")  # they name the default folder of records
DESCRIBE = (*_WHERE, *COLLECTION, "pixels_per_second", "spectrogram", *_SPLITTING, "html")
TRAIN = (*_FOLDER, *training.TRAINING, "overwrite")
INSPECT = (*_FOLDER, "records_dir", "png")
VERIFY = (*_FOLDER, "records_dir", "num_workers")
EVALUATE = ("run_dir", "records_dir", "split", "batch_size", "json")
LEAK_REPORT = (
    *(name for name in BUILD if name not in ("records_dir", "split_by")),
    *(name for name in training.TRAINING if name not in ("records_dir", "run_dir")),
    "output_dir",
)
CROSS_VALIDATE = (
    *(name for name in BUILD if name not in ("records_dir", "split_ratios", "fold")),
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
    _define_splitting(values)
    training.define(values)
    prediction.define(values)
    _define_programs(values)


def _define_collection(values: flags.FlagValues) -> None:
    where = {"flag_values": values}
    option = partial(define_option, values, BuildConfig)
    flags.DEFINE_enum(
        "dataset",
        None,
        DATASETS,
        "The kind of collection, which says how its files are laid out.",
        **where,
    )
    flags.DEFINE_string(
        "data_dir", None, "The collection's folder; data/DATASET if not given.", **where
    )
    flags.DEFINE_string(
        "records_dir",
        None,
        "The folder of records; data/records/DATASET-PPSpx if not given (with --spectrogram=mel "
        "DATASET-PPSpx-mel).",
        **where,
    )
    option(
        "genres",
        "Genres to use, in label order; all of the collection's if empty. Case, blanks and hyphens "
        "do not matter. A name with a comma is given in double quotes: '\"Folk, World\",Rock'.",
    )
    option(
        "fma_genres",
        "Where FMA's genres come from: tracks (tracks.csv, the truth), or id3 (the clips' own tags "
        "through genres.csv).",
        choices=config.FMA_GENRES,
    )
    option("jamendo_audio", "Which of MTG-Jamendo's audio.", choices=config.JAMENDO_AUDIO)
    option(
        "jamendo_genres",
        "MTG-Jamendo's songs with tags of several genres: first (the first of them "
        "counts), or single (they are left out).",
        choices=config.JAMENDO_GENRES,
    )
    option(
        "official_split",
        "Which of MTG-Jamendo's five official splits --split_by=official takes, 0 to 4.",
    )
    option(
        "tracks_csv",
        "The table of --dataset=csv, with the columns path, genre, and maybe artist, and split for "
        "--split_by=official.",
    )
    option("drop_duplicates", "Leave out songs that are the same as another one, apart from tags.")


def _define_rendering(values: flags.FlagValues) -> None:
    option = partial(define_option, values, RenderConfig)
    option(
        "spectrogram",
        "What is drawn: sox (the sox program's spectrogram: 128 evenly spaced frequencies), mel "
        "(128 bands, spaced as people hear pitch; networks tell genres apart better by it), or "
        "musicnn (what --model=musicnn takes).",
        choices=config.SPECTROGRAMS,
    )
    option("pixels_per_second", "Columns of the picture per second.")
    option(
        "sample_rate_hz",
        "Songs of another sample rate are converted to this one, so that a row of the picture is "
        "the same frequency in all of them; 0: each keeps its own rate.",
    )
    option(
        "tail",
        "What becomes of a song's end after its last whole slice: drop, or overlap (one more slice "
        "flush with the end).",
        choices=config.TAILS,
    )
    flags.DEFINE_integer(
        "max_slices_per_track",
        None,
        "Slices per song at most, spread evenly over it; little else is decoded. 0: all. If not "
        "given: all to build records; 10 to predict, or all with --plot.",
        flag_values=values,
    )
    option(
        "renderer",
        "What draws --spectrogram=sox: native (NumPy), or sox (the program; 200,000 columns per "
        "song at most).",
        choices=config.RENDERERS,
    )


def _define_splitting(values: flags.FlagValues) -> None:
    option = partial(define_option, values, BuildConfig)
    option(
        "split_by",
        "What is kept together in one split. If not given: artist where the collection knows "
        "artists, else track. slice leaks: a song's slices are in training "
        "and test alike. official is the collection's own split.",
        choices=config.SPLIT_METHODS,
    )
    option("split_ratios", "Shares of train, validation (may be 0) and test.")
    option(
        "folds",
        "Instead of by --split_ratios, divide the songs into so many parts, of which one is for "
        "testing and the others for training; 0: do not (tfgenre_cross_validate: 5).",
    )
    option("fold", "Which of the --folds is for testing, from 0.")
    option("num_shards", "Shards per split; 0: estimated for shards of --shard_mb.")
    flags.DEFINE_integer(
        "shard_mb",
        SHARD_MB,
        "About how large the largest shards become (MB of 2**20 bytes), if --num_shards is 0; a "
        "render process holds as much in memory, and the shards it writes beside it.",
        flag_values=values,
    )
    option(
        "split_seed",
        "Decides which tracks go to which split, and which slices --slices_per_genre takes.",
    )


def _define_programs(values: flags.FlagValues) -> None:
    where = {"flag_values": values}
    flags.DEFINE_string(
        "run_dir",
        None,
        "The folder of the run; runs/ and the name of the folder of records if not given. To "
        "evaluate, predict and export: A,B,C averages the probabilities of several runs.",
        **where,
    )
    flags.DEFINE_integer(
        "num_workers", 0, "Processes that render songs, or check shards; 0: one per core.", **where
    )
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
    flags.DEFINE_bool("overwrite", False, "Replace what is in the target folder.", **where)
    flags.DEFINE_enum("split", "test", config.SPLITS, "The split to evaluate on.", **where)
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
        "given), leak_report (runs/leaks-DATASET-PPSpx) and cross_validate "
        "(runs/folds-DATASET-PPSpx) put what they make.",
        **where,
    )
    flags.DEFINE_list(
        "format",
        [config.EXPORT_FORMATS[0]],
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
