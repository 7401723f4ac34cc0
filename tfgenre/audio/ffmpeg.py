"""Decodes what only ffmpeg reads, with PyAV (the `av` extra), which is imported on first use."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tfgenre.audio.streams import Samples, Stream
from tfgenre.errors import SkipTrack

SUFFIXES = frozenset(".aac .ac3 .ape .m4a .m4b .mka .mp4 .mpc .tta .webm .wma .wv".split())
# Formats are recognised by their first bytes, since names can be wrong. ffmpeg gets no others: it
# would also open playlists, which refer to other files and hosts.
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
_BARE_STREAMS = {".aac": "aac", ".ac3": "ac3"}  # they may start anywhere, and declare no length
_MAX_DAMAGED_PACKETS = 1000
_MAX_CHANNELS = 16  # more mean damage, and PyAV would read out of bounds


def format_of(start: bytes, path: str) -> str | None:
    """The ffmpeg format of a file, by its first 16 bytes after any tag; None if it has none."""
    for ffmpeg_format, magic in _FORMATS.items():
        if re.match(magic, start, re.DOTALL):
            return ffmpeg_format
    return _BARE_STREAMS.get(Path(path).suffix.lower())


@contextmanager
def open_stream(path: str, ffmpeg_format: str) -> Iterator[Stream]:
    """Opens a sound file of the given format.

    Raises:
        SkipTrack: not_audio; decode_error while the blocks are read.
    """
    try:
        import av
    except ImportError as error:
        detail = "its format needs the av extra: pip install 'tfgenre[av]'"
        raise SkipTrack("not_audio", detail) from error
    options = {"protocol_whitelist": "file"}
    try:  # an absolute path: ffmpeg takes the text before a colon for a protocol
        container = av.open(os.path.abspath(path), format=ffmpeg_format, options=options)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise SkipTrack("not_audio", str(error)) from error
    with container:
        stream = next(iter(container.streams.audio), None)
        if stream is None or stream.codec_context is None or not stream.rate:
            raise SkipTrack("not_audio", "no audio stream that ffmpeg recognises")
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

    damaged_packets, last_format, to_float = 0, None, None
    packets = container.demux(stream)
    while True:
        try:
            if (packet := next(packets, None)) is None:
                return
            for frame in packet.decode():
                if frame.layout.nb_channels > _MAX_CHANNELS:
                    raise ValueError(f"{frame.layout.nb_channels} channels, over {_MAX_CHANNELS}")
                frame_format = (frame.format.name, frame.layout.name, frame.sample_rate)
                if frame_format != last_format:
                    last_format = frame_format
                    to_float = av.AudioResampler("fltp", frame.layout, stream.rate)
                assert to_float is not None
                for converted in to_float.resample(frame):
                    yield converted.to_ndarray().T
        except (av.FFmpegError, ValueError) as error:  # the next packet may be intact
            damaged_packets += 1
            if damaged_packets > _MAX_DAMAGED_PACKETS:
                raise SkipTrack("decode_error", str(error)) from error
