"""Names of songs and genres as text: file systems allow any bytes in them but "/" and 0."""

import csv
import io
import unicodedata
from collections.abc import Iterable

_CONTROLS = {"Cc", "Zl", "Zp"}  # control characters, line and paragraph separators


def utf8(text: str) -> str:
    r"""Text in which bytes that are not UTF-8 are escaped, as `\xe9`."""
    return text.encode(errors="surrogateescape").decode(errors="backslashreplace")


def one_line(text: str) -> str:
    r"""Text in which line ends and other control characters are escaped, too, as `\n`."""
    return "".join(
        char.encode("unicode_escape").decode() if unicodedata.category(char) in _CONTROLS else char
        for char in utf8(text)
    )


def markdown_cell(text: str) -> str:
    """Text as a cell of a Markdown table."""
    return one_line(text).replace("|", r"\|")


def csv_line(values: Iterable[object]) -> str:
    """A row of a CSV file, without its line end; bytes that are not UTF-8 are kept as they are."""
    buffer = io.StringIO()
    # Before Python 3.13, a writer quotes only the line ends that it writes itself.
    csv.writer(buffer, lineterminator="\r\n").writerow(values)
    return buffer.getvalue().removesuffix("\r\n")
