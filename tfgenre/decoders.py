"""Sound files as streams of samples: libsndfile's formats, and through PyAV what ffmpeg reads."""

import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
import soundfile
from numpy.typing import NDArray

from tfgenre import mpeg
from tfgenre.errors import SkipTrack

LIBSNDFILE_SUFFIXES = frozenset(
    ".aif .aifc .aiff .au .caf .flac .mp3 .oga .ogg .opus .rf64 .w64 .wav".split()
)
FFMPEG_SUFFIXES = frozenset(".aac .ac3 .ape .m4a .m4b .mka .mp4 .mpc .tta .webm .wma .wv".split())
# What a file is, its first bytes tell; its name may lie. No other formats are left to ffmpeg: it
# would open playlists, too, which name other files and hosts.
_FFMPEG_FORMATS = {
    "aac": rb"\xff[\xf0\xf1\xf8\xf9]",
    "ac3": rb"\x0b\x77",
    "ape": rb"MAC ",
    "asf": rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11",
    "matroska": rb"\x1a\x45\xdf\xa3",
    "mov": rb".{4}(ftyp|moov|mdat|wide|free|skip)",
    "mpc": rb"MP\+",
    "mpc8": rb"MPCK",
    "tta": rb"TTA1",
    "wv": rb"wvpk",
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
        declared_frames: samples a channel that there should be, 0 if unknown.
        is_mpeg: True for MPEG audio.
        encoding: integer, float or double, or lossy, whose samples are nobody's but the decoder's.
        blocks: samples, float64 (float32 if lossy) [some, channels] each, full scale 1; a block is
            only valid until the next is taken.
    """

    rate_hz: int
    declared_frames: int
    is_mpeg: bool
    encoding: str
    blocks: Iterator[Samples]


def open_stream(path: str) -> contextlib.AbstractContextManager[Stream]:
    """Opens a sound file with the decoder for it.

    Raises:
        SkipTrack: not_audio or truncated; decode_error while the blocks are read.
    """
    with open(path, "rb") as file:
        file.seek(mpeg.after_tag(file))
        start = file.read(16)
    for ffmpeg_format, magic in _FFMPEG_FORMATS.items():
        if re.match(magic, start, re.DOTALL):
            return _with_av(path, ffmpeg_format)
    return _with_libsndfile(path)


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
        file = None
        with contextlib.suppress(SkipTrack):
            file = _opened(path, stack)
        sound = mpeg.find_sound(path) if file is None or _is_mpeg(file) else None
        mended = mpeg.mended(path, sound) if sound else None
        if sound and not mended and file is None:
            mended = mpeg.piece(path, *sound.pieces[0])
        if mended or file is None:
            file = _opened(mended or path, stack)
        yield Stream(
            rate_hz=file.samplerate,
            declared_frames=sound.num_samples if sound else _declared_frames(file),
            is_mpeg=_is_mpeg(file),
            encoding=_encoding(file),
            blocks=_mp3_blocks(path, sound, file) if sound else _libsndfile_blocks(file),
        )


def _opened(source: str | BinaryIO, stack: contextlib.ExitStack) -> soundfile.SoundFile:
    """Opens a path or a file, and leaves closing both to the stack."""
    opened = os.fsencode(source) if isinstance(source, str) else stack.enter_context(source)
    try:
        return stack.enter_context(_Unseekable(opened))
    except soundfile.LibsndfileError as error:
        raise SkipTrack("not_audio", _what(error)) from error


def _is_mpeg(file: soundfile.SoundFile) -> bool:
    return file.subtype.startswith("MPEG")


def _encoding(file: soundfile.SoundFile) -> str:
    return _ENCODINGS.get(file.subtype.partition("_")[0], "integer")


def _declared_frames(file: soundfile.SoundFile) -> int:
    is_guess = _is_mpeg(file) or file.frames >= _UNKNOWN_FRAMES
    return 0 if is_guess else file.frames


def _mp3_blocks(path: str, sound: mpeg.Sound, file: soundfile.SoundFile) -> Iterator[Samples]:
    """An MP3's samples, piece after piece: the decoder would end where the first is damaged."""
    yield from _libsndfile_blocks(file)
    for start, end in sound.pieces[1:]:
        with contextlib.ExitStack() as stack, contextlib.suppress(SkipTrack):
            yield from _libsndfile_blocks(_opened(mpeg.piece(path, start, end), stack))


def _libsndfile_blocks(file: soundfile.SoundFile) -> Iterator[Samples]:
    dtype = np.float32 if _encoding(file) == "lossy" else np.float64
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
            is_mpeg=False,
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
