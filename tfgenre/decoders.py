"""Sound files as streams of samples: libsndfile's formats, and through PyAV what ffmpeg reads."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import soundfile
from numpy.typing import NDArray

from tfgenre import mpeg
from tfgenre.errors import SkipTrack

LIBSNDFILE_SUFFIXES = frozenset(
    ".aif .aifc .aiff .au .caf .flac .mp3 .oga .ogg .opus .rf64 .w64 .wav".split()
)
# Only these ffmpeg formats are tried, each for its own suffixes: ffmpeg would also open playlists,
# which name other files and hosts.
FFMPEG_FORMATS = {
    ".aac": "aac",
    ".ac3": "ac3",
    ".ape": "ape",
    ".m4a": "mov",
    ".m4b": "mov",
    ".mka": "matroska",
    ".mp4": "mov",
    ".mpc": "mpc8",
    ".tta": "tta",
    ".webm": "matroska",
    ".wma": "asf",
    ".wv": "wv",
}
_UNKNOWN_FRAMES = 1 << 62  # what libsndfile says of a stream that declares no length is above
_BLOCK_SAMPLES = 1 << 16  # of all channels together


_ENCODINGS = {
    "FLOAT": "float",
    "DOUBLE": "double",
    "MPEG": "lossy",
    "VORBIS": "lossy",
    "OPUS": "lossy",
}
Samples = NDArray[np.float32] | NDArray[np.float64]


@dataclass(frozen=True)
class Stream:
    """A sound file being decoded.

    Attributes:
        rate_hz: its sample rate.
        declared_frames: samples a channel that its header declares, 0 if unknown.
        guessed_length: True if that is an encoder's note or a guess (MPEG audio).
        encoding: integer, float or double, or lossy, whose samples are nobody's but the decoder's.
        blocks: samples, float64 (float32 if lossy) [some, channels] each, full scale 1; a block is
            only valid until the next is taken.
    """

    rate_hz: int
    declared_frames: int
    guessed_length: bool
    encoding: str
    blocks: Iterator[Samples]


def open_stream(path: str) -> contextlib.AbstractContextManager[Stream]:
    """Opens a sound file with the decoder for it.

    Raises:
        SkipTrack: not_audio or truncated; decode_error while the blocks are read.
    """
    ffmpeg_format = FFMPEG_FORMATS.get(Path(path).suffix.lower())
    return _with_av(path, ffmpeg_format) if ffmpeg_format else _with_libsndfile(path)


class _Unseekable(soundfile.SoundFile):
    """A sound file read from start to end, however long its header says it is.

    soundfile seeks after each read of a seekable file. In an MP3 that means decoding again, and in
    one of variable bit rate the samples that follow are wrong, by up to half of full scale. It also
    stops at the declared length, which may be a lie.
    """

    def seekable(self) -> bool:
        return False


@contextlib.contextmanager
def _with_libsndfile(path: str) -> Iterator[Stream]:
    with contextlib.ExitStack() as stack:
        note = mpeg.find_note(path)
        mended = mpeg.mended(path, note) if note else None
        file = _opened(mended or os.fsencode(path), stack)
        is_mpeg, frames = file.subtype.startswith("MPEG"), file.frames
        if is_mpeg and not note:
            file = _opened(mpeg.endless(path), stack)
        encoding = _ENCODINGS.get(file.subtype.partition("_")[0], "integer")
        yield Stream(
            rate_hz=file.samplerate,
            declared_frames=frames if frames < _UNKNOWN_FRAMES else 0,
            guessed_length=is_mpeg,
            encoding=encoding,
            blocks=_libsndfile_blocks(file, np.float32 if encoding == "lossy" else np.float64),
        )


def _opened(source: bytes | BinaryIO, stack: contextlib.ExitStack) -> soundfile.SoundFile:
    """Opens a path or a file, and leaves closing both to the stack."""
    if not isinstance(source, bytes):
        stack.enter_context(source)
    try:
        return stack.enter_context(_Unseekable(source))
    except soundfile.LibsndfileError as error:
        raise SkipTrack("not_audio", _what(error)) from error


def _libsndfile_blocks(file: soundfile.SoundFile, dtype: type) -> Iterator[Samples]:
    buffer = np.empty((max(1, _BLOCK_SAMPLES // file.channels), file.channels), dtype)
    try:
        while len(block := file.read(out=buffer)):
            yield block
    except soundfile.LibsndfileError as error:
        raise SkipTrack("decode_error", error.error_string) from error


def _what(error: soundfile.LibsndfileError) -> str:
    """What libsndfile says; of a file it cannot recognise it says that it does not exist."""
    return "no decoder recognises it" if error.code == 7 else error.error_string


@contextlib.contextmanager
def _with_av(path: str, ffmpeg_format: str) -> Iterator[Stream]:
    try:
        import av
    except ImportError as error:
        detail = "its format needs the extra av: pip install 'tfgenre[av]'"
        raise SkipTrack("not_audio", detail) from error
    try:
        container = av.open(path, format=ffmpeg_format, options={"protocol_whitelist": "file"})
    except (av.FFmpegError, OSError, ValueError) as error:
        raise SkipTrack("not_audio", str(error)) from error
    with container:
        if not container.streams.audio:
            raise SkipTrack("not_audio", "no sound in it")
        stream = container.streams.audio[0]
        seconds = float(stream.duration * stream.time_base) if stream.duration else 0.0
        yield Stream(
            rate_hz=stream.rate,
            declared_frames=int(seconds * stream.rate),
            guessed_length=False,
            encoding="lossy",
            blocks=_av_blocks(container, stream),
        )


def _av_blocks(container: Any, stream: Any) -> Iterator[Samples]:
    import av

    to_float = av.AudioResampler(format="fltp", layout=stream.layout, rate=stream.rate)
    failures = 0
    for packet in container.demux(stream):
        try:
            for frame in packet.decode():
                for converted in to_float.resample(frame):
                    yield converted.to_ndarray().T
        except av.FFmpegError as error:  # a damaged packet; the next one may be whole
            failures += 1
            if failures > 1000:
                raise SkipTrack("decode_error", str(error)) from error
