"""The plugin for beets, in a real library."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import songs
from tests.runs import tiny_run
from tfgenre.audio import tags


@pytest.fixture
def music(tmp_path) -> Path:
    for name in ("a.mp3", "b.flac"):
        songs.write(tmp_path / "new" / name, songs.noise(6.0, rate_hz=44100), rate_hz=44100)
    (tmp_path / "new" / "broken.ogg").write_text("<html>")
    return tmp_path / "new"


@pytest.fixture(scope="module")
def run_dir(records_dir, tmp_path_factory) -> Path:
    return tiny_run(tmp_path_factory.mktemp("run"), records_dir).path


class Beets:
    """beets with a library of its own."""

    def __init__(self, folder: Path, **settings: object) -> None:
        self._folder = folder
        lines = "".join(f"    {name}: {value}\n" for name, value in settings.items())
        (folder / "config.yaml").write_text(
            f"directory: {folder / 'library'}\nlibrary: {folder / 'library.db'}\n"
            f"import:\n    autotag: no\n    copy: yes\nplugins: tfgenre\ntfgenre:\n{lines}"
        )

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"BEETSDIR": str(self._folder), "NO_COLOR": "1"}
        done = subprocess.run(
            [sys.executable, "-m", "beets", *arguments],
            capture_output=True,
            text=True,
            env=environment,
        )
        assert "Traceback" not in done.stderr
        return done

    def fields(self, form: str, *query: str) -> list[str]:
        return self("ls", "-f", form, *query).stdout.splitlines()

    def genres(self) -> list[tuple[str, ...]]:
        """Those in the files' tags."""
        files = sorted((self._folder / "library").rglob("*.*"))
        return [tags.read(path).genres for path in files if path.suffix != ".ogg"]


def test_songs_are_predicted_by_a_command(music, run_dir, tmp_path):
    beets = Beets(tmp_path, run=run_dir)
    assert beets("import", "-q", str(music)).returncode == 0
    assert beets.genres() == [(), ()]
    shown = beets("tfgenre", "--pretend")
    assert shown.stdout.count("genres:") == 2
    assert beets.fields("$genres") == ["", ""]
    done = beets("tfgenre", "format:MP3")
    assert done.returncode == 0
    assert beets.genres().count(()) == 1
    beets("tfgenre")
    (genre,) = set(beets.genres())
    assert beets.fields("$genres") == list(genre) * 2
    assert all(0.5 <= float(value) <= 1 for value in beets.fields("$tfgenre_confidence"))
    assert "genres:" not in beets("tfgenre").stdout
    beets("modify", "-y", "genres=Polka")
    assert "Polka" in beets("tfgenre", "--force").stdout
    assert set(beets.genres()) == {genre}


def test_songs_are_predicted_on_import(music, run_dir, tmp_path):
    beets = Beets(tmp_path, run=run_dir, auto="yes", top=2, tag_probability=0)
    done = beets("import", "-q", str(music))
    assert done.returncode == 0
    assert all(len(genres.split("; ")) == 2 for genres in beets.fields("$genres"))
    assert beets.genres() == [(), ()]  # beets does not write what it imports as it is
    beets("write")
    assert [len(genres) for genres in beets.genres()] == [2, 2]


def test_unsure_songs_are_left_as_they_are(music, records_dir, tmp_path):
    run_dir = tiny_run(tmp_path / "run", records_dir, vote="mean").path
    beets = Beets(tmp_path, run=run_dir, min_confidence=1.0)
    beets("import", "-q", str(music))
    assert "unsure, perhaps " in beets("-v", "tfgenre").stderr
    assert beets.genres() == [(), ()]


def test_mistakes(music, tmp_path):
    beets = Beets(tmp_path, auto="yes")
    done = beets("import", "-q", str(music))
    assert done.returncode == 0
    assert "lacks the folder of a run" in done.stderr
    assert len(beets.fields("$path")) == 2
    done = beets("tfgenre", "--run=nowhere")
    assert done.returncode == 1
    assert "No trained network in nowhere" in done.stderr
