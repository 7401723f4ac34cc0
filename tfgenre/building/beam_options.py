"""Apache Beam's pipeline options: checked, and completed by what follows from them."""

import contextlib
import io
import logging
import re
from collections.abc import Sequence
from typing import Any

from tfgenre.errors import UserError

_OPTION = re.compile(r"([a-z][a-z0-9_]*)(=.+)?", re.DOTALL)
_DEFAULT_RUNNER = "FnApiRunner"  # Beam's own default may download another program first
_DASK = "apache_beam.runners.dask.dask_runner.DaskRunner"
_DASK_PLACES = {"dask_client_address", "dask_scheduler_file"}
_DASK_PARTITIONS = {"dask_npartitions", "dask_partition_size"}


def empty_pipeline(options: Sequence[str]) -> Any:
    """A pipeline with its runner.

    Making it imports the runner's module, and only then are its options known.

    Args:
        options: `NAME=VALUE` or `NAME` each; runner=... names the runner.

    Raises:
        UserError: if Beam is not installed, or does not know an option.
    """
    beam = _beam()
    from apache_beam.options.pipeline_options import PipelineOptions

    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            parsed = PipelineOptions(_flags(options))
            pipeline = beam.Pipeline(options=parsed)
            known = parsed.get_all_options()
            everything = parsed.get_all_options(retain_unknown_options=True)
    except SystemExit as error:  # of argparse
        raise UserError(f"--beam_options: {last_line(said.getvalue())}.") from error
    except (ValueError, ImportError, AttributeError, TypeError) as error:
        raise UserError(f"--beam_options: {error_line(error)}.") from error
    if unknown := sorted(everything.keys() - known.keys()):
        runner = type(pipeline.runner).__name__
        raise UserError(f"--beam_options: {runner} knows no option {', '.join(unknown)}.")
    return pipeline


def _beam() -> Any:
    """Apache Beam, imported without its warnings about missing extras."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        import apache_beam
    except ImportError as error:
        raise UserError(
            f"--runner=beam needs Apache Beam ({error}): pip install 'tfgenre[beam]'."
        ) from error
    finally:
        logging.disable(before)
    logging.getLogger("apache_beam").setLevel(logging.ERROR)
    return apache_beam


def _flags(options: Sequence[str]) -> list[str]:
    """Beam's command line: the options given, and those that follow from them."""
    values: dict[str, str] = {}
    for option in options:
        if (found := _OPTION.fullmatch(option)) is None:
            raise UserError(
                f"--beam_options are NAME=VALUE or NAME, with commas between, got {option!r}."
            )
        values[found[1]] = (found[2] or "")[1:]
    flags = [f"--{option}" for option in options if not option.startswith("runner=")]
    runner = values.get("runner", _DEFAULT_RUNNER)
    if runner in ("DaskRunner", _DASK):
        runner = _DASK
        if not values.keys() & _DASK_PLACES:
            raise UserError(
                "--beam_options=runner=DaskRunner needs dask_client_address=tcp://HOST:8786, or "
                "dask_scheduler_file=FILE."
            )
        if not values.keys() & _DASK_PARTITIONS:  # else one worker gets 128 units
            flags.append("--dask_partition_size=1")
    return [f"--runner={runner}", *flags]


def error_line(error: BaseException) -> str:
    """The last line of a nested error, which says what happened."""
    return last_line(str(error)) or type(error).__name__


def last_line(text: str) -> str:
    """The last line of a text that is not blank, without its full stop."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1].rstrip(".") if lines else ""
