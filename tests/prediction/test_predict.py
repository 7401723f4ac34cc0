"""Songs predicted as a stream, decided, drawn and printed; and the program around it."""

import csv
import json
import shutil
import threading
import time
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from PIL import Image

from tests import songs
from tests.commands import run
from tfgenre.audio import tags
from tfgenre.config import RenderConfig
from tfgenre.errors import SkipTrack, UserError
from tfgenre.prediction import vote_plot
from tfgenre.prediction.batching import batched
from tfgenre.prediction.config import TagConfig, VoteConfig
from tfgenre.prediction.predict import predict_slices
from tfgenre.prediction.result import Prediction, lines
from tfgenre.prediction.votes import SongProbabilities, decide
from tfgenre.records import manifest
from tfgenre.spectrogram.render import Slices, render
from tfgenre.spectrogram.workers import RenderWorker
from tfgenre.training.run_dir import RunDir

GENRES = ("Noise", "Tones")


class Network:
    """Tells slices apart by their brightness; remembers the sizes of its batches."""

    def __init__(self, *, step_s: float = 0.0) -> None:
        self.sizes: list[int] = []
        self._step_s = step_s

    def predict_on_batch(self, images: np.ndarray) -> np.ndarray:
        assert images.shape[1:] == (128, 128, 1)
        assert images.dtype == np.uint8
        time.sleep(self._step_s)
        self.sizes.append(len(images))
        first = images.mean(axis=(1, 2, 3)) / 255
        return np.stack([first, 1 - first], axis=1).astype(np.float32)


class Broken:
    def predict_on_batch(self, images):
        raise MemoryError("no room")


def images(count: int, value: int = 255) -> np.ndarray:
    return np.full((count, 128, 128), value, np.uint8)


def probabilities_of(*firsts: float) -> SongProbabilities:
    first = np.array(firsts, np.float32)
    pictures = np.arange(len(first) * 128 * 32).reshape(-1, 128, 32).astype(np.uint8)
    return SongProbabilities(np.stack([first, 1 - first], axis=1), np.arange(len(first)), pictures)


def predicted(*firsts: float, **options: Any) -> Prediction:
    return decide("a.mp3", probabilities_of(*firsts), genres=GENRES, config=VoteConfig(**options))


def test_slices_of_several_songs_share_batches():
    network = Network(step_s=0.3)
    found: list[Future[np.ndarray]] = []
    with batched(network, batch_size=10) as submit:
        for number in range(8):
            found.append(submit(images(4, number)))
        found.append(submit(images(23, 255)))
        assert found[8].result().shape == (23, 2)
    assert network.sizes[0] in (4, 8)
    assert max(network.sizes) <= 10
    assert sum(network.sizes) == 8 * 4 + 23
    assert len(network.sizes) <= 9
    for number, future in enumerate(found[:8]):
        np.testing.assert_allclose(future.result()[:, 0], np.full(4, number / 255))


def test_what_nobody_waits_for_is_not_computed():
    network = Network(step_s=0.3)
    with batched(network, batch_size=1) as submit:
        found = [submit(images(1)) for _ in range(9)]
        found[0].result()
    assert found[-1].cancelled()
    assert len(network.sizes) <= 2


def test_a_network_that_fails_is_heard_of(tmp_path):
    song = str(songs.write(tmp_path / "a.wav", songs.noise(6.0)))
    found = predict_slices(Broken(), [song] * 3, config=RenderConfig(), batch_size=4, num_workers=1)
    with pytest.raises(MemoryError, match="no room"):
        list(found)


def test_songs_come_in_order_as_if_predicted_one_by_one(collection, tmp_path):
    (tmp_path / "broken.mp3").write_text("<html>")
    long = songs.write(tmp_path / "long.wav", songs.noise(200.0))
    paths = sorted(map(str, collection.rglob("*.wav")))
    paths[5:5] = [str(tmp_path / "broken.mp3"), str(long)]
    network = Network()
    found = predict_slices(
        network, paths, config=RenderConfig(), batch_size=16, num_workers=2, keep_pictures=True
    )
    for path, song in zip(paths, found, strict=True):
        if "broken" in path:
            assert isinstance(song, SkipTrack)
            continue
        assert isinstance(song, SongProbabilities)
        alone = render(path, RenderConfig())
        expected = Network().predict_on_batch(alone.images[..., np.newaxis])
        np.testing.assert_allclose(song.probabilities, expected, rtol=1e-6)
        np.testing.assert_array_equal(song.indices, alone.indices)
        assert song.pictures is not None
        assert song.pictures.shape == (len(expected), 128, 32)
    assert max(network.sizes) <= 16


