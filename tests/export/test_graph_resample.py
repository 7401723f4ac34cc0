"""Resampling in the graph."""

import numpy as np
import pytest
import soxr
import tensorflow as tf

from tests import songs
from tests.export.numpy_renderer import drawn_by_numpy
from tfgenre.config import RenderConfig
from tfgenre.export.graph_resample import resample


@pytest.mark.parametrize("rate_hz", [8000, 22050, 32000, 48000, 96000])
def test_the_graph_resamples_nearly_like_libsoxr(rate_hz):
    """Lengths are equal; pixels differ where the low-pass slopes do, near the highest frequency."""
    samples = songs.noise(5.01, rate_hz=rate_hz).astype(np.float32)
    resampling = tf.function(lambda samples: resample(samples, rate_hz=rate_hz, to_rate_hz=44100))
    ours = resampling(samples).numpy()
    theirs = soxr.resample(samples.astype(np.float64), rate_hz, 44100, quality="VHQ")
    assert (ours.dtype, ours.shape) == (np.float32, theirs.shape)
    pictures = [drawn_by_numpy(song, 44100, RenderConfig()).astype(int) for song in (ours, theirs)]
    assert np.mean(pictures[0] != pictures[1]) < 0.04
