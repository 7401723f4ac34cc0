"""Another sample rate, inside a graph: nearly what libsoxr makes of a song."""

import tensorflow as tf

# libsoxr's low-pass at the quality of SoX's `rate -v`, within 0.5 % of the amplitude. Frequencies
# are in parts of half the lower sample rate.
_CUTOFF = 0.9556
_TRANSITION = 0.0144


def resample(samples: tf.Tensor, *, rate_hz: tf.Tensor, to_rate_hz: int) -> tf.Tensor:
    """Converts a song to another sample rate, by one Fourier transform of all of it.

    Args:
        samples: float32 [samples].
        rate_hz: theirs, an int32 scalar, 1 or more.
        to_rate_hz: what they are converted to.

    Returns:
        float32 [samples], as many as fit into the same time, rounded.
    """
    num_samples, from_hz = tf.size(samples, tf.int64), tf.cast(rate_hz, tf.int64)
    # Whole seconds are whole numbers of samples at either rate. At least one of them is silence,
    # as to a Fourier transform the song's start follows its end.
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


def _low_pass(spectrum: tf.Tensor, highest: tf.Tensor) -> tf.Tensor:
    """What of each frequency is left, float64 [frequencies]; highest: the number of the last."""
    frequencies = tf.range(tf.size(spectrum), dtype=tf.float64) / highest
    return tf.math.erfc((frequencies - _CUTOFF) / _TRANSITION) / 2
