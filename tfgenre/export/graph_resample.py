"""Resamples songs inside a graph, with nearly the result of libsoxr."""

import tensorflow as tf

# libsoxr's low-pass at the quality of SoX's `rate -v`, within 0.5 % of the amplitude. Frequencies
# are relative to half the lower sample rate.
_CUTOFF = 0.9556
_TRANSITION = 0.0144


def resample(samples: tf.Tensor, *, rate_hz: tf.Tensor, to_rate_hz: int) -> tf.Tensor:
    """Converts a song to another sample rate, by one Fourier transform of the whole song.

    Args:
        samples: float32 [samples].
        rate_hz: their sample rate, an int32 scalar, 1 or more.
        to_rate_hz: the sample rate to convert to.

    Returns:
        float32 [samples], of the same duration, rounded to whole samples.
    """
    num_samples, from_hz = tf.size(samples, tf.int64), tf.cast(rate_hz, tf.int64)
    # Padded to whole seconds, which are whole numbers of samples at either rate. At least one is
    # silence, because a Fourier transform treats the song as periodic.
    seconds = num_samples // from_hz + 2
    silence = seconds * from_hz - num_samples
    spectrum = tf.signal.rfft(tf.pad(tf.cast(samples, tf.float64), [[0, silence]]))
    ratio = to_rate_hz / tf.cast(from_hz, tf.float64)
    response = ratio * _low_pass(spectrum, seconds * tf.minimum(from_hz, to_rate_hz) / 2)
    resampled = tf.signal.irfft(
        spectrum * tf.cast(response, tf.complex128), [tf.cast(seconds * to_rate_hz, tf.int32)]
    )
    num_resampled = tf.cast(tf.cast(num_samples, tf.float64) * ratio + 0.5, tf.int64)
    return tf.cast(resampled[:num_resampled], tf.float32)


def _low_pass(spectrum: tf.Tensor, nyquist: tf.Tensor) -> tf.Tensor:
    """The gain at each frequency, float64 [frequencies].

    Args:
        spectrum: of the song.
        nyquist: the index of half the lower sample rate in it.
    """
    frequencies = tf.range(tf.size(spectrum), dtype=tf.float64) / nyquist
    return tf.math.erfc((frequencies - _CUTOFF) / _TRANSITION) / 2
