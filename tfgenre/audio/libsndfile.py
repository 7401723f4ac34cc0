"""Decodes with libsndfile, through soundfile, whatever length a file declares."""

import contextlib
import os
import re
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
import soundfile
from numpy.typing import NDArray

from tfgenre.audio import mpeg, unfinished
from tfgenre.audio.mpeg_headers import is_sync
from tfgenre.audio.patched import patched
from tfgenre.audio.streams import Block, Stream
from tfgenre.errors import SkipTrack
from tfgenre.files import read_at

SUFFIXES = frozenset(
    ".afc .aif .aifc .aiff .au .bwf .caf .flac .mp1 .mp2 .mp3 .mpa .mpga .oga .ogg .oggflac .opus "
    ".rf64 .snd .voc .w64 .wav .wave".split()
)
_ENCODINGS = {
    "FLOAT": "float",
    "DOUBLE": "double",
    "MPEG": "lossy",
    "VORBIS": "lossy",
    "OPUS": "lossy",
}
_UNKNOWN_FRAMES = 1 << 62  # libsndfile reports more for a stream that declares no length
_BLOCK_SAMPLES = 1 << 16  # over all channels
_HEAD_BYTES = 1 << 12
_MPEG_IN_WAV = re.compile(rb"(?:RIFF|RF64).{4}WAVE.*?fmt .{4}[\x50\x55]\0", re.DOTALL)
# Only files that start like this are opened by name: libsndfile searches others for MPEG audio if
# they are named .mp3, which takes minutes in 17 MB that look like its headers.
HEADS = re.compile(rb"RIFF|RIFX|RF64|riff|FORM|\.snd|caff|fLaC|OggS")
_ALWAYS_TRIED_BYTES = 1 << 16


class SoundFile(soundfile.SoundFile):
    """A sound file read from start to end, whatever length its header declares.

    soundfile seeks after each read of a seekable file. For an MP3 that means decoding again, and
    with a variable bit rate the samples that follow are wrong, by up to half of full scale. It also
    stops at the declared length, which may be wrong. And when decoding fails, it discards the
    samples before the failure; this class returns them, and sets `failure` to the error code.
    """

    failure = 0

    def seekable(self) -> bool:
        """False, so that reading does not seek."""
        return False

    @property
    def _errorcode(self) -> int:
        self.failure = super()._errorcode or self.failure
        return 0


@contextlib.contextmanager
def open_stream(path: str, *, part: tuple[int, int] | None = None) -> Iterator[Stream]:
    """Opens a sound file.

    Args:
        path: the file.
        part: where in it a chained Ogg file starts and ends, in bytes; None: all of it.

    Raises:
        SkipTrack: not_audio, truncated or decode_error; decode_error while the blocks are read.
    """
    with contextlib.ExitStack() as stack:
        if part is not None:
            start, end = part
            file, frames = open_sound(patched(path, start=start, end=end), stack), None
        else:
            file, frames = _open(path, stack)
        yield Stream(
            rate_hz=file.samplerate,
            declared_frames=frames.num_samples if frames else _declared_frames(file),
            is_mpeg=_is_mpeg(file),
            encoding=encoding_of(file),
            blocks=_mpeg_blocks(path, frames, file) if frames else _blocks(file),
        )


def decode(source: BinaryIO, num_samples: int) -> NDArray[np.float32]:
    """Decodes lossy sound whose length is known, to float32 [num_samples, channels].

    Raises:
        SkipTrack: not_audio, or decode_error if there is less.
    """
    with contextlib.ExitStack() as stack:
        file = open_sound(source, stack)
        samples = file.read(out=np.empty((num_samples, file.channels), np.float32))
        if len(samples) < num_samples:
            raise SkipTrack("decode_error", f"only {len(samples)} of {num_samples} samples")
        return samples


def _open(path: str, stack: contextlib.ExitStack) -> tuple[soundfile.SoundFile, mpeg.Frames | None]:
    """Opens a file as the decoder should see it; also returns the frames of MPEG audio."""
    with open(path, "rb") as opened:
        start = mpeg.after_tag(opened)
        head = read_at(opened, start, _HEAD_BYTES)
    is_mpeg = is_sync(head) or _MPEG_IN_WAV.match(head) is not None
    file, refusal = None, SkipTrack("not_audio", "no frames of MPEG audio follow each other")
    if not is_mpeg or os.path.getsize(path) < start + _ALWAYS_TRIED_BYTES:
        has_name = not start and HEADS.match(head)
        source = unfinished.repaired(path, start)
        try:
            file = open_sound(source or (path if has_name else patched(path, start=start)), stack)
        except SkipTrack as error:
            refusal = error
    if file is not None and not _is_mpeg(file):
        return file, None
    if (frames := mpeg.find_frames(path)) is not None:
        return _first_segment(path, frames, stack), frames
    if file is None:
        raise refusal
    return file, None


def _first_segment(
    path: str, frames: mpeg.Frames, stack: contextlib.ExitStack
) -> soundfile.SoundFile:
    repaired = mpeg.repaired(path, frames)
    if repaired is None and not frames.segments:
        raise SkipTrack("empty", "the file has no samples")
    try:
        return open_sound(repaired or path, stack)
    except SkipTrack:
        return open_sound(mpeg.segment(path, frames.segments[0]), stack)


def open_sound(source: str | BinaryIO, stack: contextlib.ExitStack) -> SoundFile:
    """Opens a path or a file; the stack closes both."""
    opened = os.fsencode(source) if isinstance(source, str) else stack.enter_context(source)
    try:
        return stack.enter_context(SoundFile(opened))
    except soundfile.LibsndfileError as error:
        # libsndfile reports a file that it does not recognise as nonexistent.
        detail = "no decoder recognises it" if error.code in (1, 7) else error.error_string
        raise SkipTrack("not_audio", detail) from error


def _is_mpeg(file: soundfile.SoundFile) -> bool:
    return file.subtype.startswith("MPEG")


def encoding_of(file: soundfile.SoundFile) -> str:
    """See `Stream.encoding`."""
    return _ENCODINGS.get(file.subtype.partition("_")[0], "integer")


def _declared_frames(file: soundfile.SoundFile) -> int:
    is_guess = _is_mpeg(file) or file.frames >= _UNKNOWN_FRAMES
    return 0 if is_guess else file.frames


def _mpeg_blocks(path: str, frames: mpeg.Frames, file: soundfile.SoundFile) -> Iterator[Block]:
    """Decodes MPEG audio segment by segment: the decoder alone would stop after the first."""
    yield from _blocks(file)
    for segment in frames.segments[1:]:
        with contextlib.ExitStack() as stack, contextlib.suppress(SkipTrack):
            yield from _blocks(open_sound(mpeg.segment(path, segment), stack))


def _blocks(file: soundfile.SoundFile) -> Iterator[Block]:
    dtype = np.float32 if encoding_of(file) == "lossy" else np.float64
    buffer = np.empty((max(1, _BLOCK_SAMPLES // file.channels), file.channels), dtype)
    while len(samples := file.read(out=buffer)):
        yield Block(file.samplerate, samples)
    if file.failure:
        raise SkipTrack("decode_error", soundfile.LibsndfileError(file.failure).error_string)