def test_leaving_early_ends_threads(collection):
    before = threading.active_count()
    paths = sorted(map(str, collection.rglob("*.wav"))) * 20
    found = predict_slices(
        Network(step_s=0.05), paths, config=RenderConfig(), batch_size=4, num_workers=2
    )
    assert isinstance(next(found), SongProbabilities)
    found.close()
    assert threading.active_count() == before


def test_pieces_of_a_song_come_while_it_is_rendered(tmp_path):
    path = str(songs.write(tmp_path / "long.wav", songs.noise(400.0)))
    worker, sizes = RenderWorker(RenderConfig()), []
    assert worker.map_pieces(path, lambda piece: sizes.append(len(piece.images))) == [None] * 3
    assert sizes == [64, 64, 28]
    whole = worker(path)
    assert isinstance(whole, Slices)
    assert len(whole.images) == 156
    worker.close()


def test_how_slices_decide():
    torn = (0.55, 0.55, 0.1)
    assert predicted(*torn).genre == "Noise"
    assert predicted(*torn).confidence == pytest.approx(2 / 3)
    by_mean = predicted(*torn, vote="mean")
    assert by_mean.genre == "Tones"
    assert by_mean.confidence == pytest.approx(0.6)
    assert predicted(*torn, min_confidence=0.66).genre == "Noise"
    unsure = predicted(*torn, min_confidence=0.67)
    assert (unsure.genre, unsure.best_guess, unsure.failed) == ("unsure", "Noise", False)
    assert predicted(*torn, vote="mean", min_confidence=0.61).genre == "unsure"
    assert predicted(0.9, 0.2, vote="hard").genre == "Noise"  # among equals the mean decides


def test_what_is_printed():
    skipped = Prediction("b,c.mp3", reason="not_audio", detail="no sound")
    unsure = predicted(0.75, 0.75, 0.25, min_confidence=0.9)
    both = [unsure, skipped]
    table = list(lines(both, output_format="table", genres=GENRES))
    assert table[0].startswith(
        "a.mp3: unsure (perhaps Noise)  67% of 3 slices, mean probability 0.5"
    )
    header, first, second = csv.reader(lines(both, output_format="csv", genres=GENRES))
    row = dict(zip(header, first, strict=True))
    assert (row["path"], row["genre"], row["best_guess"]) == ("a.mp3", "unsure", "Noise")
    assert (row["share"], row["slices"], row["Noise"]) == ("0.6667", "3", "0.5833")
    assert dict(zip(header, second, strict=True))["reason"] == "not_audio (no sound)"
    found = json.loads("\n".join(lines(both, output_format="json", genres=GENRES)))
    assert found[0]["best_guess"] == "Noise"
    assert found[1] == {"path": "b,c.mp3", "reason": "not_audio", "detail": "no sound"}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"dry_run": True}, "give one of them"),
        ({"overwrite_tags": True}, "give --write_tags as well"),
        ({"tags_log": "a"}, "give --write_tags as well"),
        ({"write_tags": True, "undo_tags": "a"}, "contradict"),
        ({"write_tags": True, "dry_run": True, "tags_log": "a"}, "writes nothing"),
    ],
)
def test_contradictions(options, sentence):
    with pytest.raises(UserError, match=sentence):
        TagConfig(**options)


def test_a_vote_that_cannot_be():
    with pytest.raises(UserError, match=r"between 0 and 1, got 1\.5"):
        VoteConfig(min_confidence=1.5)


@pytest.mark.parametrize("indices", [[0, 1, 2], [3, 9, 5000]])
def test_a_song_is_drawn(tmp_path, indices):
    song = probabilities_of(0.7, 0.4, 0.9)
    song = SongProbabilities(song.probabilities, np.array(indices), song.pictures)
    path = tmp_path / "new" / "a.mp3.png"
    prediction = decide("x/$a_$^{.mp3", song, genres=("_$N", "$T$x_$"), config=VoteConfig())
    figure = vote_plot.draw(song, genres=("_$N", "$T$x_$"), pixels_per_second=50)
    vote_plot.write(figure, prediction, path)
    with Image.open(path) as picture:
        assert picture.size == (1100, 550)
    assert [file.name for file in path.parent.iterdir()] == ["a.mp3.png"]


