"""The demo collection: its songs, their sound in numbers, and when they are written again."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile
from mutagen.mp3 import EasyMP3
from numpy.typing import NDArray

from tfgenre.datasets import demo
from tfgenre.datasets.demo_styles import GENRES


@pytest.fixture
def three_short_songs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three songs of one second of noise each, for tests about files."""

    def render(song: demo.Song, seed: int) -> NDArray[np.float32]:
        rng = np.random.default_rng([seed, song.genre, song.number])
        return rng.uniform(-0.5, 0.5, (44100, 2)).astype(np.float32)

    monkeypatch.setattr(demo, "SONGS", tuple(demo.Song(genre, 0) for genre in range(3)))
    monkeypatch.setattr(demo, "render", render)


def contents(data_dir: Path) -> dict[Path, tuple[bytes, int]]:
    """Each file's bytes and modification time."""
    files = (path for path in data_dir.rglob("*") if path.is_file())
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def test_sixty_songs_by_seven_artists_per_genre() -> None:
    assert GENRES == ("Electronic", "Folk", "Hip-Hop", "Instrumental", "Pop", "Rock")
    assert Counter(GENRES[song.genre] for song in demo.SONGS) == dict.fromkeys(GENRES, 10)
    artists = Counter((song.genre, song.artist) for song in demo.SONGS)
    for genre in range(6):
        songs = sorted(count for (of, _), count in artists.items() if of == genre)
        assert songs == [1, 1, 1, 1, 2, 2, 2]


def test_names_are_distinct_and_valid_in_paths() -> None:
    artists, titles = {song.artist for song in demo.SONGS}, {song.title for song in demo.SONGS}
    assert len(artists) == 42
    assert len(titles) == 60
    assert all(name.replace(" ", "").isalpha() for name in artists | titles)


@pytest.mark.parametrize("genre", range(6), ids=GENRES)
def test_sound_of_each_genre(genre: int) -> None:
    audio = demo.render(demo.Song(genre, 3), seed=0)
    assert audio.dtype == np.float32
    assert audio.shape[1] == 2
    assert 20 <= len(audio) / 44100 <= 40
    assert 0.5 <= np.abs(audio).max() <= 0.9
    assert np.abs(audio).mean() > 0.01


def test_the_seed_determines_the_sound() -> None:
    song = demo.Song(0, 4)
    audio = demo.render(song, seed=5)
    assert np.array_equal(audio, demo.render(song, seed=5))
    assert not np.array_equal(audio, demo.render(song, seed=6))


def test_files_are_tagged_mp3s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "SONGS", (demo.Song(1, 3),))
    demo.synthesize(tmp_path / "new", seed=2)
    (path,) = (tmp_path / "new").rglob("*.mp3")
    tagged = EasyMP3(path)
    genre, artist, title = path.relative_to(tmp_path / "new").with_suffix("").parts
    assert tagged["genre"] == [genre] == ["Folk"]
    assert tagged["artist"] == [artist]
    assert tagged["title"] == [title]
    assert (tagged.info.sample_rate, tagged.info.channels) == (44100, 2)
    assert 20 <= tagged.info.length <= 40
    audio, _ = soundfile.read(path)
    assert 0.45 <= np.abs(audio).max() <= 0.95


@pytest.mark.usefixtures("three_short_songs")
def test_a_second_call_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    demo.synthesize(str(tmp_path))
    before = contents(tmp_path)
    assert len(before) == 4
    demo.synthesize(tmp_path)
    assert contents(tmp_path) == before
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("three_short_songs")
def test_an_interrupted_run_is_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    demo.synthesize(whole)
    render = demo.render

    def interrupted(song: demo.Song, seed: int) -> NDArray[np.float32]:
        if song == demo.SONGS[-1]:
            raise KeyboardInterrupt
        return render(song, seed)

    with monkeypatch.context() as patch:
        patch.setattr(demo, "render", interrupted)
        with pytest.raises(KeyboardInterrupt):
            demo.synthesize(broken)
    before = contents(broken)
    assert len(before) == 3
    demo.synthesize(broken)
    after = contents(broken)
    assert before.items() <= after.items()
    assert {path.relative_to(broken): sound for path, (sound, _) in after.items()} == {
        path.relative_to(whole): sound for path, (sound, _) in contents(whole).items()
    }


@pytest.mark.usefixtures("three_short_songs")
@pytest.mark.parametrize("change", ["seed", "version"])
def test_another_seed_or_version_replaces_only_the_collections_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    demo.synthesize(tmp_path, seed=0)
    stranger = demo.SONGS[0].path(tmp_path).with_name("Not Ours.mp3")
    stranger.write_bytes(b"keep me")
    before = contents(tmp_path)
    if change == "version":
        monkeypatch.setattr(demo, "VERSION", demo.VERSION + 1)
    demo.synthesize(tmp_path, seed=1 if change == "seed" else 0)
    after = contents(tmp_path)
    assert after.keys() == before.keys()
    assert [path for path in after if after[path] == before[path]] == [stranger]
