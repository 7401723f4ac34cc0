"""The networks, in plain Keras 3, the same on every Keras backend.

They consist of Keras' own layers only, so a saved network loads without tfgenre.
"""

import keras
import numpy as np

from tfgenre.config import RenderConfig
from tfgenre.spectrogram import mel, native
from tfgenre.spectrogram.slices import SLICE_SIZE
from tfgenre.training.config import ModelConfig

# Whatever a user's keras.json says: a slice's rows and columns come before its channel.
_FORMAT = {"data_format": "channels_last"}
_SPECTRAL = {"spectral": ((192, 256, 384), 256), "spectral_small": ((64, 96, 128), 128)}
_MEL_BANDS = 48
_USUAL_RATE_HZ = 44100  # where each song has its own


def build_model(config: ModelConfig, *, num_genres: int, render: RenderConfig) -> keras.Model:
    """Builds the network that the config names, with initial weights.

    Args:
        config: the network, one of `config.FROM_SCRATCH`, and its options.
        num_genres: the number of outputs.
        render: how the slices were rendered.

    Returns:
        uint8 [batch, 128, 128, 1] -> probabilities float32 [batch, num_genres].
    """
    image = keras.Input((SLICE_SIZE, SLICE_SIZE, 1), dtype="uint8", name="image")
    scaled = keras.layers.Rescaling(1 / 255, name="scale")(image)
    if config.model == "despois":
        features = despois(scaled, config)
    else:
        features = spectral(scaled, config, render)
    return keras.Model(image, genre_layer(num_genres)(features), name=config.model)


def genre_layer(num_genres: int) -> keras.layers.Dense:
    """The last layer: features -> probabilities float32 [batch, num_genres]."""
    return _dense(num_genres, activation="softmax", dtype="float32", name="genre")


def despois(x: keras.KerasTensor, config: ModelConfig) -> keras.KerasTensor:
    """The seed's network, which follows Julien Despois' DeepAudioClassification (2016).

    Four 2x2 convolutions (64, 128, 256, 512 channels), each followed by 2x2 max-pooling; one dense
    layer of 1024 units; dropout. 34 million weights. As in TFLearn, the configured initializer is
    for the convolutions; dense layers start from a truncated normal with deviation 0.02.

    Args:
        x: scaled slices [batch, 128, 128, 1].
        config: initializer, activation, dropout rate.

    Returns:
        Features [batch, 1024].
    """
    for block, filters in enumerate((64, 128, 256, 512), start=1):
        x = keras.layers.Conv2D(
            filters,
            2,
            padding="same",
            activation=config.activation,
            kernel_initializer=config.initializer,
            name=f"conv{block}",
            **_FORMAT,
        )(x)
        x = keras.layers.MaxPooling2D(2, name=f"pool{block}", **_FORMAT)(x)
    x = keras.layers.Flatten(name="flatten", **_FORMAT)(x)
    x = _dense(1024, activation=config.activation, name="dense")(x)
    return keras.layers.Dropout(config.dropout_rate, name="dropout")(x)


