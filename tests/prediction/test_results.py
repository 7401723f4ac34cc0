"""Files of results grow, survive being killed at any byte, and know their songs."""

import itertools
import random
from pathlib import Path

import pytest

from tests.prediction.rows import GENRES, failed_row, row_of
from tfgenre.errors import UserError
from tfgenre.prediction.config import VoteConfig
from tfgenre.prediction.results import Results
from tfgenre.prediction.rows import Row, State

SUFFIXES = (".csv", ".jsonl")
ROWS = (
    row_of("music/a.mp3", own_genres=("Rock", "Hard Rock")),
    row_of('odd/"b", c;\nd\r\ne\udcff.mp3', genre="unsure", confidence=0.4),
    failed_row("broken.mp3", "decode_error", "no sound (at all)"),
    row_of("ü.ogg", best_guess="Jazz, Blues", tag="Rock was written"),
    row_of("r.flac", tag_error="it is read-only"),
)


@pytest.fixture(params=SUFFIXES)
def path(request, tmp_path) -> Path:
    return tmp_path / "new" / f"results{request.param}"


def opened(
    path: Path,
    *,
    run: str = "run",
    min_confidence: float = 0.5,
    top: int = 1,
    genres: tuple[str, ...] = GENRES,
) -> Results:
    config = VoteConfig(vote="hard", min_confidence=min_confidence, top=top)
    return Results(path, genres=genres, config=config, run=run)


def written(path: Path, rows: tuple[Row, ...] = ROWS) -> bytes:
    with opened(path) as results:
        for row in rows:
            results.add(row)
    return path.read_bytes()


def test_rows_are_read_as_they_were_written(path):
    content = written(path)
    with opened(path) as results:
        assert [simple(row) for row in results.rows()] == [simple(row) for row in ROWS]
        for row in ROWS:
            song = row.prediction.path
            assert results.knows(song, row.state)
            assert simple(results.find(song, row.state)) == simple(row)
            assert not results.knows(song, State(row.state.size_bytes + 1, row.state.modified_ns))
            assert not results.knows(song, State(row.state.size_bytes, 7))
        assert not results.knows("other.mp3", ROWS[0].state)
        results.tidy()
    assert path.read_bytes() == content
    with opened(path, run="another") as results:
        assert not results.knows(ROWS[0].prediction.path, ROWS[0].state)


def simple(row: Row) -> tuple[object, ...]:
    """What both formats hold; a table has no votes but the best guess'."""
    found = row.prediction
    votes = (found.votes or {}).get(found.best_guess or "")
    number = None if found.confidence is None else round(found.confidence, 4)
    others = (found.genre, found.best_guess, found.reason, found.top, found.tag, found.tag_error)
    return (found.path, votes, number, *others, found.detail, row.own_genres, row.state, row.run)


def test_a_file_that_was_cut_at_any_byte_goes_on(path):
    whole = written(path)
    ends = random.Random(0).sample(range(len(whole)), 60)
    for end in [0, 1, len(whole) - 1, *ends]:
        path.write_bytes(whole[:end])
        with opened(path) as results:
            kept = sum(1 for _ in results.rows())
            for row in ROWS[kept:]:
                results.add(row)
        assert path.read_bytes() == whole, end


def test_zeros_after_a_power_cut_are_cut_off(path):
    whole = written(path)
    path.write_bytes(whole + ROWS[0].prediction.path.encode() + bytes(4096))
    with opened(path):
        pass
    assert path.read_bytes() == whole


def test_the_latest_row_of_a_song_counts(path):
    first, *others = (row_of(f"{name}.mp3") for name in "abc")
    changed = row_of("a.mp3", state=State(9, 9))
    written(path, (first, *others, changed))
    with opened(path) as results:
        assert not results.knows("a.mp3", first.state)
        assert results.knows("a.mp3", changed.state)
        results.add(again := row_of("b.mp3", state=State(8, 8)))
        assert [row.state for row in results.rows()] == [others[1].state, changed.state, (8, 8)]
        results.tidy(keep=lambda row: row.prediction.path != "c.mp3")
        assert [row.prediction.path for row in results.rows()] == ["a.mp3", "b.mp3"]
    assert path.read_bytes() == written(path.with_name(f"other{path.suffix}"), (changed, again))


def test_another_lowest_confidence_applies_to_all_rows(path):
    written(path, (row_of("a.mp3", confidence=0.7), row_of("b.mp3", confidence=0.9)))
    for lowest, expected in ((0.8, ["unsure", "Rock"]), (0.0, ["Rock", "Rock"])):
        with opened(path, min_confidence=lowest) as results:
            assert [row.prediction.genre for row in results.rows()] == expected
            results.tidy()
        assert path.read_text().count("unsure") == expected.count("unsure")


def test_another_number_of_genres_applies_to_all_rows(path):
    written(path, (row_of("a.mp3", best_guess="Folk"), failed_row("b.mp3", "silent", "")))
    for top, expected in ((2, ["Folk", "Rock"]), (5, ["Folk", "Rock", "Jazz, Blues"]), (1, None)):
        for _ in range(2):
            with opened(path, top=top) as results:
                assert [row.prediction.top for row in results.rows()] == [expected, None]
                results.tidy()


def test_songs_that_may_be_well_the_next_time_are_not_known(path):
    gone = [failed_row(f"{reason}.mp3", reason, "") for reason in ("timeout", "missing", "crashed")]
    written(path, tuple(gone))
    with opened(path) as results:
        assert not any(results.knows(row.prediction.path, row.state) for row in gone)


@pytest.mark.parametrize(
    "content", [b"path,genre\na.mp3,Rock\n", b"{}\n", b'{"a": 1}', b"ID3\x04", b"\n"]
)
def test_other_files_are_refused_and_left_as_they_are(path, content):
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(UserError, match="is not a file of results"):
        opened(path)
    assert path.read_bytes() == content


def test_a_damaged_row_is_named(path):
    whole = written(path)
    middle = len(whole) // 2
    path.write_bytes(whole[:middle] + b"\n" + whole[middle:])
    with pytest.raises(UserError, match=r"is damaged after byte \d+ .* remove the row there"):
        opened(path)
    assert len(path.read_bytes()) == len(whole) + 1


def test_results_of_other_genres_are_refused(path):
    written(path)
    with pytest.raises(UserError, match=r"name another file"):
        opened(path, genres=("Folk", "Rock"))


def test_two_programs_do_not_write_one_file(path):
    with opened(path), pytest.raises(UserError, match="is in use by another program"):
        opened(path)


def test_a_link_to_a_file_of_results_remains_a_link(path, tmp_path):
    written(path)
    link = tmp_path / f"link{path.suffix}"
    link.symlink_to(path)
    with opened(link) as results:
        results.tidy(keep=lambda row: False)
    assert link.is_symlink()
    with opened(path) as results:
        assert list(results.rows()) == []


def test_many_rows(path):
    rows = tuple(row_of(f"{number}.mp3") for number in range(3000))
    written(path, rows)
    with opened(path) as results:
        assert all(results.knows(row.prediction.path, row.state) for row in rows)
        for row in itertools.islice(rows, 0, None, 2):
            results.add(row)
        assert sum(1 for _ in results.rows()) == len(rows)
