"""Chooses the decoder for a sound file by its first bytes, and joins the parts of a chained one."""

import itertools
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace

from tfgenre.audio import ffmpeg, libsndfile, mpeg, ogg
from tfgenre.audio.streams import Block, Stream
from tfgenre.errors import SkipTrack
from tfgenre.files import read_at

# Copy-protected songs and formats that no decoder here reads: they are found, tried and counted.
_UNREAD_SUFFIXES = frozenset(".aaxc .la .m4p .ofr .ofs".split())
SUFFIXES = libsndfile.SUFFIXES | ffmpeg.SUFFIXES | _UNREAD_SUFFIXES
_Part = tuple[int, int]


@contextmanager
def open_stream(path: str) -> Iterator[Stream]:
    """Opens a sound file with the decoder for its format.

    Raises:
        SkipTrack: not_audio, truncated or decode_error; decode_error while the blocks are read.
    """
    with open(path, "rb") as file:
        start = mpeg.after_tag(file)
        parts = ogg.links(file, start) if read_at(file, start, 4) == b"OggS" else ()
    with ExitStack() as stack:
        yield _chain(path, parts) if len(parts) > 1 else _open(path, None, stack)


def _open(path: str, part: _Part | None, stack: ExitStack) -> Stream:
    """Opens a file, or a part of it, until the stack is closed."""
    with open(path, "rb") as file:
        start = part[0] if part else mpeg.after_tag(file)
        head = read_at(file, start, ffmpeg.HEAD_BYTES)
    if (only := ffmpeg.format_of(head, path)) is not None:
        return stack.enter_context(ffmpeg.open_stream(path, only, part=part))
    try:
        return _started(stack.enter_context(libsndfile.open_stream(path, part=part)))
    except SkipTrack as refusal:
        second = ffmpeg.second_format_of(head)
        if second is None or refusal.reason not in ("not_audio", "decode_error"):
            raise
        try:
            return _started(stack.enter_context(ffmpeg.open_stream(path, second, part=part)))
        except SkipTrack as error:
            detail = f"libsndfile: {refusal.detail.rstrip('.')}; ffmpeg: {error.detail}"
            raise SkipTrack(refusal.reason, detail) from error


def _started(stream: Stream) -> Stream:
    """A stream whose first block is read, so that a decoder that fails at once fails here.

    Raises:
        SkipTrack: decode_error, or empty if there is none.
    """
    first = next(stream.blocks, None)
    if first is None:
        raise SkipTrack("empty", "the file has no samples")
    return replace(stream, blocks=itertools.chain([first], stream.blocks))


def _chain(path: str, parts: tuple[_Part, ...]) -> Stream:
    """The parts of a file as one stream; the length of those that cannot be opened is estimated.

    Raises:
        SkipTrack: if none can be opened.
    """
    first, seconds, num_bytes = None, 0.0, 0
    for part in parts:
        with ExitStack() as stack, suppress(SkipTrack):
            stream = _open(path, part, stack)
            first = first or stream
            seconds += stream.declared_frames / stream.rate_hz
            num_bytes += part[1] - part[0]
    if first is None:
        with ExitStack() as stack:
            return _open(path, parts[0], stack)
    seconds *= (parts[-1][1] - parts[0][0]) / num_bytes
    frames = round(seconds * first.rate_hz)
    return replace(first, declared_frames=frames, blocks=_chained(path, parts))


def _chained(path: str, parts: tuple[_Part, ...]) -> Iterator[Block]:
    """All blocks of all parts; then raises the first error, if there was one."""
    failure = None
    for number, part in enumerate(parts, 1):
        with ExitStack() as stack:
            try:
                yield from _open(path, part, stack).blocks
            except SkipTrack as error:
                detail = f"part {number} of {len(parts)}: {error.detail}"
                failure = failure or SkipTrack(error.reason, detail)
    if failure is not None:
        raise failure
