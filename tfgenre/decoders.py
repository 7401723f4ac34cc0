"""Sound files as streams of samples, each by the decoder for what it is."""

from contextlib import AbstractContextManager

from tfgenre import ffmpeg, libsndfile, mpeg
from tfgenre.streams import Stream

SUFFIXES = libsndfile.SUFFIXES | ffmpeg.SUFFIXES


def open_stream(path: str) -> AbstractContextManager[Stream]:
    """Opens a sound file.

    Raises:
        SkipTrack: not_audio or truncated; decode_error while the blocks are read.
    """
    with open(path, "rb") as file:
        file.seek(mpeg.after_tag(file))
        ffmpeg_format = ffmpeg.format_of(file.read(16), path)
    if ffmpeg_format is not None:
        return ffmpeg.open_stream(path, ffmpeg_format)
    return libsndfile.open_stream(path)
