"""Enters Apple Lossless (ALAC in MP4 files) at any sample, through PyAV.

Other formats that ffmpeg reads are decoded whole: AAC, for one, may fill bands with noise that
depends on all before.
"""

from contextlib import ExitStack
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfgenre.audio import ffmpeg
from tfgenre.audio.streams import Samples
from tfgenre.errors import SkipTrack


class AlacParts:
    """An open file.

    Attributes:
        rate_hz: its sample rate.
        num_samples: per channel, of the whole file.
        encoding: as in `Stream`.
    """

    encoding = "lossy"

    def __init__(self, path: str, stack: ExitStack) -> None:
        """See the class; the stack closes the file.

        Raises:
            SkipTrack: not_audio, if it holds another codec, or does not start at 0.
        """
        self._container = stack.enter_context(ffmpeg.opened(path, "mov", None))
        self._stream: Any = next(iter(self._container.streams.audio), None)
        if self._stream is None or self._stream.codec_context.name != "alac":
            raise SkipTrack("not_audio", "only ALAC can be entered")
        self.rate_hz, self.num_samples = self._stream.rate, self._stream.duration
        is_per_sample = self._stream.time_base == Fraction(1, self._stream.rate)
        if self._stream.start_time != 0 or not is_per_sample:
            raise SkipTrack("not_audio", "its times are not those of samples")

    def read(self, start: int, stop: int) -> Samples:
        """Decodes the samples from start to before stop, float32 [stop - start, channels].

        Raises:
            SkipTrack: decode_error, if they are not all there.
        """
        import av

        found: list[NDArray[np.float32]] = []
        first = last = start
        to_float = av.AudioResampler("fltp", self._stream.layout, self._stream.rate)
        try:
            self._container.seek(start, stream=self._stream)
            for frame in self._container.decode(self._stream):
                first, last = frame.pts if not found else first, frame.pts + frame.samples
                found += (each.to_ndarray().T for each in to_float.resample(frame))
                if last >= stop:
                    break
        except (av.FFmpegError, ValueError) as error:
            raise SkipTrack("decode_error", str(error)) from error
        if first > start or last < stop or sum(map(len, found)) != last - first:
            raise SkipTrack("decode_error", "samples are missing")
        return np.concatenate(found)[start - first : stop - first]
