"""Names as text, whatever bytes they have."""

import csv
import io

import pytest

from tfgenre import pages
from tfgenre.text import csv_line, markdown_cell, one_line, utf8

NAMES = [
    "a.mp3",
    "a\nb",
    "a\rb",
    "a\r\nb",
    "\n",
    "a\tb",
    'a"b',
    "a,b",
    "",
    "\x1b[1m\x85\u2028",
    "Ö",
]


@pytest.mark.parametrize("name", [*NAMES, "Caf\udce9"])
def test_rows_are_read_back(name):
    rows = [["path", "genre"], [name, "Jazz"], ["b", name]]
    text = "".join(f"{csv_line(row)}\n" for row in rows)
    assert list(csv.reader(io.StringIO(text, newline=""))) == rows


@pytest.mark.parametrize("name", NAMES)
def test_one_line(name):
    line = one_line(name)
    assert line.splitlines() in ([line], [])
    assert utf8(name) == name


def test_bytes_and_control_characters_are_escaped():
    assert utf8("Caf\udce9\n") == "Caf\\xe9\n"
    assert one_line("Caf\udce9\n\x1b[1m") == r"Caf\xe9\n\x1b[1m"
    assert markdown_cell("a|b\n") == r"a\|b\n"


def test_pages_are_utf8():
    page = pages.render("base.html")
    assert page.encode().decode() == page
