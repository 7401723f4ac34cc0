"""How every program starts and ends: flags, help, a user's mistakes, Ctrl-C."""

import atexit
import errno
import gc
import io
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from absl import app, flags
from absl import logging as absl_logging

from tfgenre import storage
from tfgenre.errors import UserError
from tfgenre.flags.definitions import define
from tfgenre.flags.flag_files import expanded
from tfgenre.flags.groups import help_text

Main = Callable[[list[str]], int | None]


def launch(main: Main, *, doc: str, flag_names: Sequence[str], takes_paths: bool = False) -> None:
    """Parses the command line, runs a program and exits with its status.

    Status 0: done; 1: some of it failed; 2: the user's mistake, named in a sentence; 130: Ctrl-C.

    Args:
        main: gets the arguments that are no flags.
        doc: what --help says above the flags.
        flag_names: the flags that concern this program. (It knows all flags, so that one flag file
            serves every program.)
        takes_paths: whether arguments that are no flags are welcome.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # At the end, Python looks for garbage in all that was imported: a second with TensorFlow.
    atexit.register(gc.freeze)
    define(flags.FLAGS)
    # It warns of retracing that cannot be avoided.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    # Lines as they come, into a pipe too; and a name that is not UTF-8 must not end a program.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(line_buffering=True, errors="backslashreplace")
    app.run(
        lambda argv: sys.exit(_run(main, argv, takes_paths)),
        flags_parser=lambda argv: _parse(argv, doc, flag_names),
    )


def _parse(argv: list[str], doc: str, flag_names: Sequence[str]) -> list[str]:
    values = flags.FLAGS
    if {"--help", "-h"} & set(argv):
        try:
            print(f"{_as_started(doc.strip())}\n{help_text(values, flag_names)}")
        except BrokenPipeError:
            _discard_output()
        sys.exit(0)
    try:
        arguments = values(expanded(argv))
        if not values["verbosity"].present:
            absl_logging.set_verbosity(absl_logging.WARNING)  # libraries log all they do
        return arguments
    except UserError as error:
        _fail(str(error), error.status)
    except flags.Error as error:
        _fail(f"{error}. See --help.", 2)


def _as_started(doc: str) -> str:
    """The text with the program named as it was started: from tools/, or as installed."""
    path, name = os.path.split(sys.argv[0])
    is_tool = os.path.basename(path) == "tools"
    return doc.replace(f"tfgenre_{name} ", f"tools/{name} ") if is_tool else doc


def _run(main: Main, argv: list[str], takes_paths: bool) -> int:
    try:
        if len(argv) > 1 and not takes_paths:
            raise app.UsageError(f"Unexpected arguments: {' '.join(argv[1:])}. Flags begin with --")
        return main(argv[1:]) or 0
    except app.UsageError as error:
        _fail(str(error), 2)
    except UserError as error:
        _fail(str(error), error.status)
    except KeyboardInterrupt:
        _say("stopped; the same command finishes the job.")
        os._exit(130)  # Python's own end would destroy what threads of JAX are still using
    except BrokenPipeError:
        _discard_output()
        return 1
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        then = ". Make room there, and give the same command again." if is_full else ""
        _fail(f"{where}{error.strerror or error}{then}", 1)
    except Exception as error:
        if not storage.is_remote_trouble(error):
            raise
        _fail(f"{type(error).__name__}: {error}. Try the same command again.", 1)


def _discard_output() -> None:
    """Sends what is still to be printed nowhere, as its reader has closed it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _fail(sentence: str, status: int) -> NoReturn:
    _say(sentence)
    sys.exit(status)


def _say(sentence: str) -> None:
    print(f"{os.path.basename(sys.argv[0])}: {sentence}", file=sys.stderr)
