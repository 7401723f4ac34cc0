"""What a file of results holds, counted."""

from tests.prediction.rows import GENRES, failed_row, row_of
from tfgenre.prediction import overview


def test_an_overview():
    rows = [
        *(row_of(f"{number}.mp3", own_genres=("rock",)) for number in range(300)),
        row_of("<b>.mp3", confidence=0.9, own_genres=("FOLK", "World")),
        row_of("c.mp3", best_guess="Folk", genre="unsure", confidence=0.1),
        row_of("d.mp3", best_guess="Folk", confidence=1.0, own_genres=("Polka",)),
        failed_row("e.mp3", "silent", "nothing above -120 dB"),
    ]
    found = overview.of(iter(rows), genres=GENRES)
    assert (found.num_songs, found.num_unusable) == (304, 1)
    assert found.genres == {"Rock": 301, "unsure": 1, "Folk": 1}
    assert found.histogram == (0, 1, 0, 0, 0, 0, 0, 300, 0, 2)
    assert (found.num_compared, found.num_disagreeing) == (301, 1)
    assert [row.prediction.path for row in found.disagreeing] == ["<b>.mp3"]
    assert [row.prediction.path for row in found.least_certain[:2]] == ["c.mp3", "0.mp3"]
    assert len(found.least_certain) == 200
    assert found.own_genres["rock"] == {"Rock": 300}
    assert found.reasons == {"silent": 1}
    text = "\n".join(found.lines())
    assert "304 songs, of which 1 cannot be used" in text
    assert "1 of the 301 songs whose tag names one of these genres" in text


def test_a_page(tmp_path):
    rows = [row_of("<b>.mp3", own_genres=("Folk",)), failed_row("e.mp3", "silent", "<i>")]
    page = tmp_path / "a.html"
    overview.write_page(overview.of(rows, genres=GENRES), tmp_path / "a.csv")
    text = page.read_text()
    assert "&lt;b&gt;.mp3" in text
    assert "&lt;i&gt;" in text
    assert "Another genre in the tag" in text


def test_a_page_of_no_songs(tmp_path):
    overview.write_page(overview.of([], genres=GENRES), tmp_path / "a.csv")
    assert (tmp_path / "a.html").exists()
    assert "0 songs, of which 0" in "\n".join(overview.of([], genres=GENRES).lines())
