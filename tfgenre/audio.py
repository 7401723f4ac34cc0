"""The one door to sound files: a path becomes blocks of mono samples."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import soundfile
from numpy.typing import NDArray

from tfgenre.errors import SkipTrack

EXTENSIONS = frozenset(
    ".aif .aifc .aiff .au .caf .flac .mp3 .oga .ogg .opus .rf64 .w64 .wav".split()
)
_BLOCK_FRAMES = 1 << 15
_FULL_SCALE = 2.0**31  # SoX's samples are 32-bit integers; its picture is drawn from those
_LARGEST = 1 - 1 / _FULL_SCALE


@dataclass(frozen=True)
class Audio:
    """An open sound file.

    Attributes:
        rate_hz: its sample rate.
        seconds: the length its header declares.
        guessed_length: True for formats whose length other programs only guess (MPEG audio).
        blocks: mono samples, float64 [at most 32768] each, full scale 1; to be read once.
    """

    rate_hz: int
    seconds: float
    guessed_length: bool
    blocks: Iterator[NDArray[np.float64]]


class _Stream(soundfile.SoundFile):
    """A sound file read from start to end, however long its header says it is.

    soundfile seeks after each read of a seekable file, which in an MP3 means decoding again, and
    it stops at the declared length, which may be a lie.
    """

    def seekable(self) -> bool:
        return False


@contextmanager
def open_audio(path: str) -> Iterator[Audio]:
    """Opens a sound file.

    Raises:
        SkipTrack: missing, empty, not_audio, decode_error or truncated; the last two may come
            while the blocks are read.
    """
    _check_file(path)
    try:
        file = _Stream(path)
    except soundfile.LibsndfileError as error:
        raise SkipTrack("not_audio", _what(error)) from error
    with file:
        yield Audio(
            rate_hz=file.samplerate,
            seconds=file.frames / file.samplerate,
            guessed_length=file.subtype.startswith("MPEG"),
            blocks=_blocks(file),
        )


def seconds_of(path: str) -> float:
    """The declared length of a sound file in seconds, 0 if it cannot be read."""
    try:
        with open_audio(path) as audio:
            return audio.seconds
    except SkipTrack:
        return 0.0


def _check_file(path: str) -> None:
    try:
        found = os.stat(path)
    except OSError as error:
        raise SkipTrack("missing", error.strerror or str(error)) from error
    if not stat.S_ISREG(found.st_mode):
        raise SkipTrack("not_audio", "not a file, but a folder, pipe or device")
    if not found.st_size:
        raise SkipTrack("empty", "the file has no bytes")


def _what(error: soundfile.LibsndfileError) -> str:
    """What libsndfile says; of a file it cannot recognise it says that it does not exist."""
    return "no decoder recognises it" if error.code == 7 else error.error_string


def _blocks(file: soundfile.SoundFile) -> Iterator[NDArray[np.float64]]:
    decoded = 0
    buffer = np.empty((_BLOCK_FRAMES, file.channels))
    try:
        while len(block := file.read(out=buffer)):
            decoded += len(block)
            yield _mono(block)
    except soundfile.LibsndfileError as error:
        if decoded < file.frames / 2:
            raise SkipTrack("decode_error", error.error_string) from error
    if not decoded:
        raise SkipTrack("empty", "the file has no samples")
    if decoded < file.frames / 2:
        detail = f"{decoded} of {file.frames} samples could be decoded"
        raise SkipTrack("truncated", detail)


def _mono(block: NDArray[np.float64]) -> NDArray[np.float64]:
    """SoX's `remix -`: the channels' mean, float64 [frames, channels] -> [frames], 32-bit steps."""
    np.clip(block, -1, _LARGEST, out=block)
    total = block[:, 0] * (_FULL_SCALE / block.shape[1])
    for channel in range(1, block.shape[1]):
        total += block[:, channel] * (_FULL_SCALE / block.shape[1])
    return np.rint(total, out=total) / _FULL_SCALE
