"""The flags that decide a prediction."""

from absl import flags

from tfgenre.prediction import config

VOTING = ("vote", "min_confidence")
TAGGING = ("write_tags", "dry_run", "overwrite_tags", "tags_log", "undo_tags")
PREDICTING = ("output_format", *VOTING, "plot", *TAGGING)


def define(values: flags.FlagValues) -> None:
    """Defines the flags."""
    where = {"flag_values": values}
    flags.DEFINE_enum(
        "output_format",
        None,
        config.OUTPUT_FORMATS,
        "What is printed: table (a line a song; if not given), csv, or json (as --json).",
        **where,
    )
    flags.DEFINE_enum(
        "vote",
        "hard",
        config.VOTES,
        "A song's genre: hard (that of most slices), or mean (of the highest mean probability).",
        **where,
    )
    flags.DEFINE_float(
        "min_confidence",
        0,
        "A song is 'unsure' whose genre has a smaller share of its slices (with --vote=mean: a "
        "lower mean probability); 0: none is.",
        **where,
    )
    flags.DEFINE_string(
        "plot",
        None,
        "A folder that takes a picture of each song: its spectrogram, and what the network makes "
        "of it over time.",
        **where,
    )
    flags.DEFINE_bool(
        "write_tags", False, "Write the genre into songs that have none in their tags.", **where
    )
    flags.DEFINE_bool(
        "dry_run", False, "Only tell what --write_tags or --undo_tags would do.", **where
    )
    flags.DEFINE_bool(
        "overwrite_tags", False, "With --write_tags: also over a song's own genre.", **where
    )
    flags.DEFINE_string(
        "tags_log",
        None,
        "The file to which --write_tags adds what --undo_tags needs; runs/tags-DATE-TIME.jsonl if "
        "not given.",
        **where,
    )
    flags.DEFINE_string(
        "undo_tags", None, "Give songs back the genre they had before this log's changes.", **where
    )
