"""Small sound files and collections for tests."""

from pathlib import Path
from typing import Any

import numpy as np
import soundfile

RATE_HZ = 22050
OPTIONS = {  # of `write`, by suffix
    ".mp3": {"format": "MP3"},
    ".ogg": {"format": "OGG", "subtype": "VORBIS"},
    ".opus": {"format": "OGG", "subtype": "OPUS"},
    ".flac": {"format": "FLAC"},
    ".wav": {"format": "WAV"},
    ".aiff": {"format": "AIFF"},
}


def tone(seconds: float, *, hz: float = 440.0, rate_hz: int = RATE_HZ) -> np.ndarray:
    time_s = np.arange(int(seconds * rate_hz)) / rate_hz
    return 0.5 * np.sin(2 * np.pi * hz * time_s)


def noise(seconds: float, *, seed: int = 0, rate_hz: int = RATE_HZ) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-0.3, 0.3, int(seconds * rate_hz))


def write(path: Path, samples: np.ndarray, *, rate_hz: int = RATE_HZ, **options: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, rate_hz, **options)
    return path


def write_with_ffmpeg(
    path: Path, samples: np.ndarray, container_format: str, codec: str, *, rate_hz: int
) -> Path:
    """Writes mono samples in a format that libsndfile does not know."""
    import av  # which not every environment of the tests has

    with av.open(str(path), "w", format=container_format) as container:
        stream = container.add_stream(codec, rate=rate_hz, layout="mono")
        stream.bit_rate = 96_000
        frame = av.AudioFrame.from_ndarray(samples[None].astype(np.float32), "fltp", "mono")
        frame.rate = rate_hz
        packets = [*stream.encode(frame), *stream.encode(None)]
        container.mux([packet for packet in packets if packet.size])
    return path


def write_collection(data_dir: Path, *, songs_per_genre: int = 6, seconds: float = 6.0) -> Path:
    """Two genres, tones and noise: `data_dir/{Noise,Tones}/N.wav`, two slices a song."""
    for number in range(songs_per_genre):
        write(data_dir / "Noise" / f"{number}.wav", noise(seconds, seed=number))
        write(data_dir / "Tones" / f"{number}.wav", tone(seconds, hz=300 + 200 * number))
    return data_dir
