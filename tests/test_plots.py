"""Plots draw any name, with the system's fonts where Matplotlib's own has not its characters."""

import warnings

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib import font_manager
from matplotlib.figure import Figure
from PIL import Image

from tfgenre import plots
from tfgenre.records import contact_sheet

ROCK = "\u6447\u6eda"  # in Chinese
LATIN_1 = "Caf\udce9"  # bytes that are not UTF-8, as the file system gives them


@pytest.fixture
def no_fonts(monkeypatch):
    monkeypatch.setattr(font_manager, "findSystemFonts", list)
    monkeypatch.setattr(plots, "_FALLBACKS", [])
    monkeypatch.setattr(plots, "_LACKING", set())


@pytest.fixture
def chinese_font(no_fonts, monkeypatch, tmp_path) -> str:
    """An installed font that has two characters, which it draws as full squares."""
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    for corner in ((0, 1000), (1000, 1000), (1000, 0)):
        pen.lineTo(corner)
    pen.closePath()
    names = [".notdef", "square"]
    font = FontBuilder(1000, isTTF=True)
    font.setupGlyphOrder(names)
    font.setupCharacterMap({ord(char): "square" for char in ROCK})
    font.setupGlyf({".notdef": TTGlyphPen(None).glyph(), "square": pen.glyph()})
    font.setupHorizontalMetrics(dict.fromkeys(names, (1000, 0)))
    font.setupHorizontalHeader(ascent=1000, descent=0)
    font.setupNameTable({"familyName": "Squares of the test", "styleName": "Regular"})
    font.setupOS2()
    font.setupPost()
    path = tmp_path / "Squares-Regular.ttf"
    font.save(path)
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: [str(path)])
    return str(path)


def titled(name: str) -> Figure:
    figure = Figure()
    axes = figure.subplots()
    axes.set_title(plots.drawable(name))
    axes.set_yticks([0, 1], [plots.drawable(name), "b"])
    return figure


@pytest.mark.parametrize("name", [LATIN_1, "a\nb\t\x1b[0m", "$x$_$", "", "Métal", ROCK])
def test_any_name_is_drawn_without_warnings(no_fonts, tmp_path, name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plots.save(titled(name), tmp_path / "a.png", format="png")
        assert plots.as_svg(titled(name)).startswith("<svg")


def test_a_systems_font_is_used(chinese_font, tmp_path, capsys):
    assert plots.fonts_for("Jazz") == []
    figure = titled(f"{ROCK} Rock")
    plots.save(figure, tmp_path / "a.png", format="png")
    axes = figure.axes[0]
    for text in (axes.title, axes.get_yticklabels()[0]):
        assert text.get_fontfamily() == ["sans-serif", "Squares of the test"]
    assert plots.fonts_for(ROCK) == [chinese_font]
    assert capsys.readouterr().err == ""


def test_what_no_font_has_is_said_once(no_fonts, capsys):
    assert plots.fonts_for(f"Rock {ROCK}") == plots.fonts_for(f"{ROCK[0]}\u97f3") == []
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"note: pictures show boxes for {ROCK}: no installed font has these")


def test_any_name_is_on_a_contact_sheet(chinese_font):
    names = ["Rock", ROCK, LATIN_1, "a\nb", "Métal"]
    sheet = contact_sheet.draw([[bytes(128 * 128)]] * 5, names, title="")
    blank = contact_sheet.draw([[bytes(128 * 128)]] * 5, [""] * 5, title="")
    for row in range(5):
        box = (0, 28 + 132 * row, 150, 28 + 132 * (row + 1))
        assert sheet.crop(box).tobytes() != blank.crop(box).tobytes(), names[row]
    assert isinstance(sheet, Image.Image)
