"""Enters what libsndfile reads, other than MPEG audio, at any sample."""

import numpy as np

from tfgenre.audio.libsndfile import SoundFile, encoding_of
from tfgenre.audio.read_ahead import ReadAhead
from tfgenre.audio.streams import Samples
from tfgenre.errors import SkipTrack

# Vorbis adds up neighbouring blocks of up to 8,192 samples; the state of an Opus decoder fades.
_SAMPLES_BEFORE = {"VORBIS": 1 << 14, "OPUS": 1 << 15}
_SEARCH_BYTES = 1 << 14  # read at once while libsndfile searches for a place in a FLAC file
_LONGER = 1.1  # a part that is encoded less well than the average


class SndfileParts:
    """A sound file whose header tells its length.

    Attributes:
        rate_hz: its sample rate.
        num_samples: per channel, of the whole file.
        encoding: as in `Stream`.
    """

    def __init__(self, file: SoundFile, source: ReadAhead | None = None) -> None:
        """See the class.

        Args:
            file: the open file.
            source: what libsndfile reads, unless it is a file on a disk.

        Raises:
            SkipTrack: decode_error, if its last sample cannot be read.
        """
        self._file, self._source = file, source
        self.rate_hz, self.num_samples = file.samplerate, file.frames
        self.encoding = encoding_of(file)
        self._before = _SAMPLES_BEFORE.get(file.subtype, 0)
        self.read(max(0, self.num_samples - 1), self.num_samples)

    def read(self, start: int, stop: int) -> Samples:
        """Decodes the samples from start to before stop, [stop - start, channels] as in `Block`.

        Raises:
            SkipTrack: decode_error, if there are fewer.
        """
        entry = max(0, start - self._before)
        dtype = np.float32 if self.encoding == "lossy" else np.float64
        self._read_ahead(0)
        self._file.seek(entry)
        self._read_ahead(stop - entry)
        samples: Samples = self._file.read(stop - entry, dtype, always_2d=True)
        if len(samples) != stop - entry:
            raise SkipTrack("decode_error", f"only {len(samples)} of {stop - entry} samples")
        return samples[start - entry :]

    def _read_ahead(self, num_samples: int) -> None:
        """Sets how much is read at once to what so many samples may take."""
        if self._source is not None:
            share = _LONGER * num_samples / max(1, self.num_samples)
            self._source.piece_bytes = _SEARCH_BYTES + int(share * self._source.num_bytes)
