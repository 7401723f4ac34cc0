"""Renders a song: a path becomes slices, or SkipTrack. Building and predicting both use it."""

import itertools
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tfgenre.audio import archives
from tfgenre.audio.song import Audio, from_samples, open_audio
from tfgenre.config import RenderConfig
from tfgenre.errors import SkipTrack, UserError
from tfgenre.spectrogram import mel, musicnn, native, parts, slices, sox
from tfgenre.spectrogram.palette import PALETTE_FIRST

# By spectrogram.
DRAW = {"sox": native.columns, "mel": mel.columns, "musicnn": musicnn.columns}
_SLICES_PER_PIECE = 64  # 1 MB
_MIN_BYTES_PER_SECOND = 1000  # MPEG audio has at least 8 kbit/s


class Slices(NamedTuple):
    """Slices of a song.

    Attributes:
        images: uint8 [slices, 128, 128].
        indices: the position of each in the song, int64 [slices].
    """

    images: NDArray[np.uint8]
    indices: NDArray[np.int64]


def render(path: str, config: RenderConfig) -> Slices:
    """Renders a whole song; see `render_pieces`."""
    return join(render_pieces(path, config))


def join(pieces: Iterable[Slices]) -> Slices:
    """Joins a song's pieces."""
    images, indices = zip(*pieces, strict=True)
    return Slices(np.concatenate(images), np.concatenate(indices))


def render_pieces(path: str, config: RenderConfig) -> Iterator[Slices]:
    """Renders a song while it is decoded, in memory independent of its length.

    Args:
        path: the sound file.
        config: the rendering options.

    Yields:
        At least one piece, each of at most 64 slices (or the kept ones).

    Raises:
        SkipTrack: with one of `errors.SKIP_REASONS`. It may come after some pieces, which must then
            be discarded.
    """
    if parts.are_enough(config):
        with suppress(SkipTrack):
            images, indices = parts.render_parts(path, config)
            yield Slices(images, np.array(indices))
            return
        with archives.on_disk(path) as copy:
            if copy != path:
                yield from render_pieces(copy, config)
                return
    yield from render_whole(path, config)


def render_whole(path: str, config: RenderConfig) -> Iterator[Slices]:
    """Renders a song of which all is decoded, see `render_pieces`."""
    return _pieces(columns(path, config), config)


def render_samples(samples: NDArray[np.floating], rate_hz: int, config: RenderConfig) -> Slices:
    """Renders samples, as a file that holds them would be; never with the sox program.

    Args:
        samples: float32 or float64 [samples] or [samples, channels], full scale 1.
        rate_hz: their rate.
        config: the rendering options.

    Raises:
        SkipTrack: decode_error if no song has such a rate; empty, too_short or silent.
    """
    song = from_samples(samples, rate_hz, sample_rate_hz=config.sample_rate_hz)
    return join(_pieces(_drawn(song, config), config))


def _pieces(drawn: Iterable[NDArray[np.uint8]], config: RenderConfig) -> Iterator[Slices]:
    """Cuts a song's columns into slices, see `render_pieces`."""
    audible, num_columns = False, 0

    def checked() -> Iterator[NDArray[np.uint8]]:
        nonlocal audible, num_columns
        for some in drawn:
            num_columns += len(some)
            audible = audible or bool(some.size and some.max() > PALETTE_FIRST)
            yield some

    cut = slices.cut(checked(), tail=config.tail)
    chosen = slices.spread(cut, config.max_slices_per_track)
    num_pieces = 0
    while piece := list(itertools.islice(chosen, _SLICES_PER_PIECE)):
        num_pieces += 1
        yield Slices(
            np.stack([image for _, image in piece]), np.array([index for index, _ in piece])
        )
    if not num_pieces:
        raise SkipTrack("too_short", f"{num_columns} columns; a slice needs {slices.SLICE_SIZE}")
    if not audible:
        raise SkipTrack("silent", "nothing above -120 dB")


def columns(path: str, config: RenderConfig) -> Iterator[NDArray[np.uint8]]:
    """Yields a song's columns as they are drawn, each from the lowest frequency up.

    They are uint8 [columns, 129], see `native.columns`, or [columns, 128], see `mel.columns` and
    `musicnn.columns`.

    Raises:
        SkipTrack: as `render_pieces`.
    """
    with archives.on_disk(path) as place:
        if config.renderer == "sox":
            file_type = "" if place == path else Path(path).suffix[1:].lower()
            yield _sox_picture(place, config, file_type=file_type).T[:, ::-1]
            return
        with open_audio(place, sample_rate_hz=config.sample_rate_hz) as song:
            yield from _drawn(song, config)


def _drawn(song: Audio, config: RenderConfig) -> Iterator[NDArray[np.uint8]]:
    """A song's columns, drawn in this process."""
    return DRAW[config.spectrogram](
        song.blocks, rate_hz=song.rate_hz, pixels_per_second=config.pixels_per_second
    )


def _sox_picture(path: str, config: RenderConfig, *, file_type: str) -> NDArray[np.uint8]:
    """A song's picture by the sox program, uint8 [129, columns]; our decoder must open it, too."""
    with open_audio(path) as song:
        seconds = os.path.getsize(path) / _MIN_BYTES_PER_SECOND if song.is_mpeg else None
    return sox.spectrogram(
        path,
        file_type=file_type,
        pixels_per_second=config.pixels_per_second,
        sample_rate_hz=config.sample_rate_hz,
        seconds=seconds,
    )


def check_renderer(config: RenderConfig) -> None:
    """Raises UserError if the renderer is a program that is not installed."""
    if config.renderer == "sox" and shutil.which("sox") is None:
        raise UserError(
            "--renderer=sox: the sox program is not installed (apt-get install sox "
            "libsox-fmt-mp3); --renderer=native draws the same pictures without it."
        )
