"""Streams of what only ffmpeg reads, by PyAV (extra `av`), which is imported when needed."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tfgenre.audio.streams import Samples, Stream
from tfgenre.errors import SkipTrack

SUFFIXES = frozenset(".aac .ac3 .ape .m4a .m4b .mka .mp4 .mpc .tta .webm .wma .wv".split())
# What a file is, its first bytes tell; its name may lie. No other formats are left to ffmpeg: it
# would open playlists, too, which name other files and hosts.
_FORMATS = {
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
_BARE_STREAMS = {".aac": "aac", ".ac3": "ac3"}  # which may start anywhere, and declare no length
_MOST_FAILURES = 1000  # damaged packets
_MOST_CHANNELS = 16  # more are damage, and PyAV would read beyond them


def format_of(start: bytes, path: str) -> str | None:
    """Which of ffmpeg's formats a file is, by its first 16 bytes after a tag; None if none."""
    for ffmpeg_format, magic in _FORMATS.items():
        if re.match(magic, start, re.DOTALL):
            return ffmpeg_format
    return _BARE_STREAMS.get(Path(path).suffix.lower())


@contextmanager
def open_stream(path: str, ffmpeg_format: str) -> Iterator[Stream]:
    """Opens a sound file of a format.

    Raises:
        SkipTrack: not_audio; decode_error while the blocks are read.
    """
    try:
        import av
    except ImportError as error:
        detail = "its format needs the extra av: pip install 'tfgenre[av]'"
        raise SkipTrack("not_audio", detail) from error
    options = {"protocol_whitelist": "file"}
    try:  # an absolute path: ffmpeg takes what stands before a colon for a protocol
        container = av.open(os.path.abspath(path), format=ffmpeg_format, options=options)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise SkipTrack("not_audio", str(error)) from error
    with container:
        stream = next(iter(container.streams.audio), None)
        if stream is None or stream.codec_context is None or not stream.rate:
            raise SkipTrack("not_audio", "no sound in it that ffmpeg knows")
        seconds = float(stream.duration * stream.time_base) if stream.duration else 0.0
        yield Stream(
            rate_hz=stream.rate,
            declared_frames=_declared_frames(seconds * stream.rate, ffmpeg_format),
            is_mpeg=False,
            encoding="lossy",
            blocks=_blocks(container, stream),
        )


def _declared_frames(frames: float, ffmpeg_format: str) -> int:
    return 0 if ffmpeg_format in _BARE_STREAMS.values() else int(frames)


def _blocks(container: Any, stream: Any) -> Iterator[Samples]:
    import av

    failures, seen, to_float = 0, None, None
    packets = container.demux(stream)
    while True:
        try:
            if (packet := next(packets, None)) is None:
                return
            for frame in packet.decode():
                if frame.layout.nb_channels > _MOST_CHANNELS:
                    raise ValueError(f"{frame.layout.nb_channels} channels")
                kind = (frame.format.name, frame.layout.name, frame.sample_rate)
                if kind != seen:
                    seen = kind
                    to_float = av.AudioResampler("fltp", frame.layout, stream.rate)
                assert to_float is not None
                for converted in to_float.resample(frame):
                    yield converted.to_ndarray().T
        except (av.FFmpegError, ValueError) as error:  # a damaged packet; the next may be whole
            failures += 1
            if failures > _MOST_FAILURES:
                raise SkipTrack("decode_error", str(error)) from error
