"""Slices that are rendered alone are those that the whole song gives, and little else is read."""

import contextlib
import functools
import tarfile
import tempfile
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import songs
from tfgenre import files
from tfgenre.audio import archives
from tfgenre.config import RenderConfig
from tfgenre.errors import SkipTrack
from tfgenre.spectrogram import parts, render
from tfgenre.spectrogram.render import Slices

SECONDS = 40.0
CONFIGS = {
    "sox": RenderConfig(max_slices_per_track=3),
    "own rate": RenderConfig(max_slices_per_track=4, sample_rate_hz=0, tail="overlap"),
    "mel": RenderConfig(max_slices_per_track=3, spectrogram="mel", sample_rate_hz=32000),
    "musicnn": RenderConfig(
        max_slices_per_track=3, spectrogram="musicnn", sample_rate_hz=16000, pixels_per_second=62
    ),
}
FILES: dict[str, dict[str, Any]] = {
    "constant.mp3": {"bitrate_mode": "CONSTANT", "compression_level": 0.7},
    "variable.mp3": {"bitrate_mode": "VARIABLE"},
    "song.ogg": {},
    "song.opus": {},
    "song.flac": {},
    "song.wav": {},
    "song.aiff": {},
}


def music(rate_hz: int, channels: int) -> np.ndarray:
    """Tones and bursts of noise, so that frames differ in length and share bytes."""
    num_samples = int(SECONDS * rate_hz)
    time_s = np.arange(num_samples) / rate_hz
    hz = 220 * 2 ** (np.floor(4 * time_s) % 12 / 12)
    tones = 0.4 * np.sin(2 * np.pi * np.cumsum(hz) / rate_hz) * (1 - time_s * 4 % 1)
    bursts = songs.noise(SECONDS, rate_hz=rate_hz) * (time_s * 2 % 1 < 0.1)
    return np.stack([tones + bursts * (0.5 + 0.5 * side) for side in range(channels)], axis=1)


@pytest.fixture(scope="module", params=[(44100, 2), (48000, 1), (22050, 2), (8000, 1)])
def folder(request, tmp_path_factory) -> Path:
    """The same music in each format, at some rate."""
    rate_hz, channels = request.param
    found = tmp_path_factory.mktemp("songs")
    for name, options in FILES.items():
        is_possible = name != "song.opus" or rate_hz in (48000, 8000)
        if is_possible:
            kind = songs.OPTIONS[Path(name).suffix]
            songs.write(found / name, music(rate_hz, channels), rate_hz=rate_hz, **kind, **options)
    return found


def whole(path: str, config: RenderConfig) -> Slices:
    return render.join(render.render_whole(path, config))


def assert_equal(path: str, config: RenderConfig) -> None:
    images, indices = parts.render_parts(path, config)
    expected = whole(path, config)
    assert indices == expected.indices.tolist()
    np.testing.assert_array_equal(images, expected.images)


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_slices_equal_those_of_the_whole_song(folder, config):
    for path in sorted(folder.iterdir()):
        assert_equal(str(path), config)


def test_apple_lossless(tmp_path):
    av = pytest.importorskip("av")
    samples = (music(44100, 1) * 2**14).astype(np.int16)
    path = str(tmp_path / "song.m4a")
    with av.open(path, "w", format="ipod") as container:
        stream = container.add_stream("alac", rate=44100, layout="mono")
        for start in range(0, len(samples), 4096):
            part = np.ascontiguousarray(samples[start : start + 4096].T)
            frame = av.AudioFrame.from_ndarray(part, "s16p", "mono")
            frame.rate, frame.pts = 44100, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    for config in CONFIGS.values():
        assert_equal(path, config)


def test_real_songs(shared_data):
    for path in sorted((shared_data / "genres4").glob("*/*7.mp3")):
        assert_equal(str(path), CONFIGS["mel"])


def test_what_the_decoder_says_of_bytes_that_are_missing(folder, capfd):
    """Nothing: frames that need bytes from before a part are emptied."""
    for path in sorted(folder.glob("*.mp3")):
        parts.render_parts(str(path), CONFIGS["sox"])
    assert capfd.readouterr().err == ""


