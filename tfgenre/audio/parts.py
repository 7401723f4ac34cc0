"""Opens a song to decode only parts of it, where that gives the same samples as decoding it whole.

That is so for MPEG audio whose frames follow each other, for what libsndfile reads, unless the file
is chained, has a tag at its start, or a header that is wrong, and for Apple Lossless. Of a remote
file, or one that an archive holds uncompressed, only those parts are read; where that cannot be, a
copy of it on a disk may still be entered.

The samples are not quite the same where they are resampled (within 2e-10), or follow a damaged
frame of MPEG audio (its decoder then rounds otherwise). Damage elsewhere is not noticed, unless it
interrupts the frames of MPEG audio on a disk; decoding the whole may end at it.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import BinaryIO, Protocol, cast

import numpy as np

from tfgenre import storage
from tfgenre.audio import archives, ffmpeg, libsndfile, mpeg, ogg, unfinished
from tfgenre.audio.ffmpeg_parts import AlacParts
from tfgenre.audio.mpeg_headers import is_sync
from tfgenre.audio.mpeg_parts import MpegParts
from tfgenre.audio.mpeg_places import Places, probed, walked
from tfgenre.audio.sndfile_parts import SndfileParts
from tfgenre.audio.song import check_file, check_rate, converted, mono
from tfgenre.audio.streams import Samples
from tfgenre.errors import SkipTrack
from tfgenre.files import read_at

_SETTLED_SAMPLES = 4096  # of the higher rate: what the resampler's filter reaches, generously
_PIECE_BYTES = 1 << 13


class _Entered(Protocol):
    rate_hz: int
    num_samples: int
    encoding: str

    def read(self, start: int, stop: int) -> Samples: ...


class Parts:
    """A song of which parts can be read.

    Attributes:
        rate_hz: the sample rate of what is read.
        num_samples: the length of the song at that rate.
    """

    def __init__(self, song: _Entered, *, sample_rate_hz: int) -> None:
        self._song = song
        self.rate_hz = sample_rate_hz or song.rate_hz
        common = np.gcd(self.rate_hz, song.rate_hz)
        self._up, self._down = int(self.rate_hz // common), int(song.rate_hz // common)
        self.num_samples = (2 * song.num_samples * self._up + self._down) // (2 * self._down)

    def read(self, start: int, stop: int) -> Samples:
        """Mono samples from start to before stop, as `open_audio` gives them, [stop - start].

        Raises:
            SkipTrack: decode_error, if they cannot be decoded.
        """
        if self._up == self._down:
            return self._mono(start, stop)
        settled = _SETTLED_SAMPLES * max(1, -(-self._down // self._up))
        # The resampler's phases repeat after `down` samples.
        first = max(0, start * self._down // self._up - settled) // self._down
        last = min(self._song.num_samples, -(-stop * self._down // self._up) + settled)
        samples = self._mono(first * self._down, last)
        found = np.concatenate([*converted([samples], self._song.rate_hz, self.rate_hz)])
        return cast(Samples, found[start - first * self._up : stop - first * self._up])

    def _mono(self, start: int, stop: int) -> Samples:
        return mono(self._song.read(start, stop), self._song.encoding)


@contextmanager
def open_parts(path: str, *, sample_rate_hz: int) -> Iterator[Parts]:
    """Opens a song.

    Args:
        path: the sound file; it may be in an archive or a remote place.
        sample_rate_hz: the rate to convert the samples to; 0 keeps the song's own rate.

    Raises:
        SkipTrack: if it cannot be entered; then `open_audio` decodes it, or says what is wrong.
    """
    with ExitStack() as stack:
        try:
            song = _entered(path, stack)
            check_rate(song.rate_hz)
            yield Parts(song, sample_rate_hz=sample_rate_hz)
        except Exception as error:  # cloud libraries raise anything
            is_decoders = isinstance(error, (OSError, ValueError, RuntimeError))
            if is_decoders or storage.is_remote(path):
                raise SkipTrack("unreadable", str(error)) from error
            raise


def _entered(path: str, stack: ExitStack) -> _Entered:
    is_on_disk = _is_on_disk(path)
    if is_on_disk:
        check_file(path)
    ahead = stack.enter_context(archives.random_access(path, piece_bytes=_PIECE_BYTES))
    file = cast(BinaryIO, ahead)
    start = mpeg.after_tag(file)
    head = read_at(file, start, ffmpeg.HEAD_BYTES)
    if is_sync(head):
        return MpegParts(file, _places(file, path))
    other_format = ffmpeg.format_of(head, path)
    if other_format == "mov" and is_on_disk:
        return AlacParts(path, stack)
    if start or other_format or not libsndfile.HEADS.match(head) or _is_irregular(file, head, path):
        raise SkipTrack("decode_error", "cannot be entered")
    if is_on_disk:
        return SndfileParts(libsndfile.open_sound(path, stack))
    file.seek(0)
    return SndfileParts(libsndfile.open_sound(file, stack), ahead)


def _is_on_disk(path: str) -> bool:
    return archives.split_path(path) is None and not storage.is_remote(path)


def _places(file: BinaryIO, path: str) -> Places:
    found: Places | None = None if _is_on_disk(path) else probed(file)
    if found is None and not storage.is_remote(path):
        found = walked(file)
    if found is None:
        raise SkipTrack("decode_error", "its frames cannot be counted")
    return found


def _is_irregular(file: BinaryIO, head: bytes, path: str) -> bool:
    """Whether a file's header is wrong, or it may be several chained ones."""
    if head[:4] == b"OggS":  # chained files are found by reading all
        return storage.is_remote(path) or len(ogg.links(file, 0)) > 1
    return _is_on_disk(path) and unfinished.repaired(path) is not None
