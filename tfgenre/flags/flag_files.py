"""Flag files on a command line: each is replaced by its flags, before the command line is parsed.

absl would do so too, but take a byte order mark, which some editors write, for part of a flag.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from tfgenre.errors import UserError

_NAMES = ("--flagfile", "-flagfile")


def expanded(arguments: Sequence[str]) -> list[str]:
    """A command line's arguments with flag files replaced by their flags, in place.

    Raises:
        UserError: if a flag file cannot be read, or names itself.
    """
    return list(_expanded(iter(arguments), ()))


def _expanded(arguments: Iterator[str], within: tuple[Path, ...]) -> Iterator[str]:
    for argument in arguments:
        name, separator, value = argument.partition("=")
        if name in _NAMES:
            yield from _flags_in(value if separator else next(arguments, ""), within)
            continue
        yield argument
        if argument == "--":  # what follows is no flag
            yield from arguments


def _flags_in(name: str, within: tuple[Path, ...]) -> Iterator[str]:
    if not name:
        raise UserError("--flagfile must name a file of flags, got ''.")
    path = Path(os.path.expanduser(name.strip()))
    if within and (beside := within[-1].parent / path).exists():
        path = beside
    if path in within:
        chain = " -> ".join(map(str, (*within, path)))
        raise UserError(f"--flagfile: a flag file must not name itself, got {chain}.")
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else f"it must be in UTF-8: {error}"
        raise UserError(f"--flagfile={path} cannot be read: {reason}.") from error
    flags = (line.strip() for line in lines if not line.startswith(("#", "//")))
    yield from _expanded((flag for flag in flags if flag), (*within, path))