@functools.cache
def mp3(name: str) -> bytes:
    """A whole file, whose bytes Hypothesis would print if they were an argument."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        songs.write(path, music(44100, 2), rate_hz=44100, format="MP3", **FILES[name])
        return path.read_bytes()


@given(
    name=st.sampled_from(["constant.mp3", "variable.mp3"]),
    change=st.sampled_from(["cut", "remove", "insert", "overwrite"]),
    place=st.floats(0, 1),
    rubbish=st.binary(min_size=1, max_size=400),
)
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_damaged_songs(tmp_path, name, change, place, rubbish):
    """Either the song is decoded whole, or the slices are the same but for the rounding."""
    data = mp3(name)
    start = int(place * len(data))
    kept = {"cut": b"", "remove": data[start + len(rubbish) :], "insert": rubbish + data[start:]}
    rest = kept.get(change, rubbish + data[start + len(rubbish) :])
    path = tmp_path / "song.mp3"
    path.write_bytes(data[:start] + rest)
    with contextlib.suppress(SkipTrack):
        images, indices = parts.render_parts(str(path), CONFIGS["own rate"])
        expected = whole(str(path), CONFIGS["own rate"])
        assert indices == expected.indices.tolist()
        difference = np.abs(images.astype(int) - expected.images)
        assert np.max(difference) <= 1
        assert np.count_nonzero(difference) < 0.001 * images.size


def test_songs_that_must_be_decoded_whole(folder, tmp_path):
    short, silent = tmp_path / "short.wav", tmp_path / "silent.wav"
    songs.write(short, songs.noise(10.0))
    songs.write(silent, np.concatenate([np.zeros(songs.RATE_HZ * 30), songs.noise(1.0)]))
    joined = tmp_path / "joined.mp3"
    joined.write_bytes((folder / "variable.mp3").read_bytes() * 2)
    for path in (short, silent, joined):
        with pytest.raises(SkipTrack):
            parts.render_parts(str(path), CONFIGS["sox"])
        found = render.render(str(path), CONFIGS["sox"])
        np.testing.assert_array_equal(found.images, whole(str(path), CONFIGS["sox"]).images)


@pytest.fixture
def read_bytes(monkeypatch) -> list[int]:
    """How much of archives is read for parts."""
    found: list[int] = []

    class Counted(files.FilePart):
        def read(self, size=-1):
            data = super().read(size)
            found.append(len(data))
            return data

    monkeypatch.setattr(archives, "FilePart", Counted)
    return found


@pytest.mark.parametrize("name", ["constant.mp3", "variable.mp3", "song.flac", "song.wav"])
@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_songs_in_archives(folder, tmp_path, read_bytes, kind, name):
    archive = tmp_path / f"music.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(archive, "w") as file:
            file.write(folder / name, f"a/{name}")
    else:
        with tarfile.open(archive, "w") as file:
            file.add(folder / name, f"a/{name}")
    config = CONFIGS["own rate"]
    images, indices = parts.render_parts(f"{archive}/a/{name}", config)
    expected = whole(str(folder / name), config)
    assert indices == expected.indices.tolist()
    np.testing.assert_array_equal(images, expected.images)
    if name != "variable.mp3":  # whose frames must be counted
        ends_bytes = 20 * 8192  # of parts, the head and the end of the file
        assert 0 < sum(read_bytes) < 0.5 * (folder / name).stat().st_size + ends_bytes


def test_a_member_without_samples(tmp_path):
    songs.write(tmp_path / "a.wav", np.zeros(0))
    with zipfile.ZipFile(tmp_path / "music.zip", "w") as file:
        file.write(tmp_path / "a.wav", "a.wav")
    with pytest.raises(SkipTrack, match="empty"):
        render.render(f"{tmp_path}/music.zip/a.wav", CONFIGS["sox"])


@pytest.fixture
def no_whole_songs(monkeypatch) -> None:
    """Songs that are decoded whole fail the test."""
    monkeypatch.delattr(render, "render_whole")


def assert_rendered(path: str, local: Path, config: RenderConfig) -> None:
    """Of a song elsewhere, the same slices as of the local one."""
    found, (images, indices) = render.render(path, config), parts.render_parts(str(local), config)
    assert found.indices.tolist() == indices
    np.testing.assert_array_equal(found.images, images)


@pytest.mark.usefixtures("no_whole_songs")
def test_of_a_compressed_member_parts_of_a_copy_are_decoded(folder, tmp_path):
    with zipfile.ZipFile(tmp_path / "music.zip", "w", zipfile.ZIP_DEFLATED) as file:
        file.write(folder / "constant.mp3", "a.mp3")
    path = f"{tmp_path}/music.zip/a.mp3"
    with pytest.raises(SkipTrack, match="compressed or encrypted"):
        parts.render_parts(path, CONFIGS["sox"])
    assert_rendered(path, folder / "constant.mp3", CONFIGS["sox"])


class _Server(ThreadingHTTPServer):
    song = b""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.sent: list[int] = []  # bytes


class _Handler(BaseHTTPRequestHandler):
    """Serves a song by ranges, as object stores do."""

    server: _Server

    def do_HEAD(self) -> None:
        self._answer(b"", len(self.server.song))

    def do_GET(self) -> None:
        song = self.server.song
        first, _, last = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")
        part = song[int(first) : int(last) + 1 if last else None]
        self.server.sent.append(len(part))
        self._answer(part, len(part), f"bytes {first}-{int(first) + len(part) - 1}/{len(song)}")

    def _answer(self, body: bytes, length: int, content_range: str = "") -> None:
        self.send_response(206 if content_range else 200)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(length))
        if content_range:
            self.send_header("Content-Range", content_range)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args) -> None:
        pass


@pytest.fixture
def server() -> Iterator[_Server]:
    pytest.importorskip("aiohttp")
    with _Server() as found:
        threading.Thread(target=found.serve_forever, daemon=True).start()
        yield found
        found.shutdown()


@pytest.mark.parametrize(
    ("name", "requests"), [("constant.mp3", 20), ("song.wav", 20), ("song.flac", 65)]
)
@pytest.mark.usefixtures("no_whole_songs")
def test_of_a_remote_song_a_fifth_is_read(server, tmp_path, name, requests):
    """Of four minutes, ten slices; libsndfile searches for each place in a FLAC file."""
    samples, config = np.tile(music(44100, 2), (6, 1)), RenderConfig(max_slices_per_track=10)
    options = songs.OPTIONS[Path(name).suffix] | FILES[name]
    local = songs.write(tmp_path / name, samples, rate_hz=44100, **options)
    server.song = local.read_bytes()
    assert_rendered(f"http://127.0.0.1:{server.server_address[1]}/{name}", local, config)
    assert sum(server.sent) < len(server.song) / 5
    assert len(server.sent) <= requests


@pytest.mark.parametrize("name", ["variable.mp3", "song.ogg"])
@pytest.mark.usefixtures("no_whole_songs")
def test_of_a_remote_song_that_must_be_read_whole_parts_are_decoded(server, folder, name):
    local = folder / name
    server.song = local.read_bytes()
    path = f"http://127.0.0.1:{server.server_address[1]}/{name}"
    assert_rendered(path, local, CONFIGS["sox"])
    assert sum(server.sent) < 1.2 * len(server.song)
