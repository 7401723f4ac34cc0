"""Decodes songs inside a graph: what `audio` does, with tensorflow-io's ops.

tensorflow-io (extra `tfio`) is imported when it is needed. Its last release, 0.37.1, loads with
TensorFlow 2.16 and 2.17 only.
"""

import importlib.util
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tfgenre.audio.mpeg_headers import RATES_HZ as MPEG_RATES_HZ
from tfgenre.audio.song import RATES_HZ
from tfgenre.errors import UserError

_RULE = (
    "encoded must be an MP3, Ogg Vorbis, FLAC (8, 16 or 24 bits) or WAV file (integers of 8, 16, "
    "24 or 32 bits, or floats of 32). It begins with"
)
_HEADER_BYTES = 64  # more than are read at any place
_EXTENSIBLE = 0xFFFE
# WAV's format number and bits -> the dtype to decode as, and the dtype to reinterpret that as.
_WAV_DTYPES = {
    (1, 8): (tf.uint8, tf.uint8),
    (1, 16): (tf.int16, tf.int16),
    (1, 24): (tf.int32, tf.int32),
    (1, 32): (tf.float32, tf.int32),
    (3, 32): (tf.float32, tf.float32),
}
_FLAC_DTYPES = {8: tf.uint8, 16: tf.int16, 24: tf.int32}


class _Encoding(NamedTuple):
    """An encoding that a file may have.

    Attributes:
        fits: whether the file has it, a bool scalar.
        rate_hz: the file's sample rate if it has, an int64 scalar.
        decode: the file's content, a string -> float32 [frames, channels], full scale 1.
    """

    fits: tf.Tensor
    rate_hz: tf.Tensor
    decode: Callable[[tf.Tensor], tf.Tensor]


def check_tensorflow_io() -> None:
    """Raises UserError unless tensorflow-io is installed and its ops load."""
    try:
        from tensorflow_io.python.ops import core_ops

        core_ops.io_audio_decode_mp3  # noqa: B018  (the import alone does not load them)
    except (ImportError, NotImplementedError) as error:
        found = "with" if importlib.util.find_spec("tensorflow_io") else "without"
        raise UserError(
            "--format=saved_model_tfio needs tensorflow-io 0.37.1 with TensorFlow 2.16 or 2.17, "
            f"this is TensorFlow {tf.__version__} {found} tensorflow-io: "
            "pip install 'tfgenre[tfio]' in a separate environment with Python 3.10 to 3.12."
        ) from error


