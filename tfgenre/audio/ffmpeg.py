"""Decodes what only ffmpeg reads, with PyAV (the `av` extra), which is imported on first use."""

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tfgenre.audio.patched import patched
from tfgenre.audio.streams import Block, Stream
from tfgenre.errors import SkipTrack

SUFFIXES = frozenset(
    ".3g2 .3ga .3gp .aa .aac .aax .ac3 .adts .amr .ape .asf .awb .dff .dsf .dts .eac3 .ec3 .m4a "
    ".m4b .m4r .mka .mp+ .mp4 .mpc .mpp .ra .rm .shn .spx .tak .tta .webm .weba .wma .wv".split()
)
HEAD_BYTES = 1 << 12  # of a file, enough to tell its format
# Formats are recognised by their first bytes, since names can be wrong. ffmpeg gets no others: it
# would also open playlists, which refer to other files and hosts.
_FORMATS = {
    "aa": rb".{4}\x57\x90\x75\x36",
    "aac": rb"\xff[\xf0\xf1\xf8\xf9]|ADIF",
    "ac3": rb"\x0b\x77",
    "amr": rb"#!AMR",
    "ape": rb"MAC ",
    "asf": rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11",
    "dsf": rb"DSD ",
    "dts": rb"\x7f\xfe\x80\x01|\xfe\x7f\x01\x80",
    "iff": rb"FRM8",
    "matroska": rb"\x1a\x45\xdf\xa3",
    "mov": rb".{4}(ftyp|moov|mdat|wide|free|skip)",
    "mpc": rb"MP\+",
    "mpc8": rb"MPCK",
    "rm": rb"\.RMF|\.ra\xfd",
    "shn": rb"ajkg",
    "tak": rb"tBaK",
    "tta": rb"TTA1",
    "wv": rb"wvpk",
}
_SECOND_FORMATS = {  # libsndfile reads them, but not with every codec in them
    "aiff": rb"FORM.{4}AIF",
    "au": rb"\.snd",
    "caf": rb"caff",
    "flac": rb"fLaC",
    "ogg": rb"OggS",
    "wav": rb"(RIFF|RIFX|RF64).{4}WAVE",
    "w64": rb"riff\x2e\x91\xcf\x11",
}
_BARE_STREAMS = {".aac": "aac", ".ac3": "ac3", ".dts": "dts"}  # without a length; cut anywhere
_PROTECTED_TAGS = ("drms", "drmi", "enca", "aavd", "p608")  # of codecs, in mov
_PROTECTED_ASF = (  # Windows Media's encryption objects, which are named by GUIDs
    bytes.fromhex("fbb3112223bdd211b4b700a0c955fc6e"),
    bytes.fromhex("14e68a292226174cb935dae07ee9289c"),
)
_PROTECTED = "copy-protected (DRM): only its shop's player can decode it"
_ASF_HEADER_BYTES = 1 << 16
_MAX_DAMAGED_PACKETS = 1000
_MAX_CHANNELS = 16  # more mean damage, and PyAV would read out of bounds


def format_of(head: bytes, path: str) -> str | None:
    """The format of a file that only ffmpeg reads, None if it is another.

    Args:
        head: its first bytes after any tag.
        path: its name, which tells bare streams.
    """
    return _match(_FORMATS, head) or _BARE_STREAMS.get(Path(path).suffix.lower())


def second_format_of(head: bytes) -> str | None:
    """The format of a file that ffmpeg may read where libsndfile fails, None if there is none."""
    return _match(_SECOND_FORMATS, head)


def _match(formats: dict[str, bytes], head: bytes) -> str | None:
    found = (name for name, magic in formats.items() if re.match(magic, head, re.DOTALL))
    return next(found, None)


@contextmanager
def open_stream(
    path: str, ffmpeg_format: str, *, part: tuple[int, int] | None = None
) -> Iterator[Stream]:
    """Opens a sound file of the given format.

    Args:
        path: the file.
        ffmpeg_format: ffmpeg's name for its format.
        part: where in it a chained Ogg file starts and ends, in bytes; None: all of it.

    Raises:
        SkipTrack: not_audio; decode_error while the blocks are read.
    """
    with opened(path, ffmpeg_format, part) as container:
        stream = next(iter(container.streams.audio), None)
        if stream is None or stream.codec_context is None or not stream.rate:
            raise SkipTrack("not_audio", "no audio stream that ffmpeg recognises")
        if ffmpeg_format == "mov" and _codec_tag(stream) in _PROTECTED_TAGS:
            raise SkipTrack("not_audio", _PROTECTED)
        seconds = float(stream.duration * stream.time_base) if stream.duration else 0.0
        yield Stream(
            rate_hz=stream.rate,
            declared_frames=_declared_frames(seconds * stream.rate, ffmpeg_format),
            is_mpeg=False,
            encoding="lossy",
            blocks=_blocks(container, stream),
        )


@contextmanager
def opened(path: str, ffmpeg_format: str, part: tuple[int, int] | None) -> Iterator[Any]:
    """An open container.

    Raises:
        SkipTrack: not_audio, if the extra is missing or ffmpeg does not recognise the file.
    """
    try:
        import av
    except ImportError as error:
        detail = "its format needs the av extra: pip install 'tfgenre[av]'"
        raise SkipTrack("not_audio", detail) from error
    if ffmpeg_format == "asf" and _is_protected_asf(path):
        raise SkipTrack("not_audio", _PROTECTED)
    options = {"protocol_whitelist": "file"}
    with ExitStack() as stack:
        # An absolute path: ffmpeg takes the text before a colon for a protocol.
        source: Any = os.path.abspath(path)
        if part is not None:
            source = stack.enter_context(patched(path, start=part[0], end=part[1]))
        try:
            container = av.open(source, format=ffmpeg_format, options=options)
        except (av.FFmpegError, OSError, ValueError) as error:
            detail = getattr(error, "strerror", None) or str(error)
            raise SkipTrack("not_audio", detail) from error
        yield stack.enter_context(container)


def _codec_tag(stream: Any) -> str:
    try:
        return str(stream.codec_context.codec_tag)
    except UnicodeDecodeError:  # a damaged file
        return ""


def _is_protected_asf(path: str) -> bool:
    with open(path, "rb") as file:
        head = file.read(_ASF_HEADER_BYTES)
    return any(guid in head for guid in _PROTECTED_ASF)


def _declared_frames(frames: float, ffmpeg_format: str) -> int:
    return 0 if ffmpeg_format in _BARE_STREAMS.values() else int(frames)


def _blocks(container: Any, stream: Any) -> Iterator[Block]:
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
                    to_float = av.AudioResampler("fltp", frame.layout, frame.sample_rate)
                assert to_float is not None
                for converted in to_float.resample(frame):
                    yield Block(frame.sample_rate, converted.to_ndarray().T)
        except (av.FFmpegError, ValueError) as error:  # the next packet may be intact
            damaged_packets += 1
            if damaged_packets > _MAX_DAMAGED_PACKETS:
                raise SkipTrack("decode_error", str(error)) from error
