"""Damaged files of every format: each is sliced or skipped, none hangs or takes much memory.

TFGENRE_FUZZ_FILES=2000 python -m pytest tests/audio/test_fuzz.py -s    prints the outcomes
"""

import os
import random
import re
from collections import Counter
from pathlib import Path

import pytest

from tests import songs
from tfgenre.config import RenderConfig
from tfgenre.errors import SKIP_REASONS, SkipTrack
from tfgenre.spectrogram.workers import RenderWorker

NUM_FILES = int(os.environ.get("TFGENRE_FUZZ_FILES", "200"))
LIBSNDFILE = {
    "pcm16.wav": {},
    "pcm24.wav": {"subtype": "PCM_24"},
    "float.wav": {"subtype": "FLOAT"},
    "adpcm.wav": {"subtype": "IMA_ADPCM"},
    "a.flac": {},
    "a.ogg": {},
    "a.opus": {"format": "OGG", "subtype": "OPUS"},
    "constant.mp3": {"bitrate_mode": "CONSTANT"},
    "variable.mp3": {"bitrate_mode": "VARIABLE"},
    "a.aiff": {},
    "a.au": {},
    "a.caf": {},
    "a.w64": {},
    "a.rf64": {},
}
FFMPEG = {
    "a.m4a": ("mp4", "aac"),
    "alac.m4a": ("mp4", "alac"),
    "a.mka": ("matroska", "aac"),
    "a.webm": ("webm", "opus"),
    "a.wma": ("asf", "wmav2"),
    "a.ac3": ("ac3", "ac3"),
    "a.aac": ("adts", "aac"),
    "a.wv": ("wv", "wavpack"),
    "a.tta": ("tta", "tta"),
}


@pytest.fixture(scope="module")
def originals(tmp_path_factory) -> list[Path]:
    folder = tmp_path_factory.mktemp("originals")
    samples = songs.noise(4.0, rate_hz=48000)
    for name, options in LIBSNDFILE.items():
        songs.write(folder / name, samples, rate_hz=48000, **options)
    for name, (container_format, codec) in FFMPEG.items():
        songs.write_with_ffmpeg(folder / name, samples, container_format, codec, rate_hz=48000)
    return sorted(folder.iterdir())


def damaged(content: bytes, rng: random.Random) -> bytes:
    """Changes bytes, half of the time near the start; and cuts, doubles or inserts a range."""
    data = bytearray(content)
    reach = rng.choice([64, 1024, len(data), len(data)])
    for _ in range(rng.choice([0, 1, 3, 10, 100, 1000])):
        place = rng.randrange(min(reach, len(data)))
        data[place] = rng.choice([0, 1, 127, 128, 255, rng.randrange(256)])
    start, end = sorted(rng.randrange(len(data) + 1) for _ in range(2))
    match rng.randrange(6):
        case 0:
            del data[end:]
        case 1:
            del data[start:end]
        case 2:
            data[start:start] = data[start:end]
        case 3:
            data[start:start] = rng.randbytes(rng.randrange(5000))
    return bytes(data)


def test_damaged_files_are_sliced_or_skipped(originals, tmp_path):
    rng = random.Random(0)
    worker = RenderWorker(RenderConfig(), timeout_s=60)
    outcomes: Counter[str] = Counter()
    peaks_mb = []
    for number in range(NUM_FILES):
        original = originals[number % len(originals)]
        path = tmp_path / f"{number}{original.suffix}"
        path.write_bytes(damaged(original.read_bytes(), rng))
        found = worker(str(path))
        outcomes[found.reason if isinstance(found, SkipTrack) else "sliced"] += 1
        assert not isinstance(found, SkipTrack) or not is_unforeseen(found), (path, found)
        assert worker._process is not None
        peaks_mb.append(peak_mb(worker._process.pid))
        path.unlink()
    worker.close()
    print(f"{NUM_FILES} files: {dict(outcomes)}, at most {max(peaks_mb)} MB")
    assert set(outcomes) <= {"sliced", *SKIP_REASONS}
    assert max(peaks_mb) < 1000


def is_unforeseen(skip: SkipTrack) -> bool:
    """Whether a decoder hung, crashed its process, or raised an unexpected error."""
    return skip.reason in ("timeout", "crashed") or bool(
        re.match(r"\w+(Error|Exception):", skip.detail)
    )


def peak_mb(pid: int | None) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+)", status)[0]) // 1000