def spectral(x: keras.KerasTensor, config: ModelConfig, render: RenderConfig) -> keras.KerasTensor:
    """Convolutions over time, with the frequency rows as channels, then pooling over time.

    After Dieleman and Schrauwen, "End-to-end learning for music audio" (2014), and Dieleman's
    network for Spotify (2014), from which it takes the mean and maximum over time. Three
    convolutions of 192, 256 and 384 channels, 4 columns wide, each followed by max-pooling by 2;
    one dense layer of 256 units. One million weights, none specific to an absolute time.
    spectral_small has 64, 96 and 128 channels and 128 units: 0.2 million weights. Before the
    convolutions:

    1. Each slice is normalised to zero mean and unit deviation (Ba et al. 2016). Slices are in
       decibels, so this removes the loudness of a song's mastering.
    2. Pairs of columns are averaged, and SoX's rows, which are evenly spaced in Hz, become 48 mel
       bands.
    3. A copy of each row minus its mean over the slice is added; no equalizer changes it. Relaxed
       instance frequency-wise normalisation mixes in the same (Kim et al. 2022).
    4. Each of these channels is batch-normalised (Ioffe and Szegedy 2015).

    Args:
        x: scaled slices [batch, 128, 128, 1].
        config: initializer, activation, dropout rate.
        render: how the slices were rendered.

    Returns:
        Features [batch, units].
    """
    filters, units = _SPECTRAL[config.model]
    x = keras.layers.LayerNormalization(axis=(1, 2, 3), center=False, scale=False, name="level")(x)
    x = keras.layers.Reshape((SLICE_SIZE, SLICE_SIZE), name="rows")(x)
    x = keras.layers.Permute((2, 1), name="columns")(x)  # [batch, time, frequency]
    x = keras.layers.AveragePooling1D(2, name="pool0", **_FORMAT)(x)
    if render.spectrogram == "sox":
        x = _mel_bands(x, render)
    x = keras.layers.Concatenate(name="with_changes")([x, _without_mean(x)])
    x = _normal(name="normal0")(x)
    for block, channels in enumerate(filters, start=1):
        x = _block(x, channels, config, str(block))
    mean = keras.layers.GlobalAveragePooling1D(name="mean", **_FORMAT)(x)
    largest = keras.layers.GlobalMaxPooling1D(name="max", **_FORMAT)(x)
    x = keras.layers.Concatenate(name="over_time")([mean, largest])
    x = keras.layers.Dropout(config.dropout_rate, name="dropout")(x)
    return keras.layers.Dense(units, activation=config.activation, name="dense")(x)


def _mel_bands(x: keras.KerasTensor, render: RenderConfig) -> keras.KerasTensor:
    """SoX's rows [batch, time, rows] as weighted means, [batch, time, 48]; nothing is trained."""
    rate_hz = render.sample_rate_hz or _USUAL_RATE_HZ
    rows_hz = np.arange(SLICE_SIZE)[::-1] * (rate_hz / native.DFT_SIZE)  # row 0 is the highest
    weights = mel.triangles(rows_hz, mel.edges_hz(rate_hz, _MEL_BANDS))
    layer = keras.layers.Dense(_MEL_BANDS, use_bias=False, trainable=False, name="mel_bands")
    found = layer(x)
    layer.set_weights([weights.T])
    return found


def _without_mean(x: keras.KerasTensor) -> keras.KerasTensor:
    """Each channel minus its mean over time, [batch, time, channels]."""
    mean = keras.layers.AveragePooling1D(x.shape[1], name="row_means", **_FORMAT)(x)
    mean = keras.layers.UpSampling1D(x.shape[1], name="row_means_over_time")(mean)
    return keras.layers.Subtract(name="changes")([x, mean])


def _block(x: keras.KerasTensor, filters: int, config: ModelConfig, name: str) -> keras.KerasTensor:
    """A convolution over time, [batch, time, channels] -> [batch, time / 2, filters]."""
    x = keras.layers.Conv1D(
        filters,
        4,
        padding="same",
        use_bias=False,
        kernel_initializer=config.initializer,
        name=f"conv{name}",
        **_FORMAT,
    )(x)
    x = _normal(name=f"normal{name}")(x)
    x = keras.layers.Activation(config.activation, name=f"activation{name}")(x)
    x = keras.layers.MaxPooling1D(2, name=f"pool{name}", **_FORMAT)(x)
    return keras.layers.SpatialDropout1D(0.1, name=f"dropout{name}")(x)


def _normal(name: str) -> keras.layers.BatchNormalization:
    # Keras' default, 0.99, needs hundreds of steps to forget its initial values; small runs have
    # fewer.
    return keras.layers.BatchNormalization(momentum=0.95, name=name)


def _dense(units: int, **options: str) -> keras.layers.Dense:
    start = keras.initializers.TruncatedNormal(stddev=0.02)
    return keras.layers.Dense(units, kernel_initializer=start, **options)
