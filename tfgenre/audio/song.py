"""Opens songs: a path becomes blocks of mono samples at one rate."""

import functools
import itertools
import operator
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import soxr
from numpy.typing import NDArray

from tfgenre.audio import decoders
from tfgenre.audio.streams import Block, Samples, Stream
from tfgenre.errors import SkipTrack

_FULL_SCALE = 2.0**31  # SoX draws its spectrogram from 32-bit integers
_MAX_SAMPLE = 1 - 1 / _FULL_SCALE
RATES_HZ = range(1000, 768_001)  # any other rate means a damaged header


@dataclass(frozen=True)
class Audio:
    """An open song.

    Attributes:
        rate_hz: sample rate of the blocks.
        seconds: the declared length, 0 if unknown.
        is_mpeg: True for MPEG audio, whose length SoX estimates.
        blocks: mono samples, float64 (float32 for lossy songs) [samples] each, full scale 1; can
            only be read once.
    """

    rate_hz: int
    seconds: float
    is_mpeg: bool
    blocks: Iterator[Samples]


@contextmanager
def open_audio(path: str, *, sample_rate_hz: int = 0) -> Iterator[Audio]:
    """Opens a song.

    Args:
        path: the sound file.
        sample_rate_hz: the rate to convert the samples to; 0 keeps the song's own rate.

    Raises:
        SkipTrack: missing, unreadable, empty, not_audio, decode_error or truncated; empty and the
            last two may come while the blocks are read.
    """
    check_file(path)
    with decoders.open_stream(path) as stream:
        check_rate(stream.rate_hz)
        rate_hz = sample_rate_hz or stream.rate_hz
        yield Audio(
            rate_hz=rate_hz,
            seconds=stream.declared_frames / stream.rate_hz,
            is_mpeg=stream.is_mpeg,
            blocks=_resampled(_mono_blocks(stream), rate_hz),
        )


def from_samples(samples: NDArray[np.floating], rate_hz: int, *, sample_rate_hz: int = 0) -> Audio:
    """Samples as a song.

    Args:
        samples: float32 or float64 [samples] or [samples, channels], full scale 1.
        rate_hz: their rate.
        sample_rate_hz: the rate to convert them to; 0 keeps theirs.

    Raises:
        SkipTrack: decode_error if no song has such a rate; empty, while the blocks are read.
    """
    check_rate(rate_hz)
    is_single = samples.itemsize <= 4
    frames = samples[:, np.newaxis] if samples.ndim == 1 else samples
    frames = frames.astype(np.float32 if is_single else np.float64)  # a copy: `mono` overwrites it
    encoding = "float" if is_single else "double"
    blocks = iter([Block(rate_hz, frames)] if len(frames) else [])
    mono_blocks = _mono_blocks(Stream(rate_hz, len(frames), False, encoding, blocks))
    to_rate_hz = sample_rate_hz or rate_hz
    return Audio(to_rate_hz, len(frames) / rate_hz, False, _resampled(mono_blocks, to_rate_hz))


def check_rate(rate_hz: int) -> None:
    """Raises SkipTrack (decode_error) if no song has such a sample rate."""
    if rate_hz not in RATES_HZ:
        raise SkipTrack("decode_error", f"invalid sample rate: {rate_hz} Hz")


def check_file(path: str) -> None:
    """Raises SkipTrack (missing, unreadable, empty, not_audio) if a file cannot be read."""
    try:
        found = os.stat(path)
    except OSError as error:
        raise SkipTrack("missing", error.strerror or str(error)) from error
    if not stat.S_ISREG(found.st_mode):
        raise SkipTrack("not_audio", "not a regular file, but a folder, pipe or device")
    if not os.access(path, os.R_OK):
        raise SkipTrack("unreadable", "permission denied")
    if not found.st_size:
        raise SkipTrack("empty", "the file has no bytes")


def _mono_blocks(stream: Stream) -> Iterator[Block]:
    """The channels' mean. An error after half of the song or more ends the song without raising."""
    expected = stream.declared_frames
    decoded = 0.0
    try:
        for rate_hz, samples in stream.blocks:
            decoded += len(samples) * stream.rate_hz / rate_hz
            yield Block(rate_hz, mono(samples, stream.encoding))
    except SkipTrack:
        if not decoded or decoded < expected / 2:
            raise
    if not decoded:
        raise SkipTrack("empty", "the file has no samples")
    if decoded < expected / 2:
        raise SkipTrack("truncated", f"only {decoded:.0f} of {expected} samples could be decoded")


def mono(block: Samples, encoding: str) -> Samples:
    """SoX's `remix -`: the channels' mean in 32-bit steps, [frames, channels] -> [frames].

    The mean of lossy samples is not rounded: decoders differ by more than a step. Overwrites the
    block.
    """
    highest, lowest = block.max(initial=0), block.min(initial=0)
    if np.isnan(highest):
        np.nan_to_num(block, copy=False)
    if not (highest <= _MAX_SAMPLE and lowest >= -1):
        np.clip(block, -1, _MAX_SAMPLE, out=block)
    if encoding == "float":
        block = np.trunc(block * _FULL_SCALE) / _FULL_SCALE
    elif encoding == "double":
        block = _rounded(block)
    block *= 1 / block.shape[1]
    mean = functools.reduce(np.add, block.T)
    return np.array(mean) if encoding == "lossy" else _rounded(mean)  # never a part of the block


def _rounded(samples: Samples) -> NDArray[np.float64]:
    """Rounds to 32-bit steps, halves away from zero, as SoX does."""
    steps = samples * _FULL_SCALE
    steps += np.copysign(0.5, steps)
    return np.trunc(steps, out=steps) / _FULL_SCALE


def _resampled(blocks: Iterator[Block], to_rate_hz: int) -> Iterator[Samples]:
    """Resamples each part of a song that has another rate."""
    for rate_hz, part in itertools.groupby(blocks, key=operator.attrgetter("rate_hz")):
        check_rate(rate_hz)
        samples = (block.samples for block in part)
        yield from samples if rate_hz == to_rate_hz else converted(samples, rate_hz, to_rate_hz)


def converted(parts: Iterable[Samples], rate_hz: int, to_rate_hz: int) -> Iterator[Samples]:
    """Resamples with libsoxr at the quality of SoX's `rate -v`."""
    resampler = soxr.ResampleStream(rate_hz, to_rate_hz, 1, dtype="float64", quality="VHQ")
    for samples in parts:
        yield resampler.resample_chunk(samples.astype(np.float64))
    yield resampler.resample_chunk(np.zeros(0), last=True)
