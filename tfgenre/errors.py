"""The errors tfgenre expects: a user's mistake, and a song that cannot be used or tagged."""

import os
import sys


def program(name: str) -> str:
    """What the user types to run one of the programs that a checkout has in tools/.

    In a checkout they run tools/NAME; where tfgenre is installed they have tfgenre_NAME.
    """
    folder = os.path.dirname(os.path.abspath(sys.argv[0]))
    return f"tools/{name}" if os.path.basename(folder) == "tools" else f"tfgenre_{name}"


class UserError(Exception):
    """A mistake the user can correct.

    Its text is one sentence or two: what was wrong, with the value, and what to do. The programs
    print it without a traceback and exit with its status.
    """

    status = 2


class Failure(UserError):
    """Work that failed though the command was right; it can be given again."""

    status = 1


class SkipTrack(Exception):
    """A song that yields no slices; it is counted and named, and the work goes on.

    Attributes:
        reason: one of `SKIP_REASONS`.
        detail: what was seen, for a person.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail

    def __reduce__(self) -> tuple[type, tuple[str, str]]:
        return SkipTrack, (self.reason, self.detail)


class CannotTag(Exception):
    """A song whose tags are left as they are; the text says why, for a person."""


SKIP_REASONS = {
    "missing": "the catalogue lists a file that does not exist",
    "unreadable": "it, or the archive that holds it, cannot be read",
    "duplicate": "the same song as another one",
    "outside": "its path leads out of the collection",
    "no_genre": "no genre, or one that is not in the collection's genre table",
    "empty": "the file has no bytes, or no samples",
    "not_audio": "no decoder recognises the file",
    "decode_error": "the decoder failed",
    "truncated": "less than half of the declared length could be decoded",
    "silent": "nothing above the spectrogram's floor of -120 dB",
    "too_short": "shorter than one slice",
    "timeout": "rendering took longer than the limit",
    "crashed": "the decoder crashed its process",
}