@pytest.fixture(scope="module")
def run_dir(records_dir, tmp_path_factory) -> str:
    """A run whose network is too small to know anything."""
    folder = RunDir(tmp_path_factory.mktemp("run"))
    manifest.write(manifest.read(records_dir), folder.path)
    image = keras.Input((128, 128, 1), dtype="uint8")
    pooled = keras.layers.GlobalAveragePooling2D()(keras.layers.Rescaling(1 / 255)(image))
    model = keras.Model(image, keras.layers.Dense(2, activation="softmax")(pooled))
    model.save(folder.best_model)
    return f"--run_dir={folder.path}"


@pytest.fixture
def music(tmp_path) -> Path:
    folder = tmp_path / "music"
    songs.write(folder / "x" / "a.mp3", songs.noise(6.0, rate_hz=44100), rate_hz=44100)
    songs.write(folder / "x" / "b.flac", songs.noise(6.0))
    songs.write(folder / "c.wav", songs.noise(6.0))
    (folder / "broken.ogg").write_text("<html>")
    return folder


def test_tags_are_written_and_undone(run_dir, music, tmp_path):
    files = {path: path.read_bytes() for path in music.rglob("*.*")}
    log = tmp_path / "new" / "log.jsonl"
    dry = run("tfgenre_predict", run_dir, "--write_tags", "--dry_run", "--json", str(music))
    assert dry.returncode == 1
    told = {Path(song["path"]).name: song for song in json.loads(dry.stdout)}
    assert told["a.mp3"]["tag"].endswith("would be written to its tag")
    assert "files only" in told["c.wav"]["tag_error"]
    assert {path: path.read_bytes() for path in files} == files
    done = run(
        "tfgenre_predict", run_dir, "--write_tags", f"--tags_log={log}", "--output_format=csv",
        f"--plot={tmp_path / 'plots'}", str(music),
    )  # fmt: skip
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert "2 of 4 songs could not be used or tagged" in done.stderr
    assert f"--undo_tags={log}" in done.stderr
    rows = {Path(row["path"]).name: row for row in csv.DictReader(done.stdout.splitlines())}
    for path in (music / "x" / "a.mp3", music / "x" / "b.flac"):
        assert tags.read(path).genres == (rows[path.name]["genre"],)
    plots = sorted(path.relative_to(tmp_path / "plots") for path in tmp_path.rglob("*.png"))
    assert plots == [Path("c.wav.png"), Path("x/a.mp3.png"), Path("x/b.flac.png")]
    undone = run("tfgenre_predict", f"--undo_tags={log}")
    assert (undone.returncode, undone.stderr) == (0, "")
    assert undone.stdout.count("no genre is given back") == 2
    assert (music / "x" / "a.mp3").read_bytes() == files[music / "x" / "a.mp3"]
    assert tags.read(music / "x" / "b.flac").genres == ()


def test_unsure_songs_and_songs_in_archives_are_not_tagged(run_dir, music, tmp_path):
    archive = Path(shutil.make_archive(str(tmp_path / "songs"), "zip", music / "x"))
    song = str(music / "x" / "a.mp3")
    more = ("--write_tags", "--min_confidence=1", "--vote=mean", song)
    done = run("tfgenre_predict", run_dir, *more, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "a.mp3: unsure (perhaps " in done.stdout
    assert done.stdout.endswith("; not tagged\n")
    done = run("tfgenre_predict", run_dir, "--write_tags", str(archive / "a.mp3"), cwd=tmp_path)
    assert done.returncode == 1
    assert "cannot be tagged: it is in an archive" in done.stdout
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (("--json", "--output_format=csv"), "contradict each other"),
        (("--undo_tags=none.jsonl",), "--undo_tags=none.jsonl cannot be read"),
        (("--undo_tags=none.jsonl", "README.md"), "leave out README.md"),
        (("--plot=README.md", "README.md"), "--plot=README.md is not a folder"),
        (("--write_tags", "--tags_log=tests", "README.md"), "must name a file"),
    ],
)
def test_mistakes(run_dir, flags, sentence):
    done = run("tfgenre_predict", run_dir, *flags)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
