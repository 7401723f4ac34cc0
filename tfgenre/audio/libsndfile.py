"""Decodes with libsndfile, through soundfile, whatever length a file declares."""

import contextlib
import os
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
import soundfile

from tfgenre.audio import mpeg
from tfgenre.audio.streams import Samples, Stream
from tfgenre.errors import SkipTrack
from tfgenre.files import FilePart

SUFFIXES = frozenset(".aif .aifc .aiff .au .caf .flac .mp3 .oga .ogg .opus .rf64 .w64 .wav".split())
_ENCODINGS = {
    "FLOAT": "float",
    "DOUBLE": "double",
    "MPEG": "lossy",
    "VORBIS": "lossy",
    "OPUS": "lossy",
}
_UNKNOWN_FRAMES = 1 << 62  # libsndfile reports more for a stream that declares no length
_BLOCK_SAMPLES = 1 << 16  # over all channels


class _SoundFile(soundfile.SoundFile):
    """A sound file read from start to end, whatever length its header declares.

    soundfile seeks after each read of a seekable file. For an MP3 that means decoding again, and
    with a variable bit rate the samples that follow are wrong, by up to half of full scale. It also
    stops at the declared length, which may be wrong. And when decoding fails, it discards the
    samples before the failure; this class returns them, and sets `failure` to the error code.
    """

    failure = 0

    def seekable(self) -> bool:
        return False

    @property
    def _errorcode(self) -> int:
        self.failure = super()._errorcode or self.failure
        return 0


@contextlib.contextmanager
def open_stream(path: str) -> Iterator[Stream]:
    """Opens a sound file.

    Raises:
        SkipTrack: not_audio or truncated; decode_error while the blocks are read.
    """
    with contextlib.ExitStack() as stack:
        file, frames = _open(path, stack)
        yield Stream(
            rate_hz=file.samplerate,
            declared_frames=frames.num_samples if frames else _declared_frames(file),
            is_mpeg=_is_mpeg(file),
            encoding=_encoding(file),
            blocks=_mp3_blocks(path, frames, file) if frames else _blocks(file),
        )


def _open(path: str, stack: contextlib.ExitStack) -> tuple[soundfile.SoundFile, mpeg.Frames | None]:
    """Opens a file as the decoder should see it; also returns the frames of an MP3."""
    file = None
    with contextlib.suppress(SkipTrack):
        file = _opened(path, stack)
    if file is not None and not _is_mpeg(file):
        return file, None
    if (frames := mpeg.find_frames(path)) is not None:
        repaired = mpeg.repaired(path, frames)
        if repaired is None and file is None:
            repaired = mpeg.segment(path, *frames.segments[0])
        return _opened(repaired, stack) if repaired else file, frames
    if file is not None:  # MPEG audio of another layer
        return _opened(mpeg.segment(path, 0, os.path.getsize(path)), stack), None
    with open(path, "rb") as opened:
        start = mpeg.after_tag(opened)
    return _opened(FilePart(path, start=start) if start else path, stack), None


def _opened(source: str | BinaryIO, stack: contextlib.ExitStack) -> soundfile.SoundFile:
    """Opens a path or a file; the stack closes both."""
    opened = os.fsencode(source) if isinstance(source, str) else stack.enter_context(source)
    try:
        return stack.enter_context(_SoundFile(opened))
    except soundfile.LibsndfileError as error:
        # libsndfile reports a file that it does not recognise as nonexistent.
        detail = "no decoder recognises it" if error.code == 7 else error.error_string
        raise SkipTrack("not_audio", detail) from error


def _is_mpeg(file: soundfile.SoundFile) -> bool:
    return file.subtype.startswith("MPEG")


def _encoding(file: soundfile.SoundFile) -> str:
    return _ENCODINGS.get(file.subtype.partition("_")[0], "integer")


def _declared_frames(file: soundfile.SoundFile) -> int:
    is_guess = _is_mpeg(file) or file.frames >= _UNKNOWN_FRAMES
    return 0 if is_guess else file.frames


def _mp3_blocks(path: str, frames: mpeg.Frames, file: soundfile.SoundFile) -> Iterator[Samples]:
    """Decodes an MP3 segment by segment: the decoder alone would stop after the first."""
    yield from _blocks(file)
    for start, end in frames.segments[1:]:
        with contextlib.ExitStack() as stack, contextlib.suppress(SkipTrack):
            yield from _blocks(_opened(mpeg.segment(path, start, end), stack))


def _blocks(file: soundfile.SoundFile) -> Iterator[Samples]:
    dtype = np.float32 if _encoding(file) == "lossy" else np.float64
    buffer = np.empty((max(1, _BLOCK_SAMPLES // file.channels), file.channels), dtype)
    while len(block := file.read(out=buffer)):
        yield block
    if file.failure:
        raise SkipTrack("decode_error", soundfile.LibsndfileError(file.failure).error_string)
