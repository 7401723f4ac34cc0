"""The flags that decide a prediction."""

from functools import partial

from absl import flags

from tfgenre.config import VOTES
from tfgenre.flags.from_config import define_option
from tfgenre.options import option_names
from tfgenre.prediction import config
from tfgenre.prediction.config import PredictConfig, TagConfig, VoteConfig

VOTING = option_names(VoteConfig)
TAGGING = option_names(TagConfig)
KEEPING = ("results", "drop_missing", "embeddings")
PREDICTING = ("output_format", "max_slices_per_track", *VOTING, *KEEPING, "plot", *TAGGING)


def define(values: flags.FlagValues) -> None:
    """Defines the flags."""
    flags.DEFINE_enum(
        "output_format",
        None,
        config.OUTPUT_FORMATS,
        "What is printed: table (one line per song; if not given), csv, or json (as --json).",
        flag_values=values,
    )
    flags.DEFINE_string(
        "plot",
        None,
        "A folder that takes a picture of each song: its spectrogram, and the network's "
        "probabilities over time.",
        flag_values=values,
    )
    option = partial(define_option, values, VoteConfig)
    option(
        "vote",
        "A song's genre: hard (that of most slices), or mean (of the highest mean probability); if "
        "not given, what was given in training, else hard.",
        choices=VOTES,
    )
    option(
        "min_confidence",
        "A song is 'unsure' whose genre has a smaller share of its slices (with --vote=mean: a "
        "lower mean probability); 0: none is.",
    )
    option("top", "How many genres to give for each song, the most likely first.")
    option = partial(define_option, values, PredictConfig)
    option(
        "results",
        "A file, .csv or .jsonl, for the predictions. The same command goes on where it was "
        "stopped, and predicts only songs that are new or have changed; in the end a page of the "
        "collection is written beside the file. Songs are not printed then.",
    )
    option("drop_missing", "Drop songs that are no longer there from --results.")
    option(
        "embeddings",
        "A file, .npy, for songs' embeddings, float32 [songs, n]: what the network's last layer "
        "takes, averaged over a song's slices. FILE.paths.csv beside it names the songs.",
    )
    option = partial(define_option, values, TagConfig)
    option("write_tags", "Write the genre into songs that have none in their tags.")
    option("dry_run", "Only print what --write_tags or --undo_tags would do.")
    option("overwrite_tags", "With --write_tags: also over a song's own genre.")
    option(
        "tag_probability",
        "With --write_tags and --top: a further genre is written as well, as a separate value, if "
        "its mean probability is at least this.",
    )
    option(
        "tags_log",
        "The file to which --write_tags adds what --undo_tags needs; runs/tags-DATE-TIME.jsonl if "
        "not given.",
    )
    option("undo_tags", "Give songs back the bytes they had before this log's changes.")