def decode(encoded: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Decodes a song, and mixes it to mono; for use in a tf.function.

    Args:
        encoded: a file's content, a string scalar; its first bytes determine the format.

    Returns:
        Samples, float32 [samples] in [-1, 1], and their sample rate in Hz, an int32 scalar.

    Raises:
        tf.errors.InvalidArgumentError: when the graph runs, if the format is not supported, the
            sample rate is invalid, or tensorflow-io cannot decode the file.
        tf.errors.OutOfRangeError: when the graph runs, if a WAV file is truncated.
    """
    octets = tf.pad(tf.io.decode_raw(encoded, tf.uint8), [[0, _HEADER_BYTES]])
    start = _after_tags(octets)
    encoded = tf.strings.substr(encoded, start, tf.size(octets, tf.int64))
    octets = octets[start:]
    encodings = (_mp3(octets), _vorbis(octets), *_flac(octets), *_wav(octets))
    fits = tf.stack([encoding.fits for encoding in encodings])
    with tf.control_dependencies([_check_known(fits, encoded)]):
        which = tf.argmax(fits, output_type=tf.int32)
    rate_hz = tf.stack([encoding.rate_hz for encoding in encodings])[which]
    with tf.control_dependencies([_check_rate(rate_hz)]):
        decoders = [partial(encoding.decode, encoded) for encoding in encodings]
        return _mono(tf.switch_case(which, decoders)), tf.cast(rate_hz, tf.int32)


def _check_known(fits: tf.Tensor, encoded: tf.Tensor) -> tf.Operation:
    # TensorFlow's Python API cannot raise errors whose message is not UTF-8.
    start = tf.strings.unicode_transcode(tf.strings.substr(encoded, 0, 4), "UTF-8", "UTF-8")
    return tf.debugging.Assert(tf.reduce_any(fits), [_RULE, start])


def _check_rate(rate_hz: tf.Tensor) -> tf.Operation:
    low, high = RATES_HZ[0], RATES_HZ[-1]
    rule = f"The file's sample rate must be between {low} and {high} Hz. It is"
    return tf.debugging.Assert((rate_hz >= low) & (rate_hz <= high), [rule, rate_hz])


def _mono(channels: tf.Tensor) -> tf.Tensor:
    """The mean of the channels, as in `audio`; float32 [frames, channels] -> [frames].

    Unlike `audio`, it does not round to 32-bit steps, which float32 cannot represent.
    """
    finite = tf.clip_by_value(tf.where(tf.math.is_nan(channels), 0.0, channels), -1, 1)
    return tf.reduce_sum(finite * (1 / tf.cast(tf.shape(finite)[1], tf.float32)), 1)


def _after_tags(octets: tf.Tensor) -> tf.Tensor:
    """The offset of the first byte after a file's ID3v2 tags, as `mpeg.after_tag` finds it."""
    size = tf.size(octets, tf.int64) - _HEADER_BYTES

    def end(place: tf.Tensor) -> tf.Tensor:
        return place + 10 + _number(octets & 0x7F, place + 6, 4, bits=7)

    def has_tag(place: tf.Tensor) -> tf.Tensor:
        return _matches(octets, place, b"ID3") & (end(place) < size)

    return tf.while_loop(has_tag, lambda place: [end(place)], [tf.constant(0, tf.int64)])[0]


def _mp3(octets: tf.Tensor) -> _Encoding:
    sync, version, layer, rate = (
        _bits(octets, start, count) for start, count in ((0, 11), (11, 2), (13, 2), (20, 2))
    )
    rates_hz = [[*MPEG_RATES_HZ.get(number, (0, 0, 0)), 0] for number in range(4)]
    rate_hz = tf.constant(rates_hz, tf.int64)[version, rate]
    fits = (sync == 2**11 - 1) & (layer > 0) & (rate_hz > 0)
    return _Encoding(fits, rate_hz, lambda encoded: _tfio_audio().decode_mp3(encoded))


def _vorbis(octets: tf.Tensor) -> _Encoding:
    """Ogg Vorbis; the first page holds the identification header and nothing else."""
    return _Encoding(
        _matches(octets, 0, b"OggS") & _matches(octets, 28, b"\x01vorbis"),
        _number(octets, 40, 4, little=True),
        lambda encoded: _tfio_audio().decode_vorbis(encoded),
    )


def _flac(octets: tf.Tensor) -> list[_Encoding]:
    rate_hz, bits = _bits(octets, 144, 20), _bits(octets, 167, 5) + 1
    is_flac = _matches(octets, 0, b"fLaC")
    return [
        _Encoding(is_flac & (bits == of_bits), rate_hz, partial(_decode_flac, dtype=dtype))
        for of_bits, dtype in _FLAC_DTYPES.items()
    ]


def _decode_flac(encoded: tf.Tensor, *, dtype: tf.DType) -> tf.Tensor:
    return _full_scale(_tfio_audio().decode_flac(encoded, dtype=dtype))


def _wav(octets: tf.Tensor) -> list[_Encoding]:
    is_wav = _matches(octets, 0, b"RIFF") & _matches(octets, 8, b"WAVE")
    place = _wav_format(octets, is_wav)
    number, rate_hz, bits, extended = (
        _number(octets, place + offset, count, little=True)
        for offset, count in ((0, 2), (4, 4), (14, 2), (24, 2))
    )
    number = tf.where(number == _EXTENSIBLE, extended, number)
    return [
        _Encoding(
            is_wav & (number == of_number) & (bits == of_bits),
            rate_hz,
            partial(_decode_wav, decode_as=decode_as, dtype=dtype),
        )
        for (of_number, of_bits), (decode_as, dtype) in _WAV_DTYPES.items()
    ]


def _wav_format(octets: tf.Tensor, is_wav: tf.Tensor) -> tf.Tensor:
    """The offset of the content of a WAV file's format chunk; 8 past the file's end if missing."""
    end = tf.size(octets, tf.int64) - _HEADER_BYTES

    def is_other(place: tf.Tensor) -> tf.Tensor:
        return is_wav & (place < end) & ~_matches(octets, place, b"fmt ")

    def after(place: tf.Tensor) -> list[tf.Tensor]:
        size = _number(octets, place + 4, 4, little=True)
        return [tf.minimum(place + 8 + size + size % 2, end)]

    return tf.while_loop(is_other, after, [tf.constant(12, tf.int64)])[0] + 8


def _decode_wav(encoded: tf.Tensor, *, decode_as: tf.DType, dtype: tf.DType) -> tf.Tensor:
    decoded = _tfio_audio().decode_wav(encoded, dtype=decode_as)
    return _full_scale(decoded if decode_as == dtype else tf.bitcast(decoded, dtype))


def _tfio_audio() -> Any:
    import tensorflow_io

    return tensorflow_io.audio


def _full_scale(decoded: tf.Tensor) -> tf.Tensor:
    """Samples of any dtype as float32, full scale 1."""
    if decoded.dtype == tf.float32:
        return decoded
    low, steps = decoded.dtype.min, decoded.dtype.max - decoded.dtype.min + 1
    middle = low + steps // 2
    return (tf.cast(decoded, tf.float32) - middle) * (2 / steps)


def _matches(octets: tf.Tensor, place: tf.Tensor | int, text: bytes) -> tf.Tensor:
    return tf.reduce_all(octets[place : place + len(text)] == np.frombuffer(text, np.uint8))


def _bits(octets: tf.Tensor, start: int, count: int) -> tf.Tensor:
    """Some bits as a number, most significant bit first; an int64 scalar."""
    first, end = start // 8, (start + count + 7) // 8
    return _number(octets, first, end - first) // 2 ** (8 * end - start - count) % 2**count


def _number(
    octets: tf.Tensor, place: tf.Tensor | int, count: int, *, bits: int = 8, little: bool = False
) -> tf.Tensor:
    """Some octets as a number, big-endian by default; an int64 scalar."""
    weights = 1 << bits * np.arange(count)
    found = tf.cast(octets[place : place + count], tf.int64)
    return tf.reduce_sum(found * (weights if little else weights[::-1]))
