"""What all plots share: how names are drawn, and how figures are saved."""

import functools
import io
import itertools
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from tfgenre.text import one_line


def drawable(name: str) -> str:
    """A name as plots can draw it: on one line, and $ is no mathematics."""
    return one_line(name).replace("$", r"\$")


def save(figure: Figure, file: Any, **options: Any) -> None:
    """Saves a figure; what Matplotlib's own font lacks is drawn with the system's fonts.

    Args:
        figure: the figure.
        file: a path or an open file.
        **options: of Matplotlib's `savefig`.
    """
    for axes in figure.axes:
        axes.get_yticklabels()  # Matplotlib makes them only now
    texts = [artist for artist in figure.findobj(Text) if isinstance(artist, Text)]
    if paths := fonts_for("".join(text.get_text() for text in texts)):
        families = [font_manager.get_font(path).family_name for path in paths]
        for text in texts:
            text.set_fontfamily([*text.get_fontfamily(), *families])
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")  # `fonts_for` says it
        figure.savefig(file, **options)


def fonts_for(text: str) -> list[str]:
    """The files of the installed fonts for the characters that Matplotlib's own font lacks.

    Once, a line on stderr says that some are in none.
    """
    missing = {ord(char) for char in text if not char.isspace()} - _characters(_own_font())
    missing -= _LACKING
    found: list[str] = []
    for path in itertools.chain(tuple(_FALLBACKS), _installed()) if missing else ():
        if missing & _characters(path):
            missing -= _characters(path)
            found.append(path)
        if not missing:
            break
    for path in [path for path in found if path not in _FALLBACKS]:
        font_manager.fontManager.addfont(path)
        _FALLBACKS.append(path)
    _note_lacking(missing)
    return found


def _note_lacking(missing: set[int]) -> None:
    if missing and not _LACKING:
        examples = "".join(map(chr, sorted(missing)[:5]))
        print(
            f"note: pictures show boxes for {examples}: no installed font has these characters; "
            "install one that does, such as Noto Sans CJK",
            file=sys.stderr,
        )
    _LACKING.update(missing)


def font_file(text: str) -> str:
    """The file of one font for a text."""
    return [*fonts_for(text), _own_font()][0]


_FALLBACKS: list[str] = []  # the files of fonts that were needed
_LACKING: set[int] = set()  # characters that no installed font has


def _own_font() -> str:
    return str(font_manager.findfont(font_manager.FontProperties()))


def _installed() -> Iterator[str]:
    """The installed fonts' files, regular sans-serif ones first."""

    def unlike_ours(path: str) -> tuple[bool, bool, str]:
        name = Path(path).stem.lower()
        return "sans" not in name, "regular" not in name, path

    yield from sorted(font_manager.findSystemFonts(), key=unlike_ours)


@functools.lru_cache(64)
def _characters(path: str) -> frozenset[int]:
    """The characters of a font that Matplotlib can draw with."""
    try:
        font = font_manager.get_font(path)
    except (OSError, RuntimeError):
        return frozenset()
    return frozenset(font.get_charmap()) if font.scalable else frozenset()


def as_svg(figure: Figure) -> str:
    """A figure as an SVG element."""
    buffer = io.StringIO()
    save(figure, buffer, format="svg", transparent=True, metadata={"Date": None})
    return buffer.getvalue()[buffer.getvalue().index("<svg") :]


def plain(axes: Axes) -> None:
    """Removes the frame's top and right sides, and adds a light grid."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25)
