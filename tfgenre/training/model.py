"""The networks, in plain Keras 3, the same on every Keras backend.

They hold no layers but Keras' own, so a saved one loads without tfgenre.
"""

import keras

from tfgenre.spectrogram.slices import SLICE_SIZE
from tfgenre.training.config import ModelConfig


def build_model(config: ModelConfig, *, num_genres: int) -> keras.Model:
    """The network that the config names, with fresh weights.

    Args:
        config: which, and the choices that all of them honour.
        num_genres: outputs.

    Returns:
        uint8 [batch, 128, 128, 1] -> probabilities float32 [batch, num_genres].
    """
    networks = {"despois": despois, "spectral": spectral}
    image = keras.Input((SLICE_SIZE, SLICE_SIZE, 1), dtype="uint8", name="image")
    scaled = keras.layers.Rescaling(1 / 255, name="scale")(image)
    features = networks[config.model](scaled, config)
    genre = _dense(num_genres, activation="softmax", dtype="float32", name="genre")(features)
    return keras.Model(image, genre, name=config.model)


def despois(x: keras.KerasTensor, config: ModelConfig) -> keras.KerasTensor:
    """The seed's network, which follows Julien Despois' DeepAudioClassification (2016).

    Four 2x2 convolutions (64, 128, 256, 512 channels), each halved by max-pooling, one dense layer
    of 1024, dropout: 34 million weights. As in TFLearn, the chosen initializer is the
    convolutions'; dense layers start from a truncated normal of 0.02.

    Args:
        x: slices, scaled, [batch, 128, 128, 1].
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
        )(x)
        x = keras.layers.MaxPooling2D(2, name=f"pool{block}")(x)
    x = keras.layers.Flatten(name="flatten")(x)
    x = _dense(1024, activation=config.activation, name="dense")(x)
    return keras.layers.Dropout(config.dropout_rate, name="dropout")(x)


def spectral(x: keras.KerasTensor, config: ModelConfig) -> keras.KerasTensor:
    """Convolutions over time whose channels are the frequency rows, pooled over time.

    After Dieleman and Schrauwen, "End-to-end learning for music audio" (2014), and Dieleman's
    network for Spotify (2014), whose mean and maximum over time it keeps. Three convolutions of
    192, 256 and 384 channels, 4 columns wide, each halved by max-pooling, and one dense layer of
    256: a million weights, none of which knows an absolute time. Before them:

    1. Each slice is brought to the same mean and deviation (Ba et al. 2016). Slices are in
       decibels, so how loud a song was mastered is gone.
    2. Pairs of columns become one.
    3. Beside each row stands the row without its mean in the slice, which no equalizer changes; it
       is what relaxed instance frequency-wise normalisation mixes in (Kim et al. 2022).
    4. Each of these 256 is normalised over the training slices (Ioffe and Szegedy 2015).

    Args:
        x: slices, scaled, [batch, 128, 128, 1].
        config: initializer, activation, dropout rate.

    Returns:
        Features [batch, 256].
    """
    x = keras.layers.LayerNormalization(axis=(1, 2, 3), center=False, scale=False, name="level")(x)
    x = keras.layers.Reshape((SLICE_SIZE, SLICE_SIZE), name="rows")(x)
    x = keras.layers.Permute((2, 1), name="columns")(x)  # [batch, time, frequency]
    x = keras.layers.AveragePooling1D(2, name="pool0")(x)
    x = keras.layers.Concatenate(name="with_changes")([x, _without_mean(x)])
    x = _normal(name="normal0")(x)
    for block, filters in enumerate((192, 256, 384), start=1):
        x = _block(x, filters, config, str(block))
    mean = keras.layers.GlobalAveragePooling1D(name="mean")(x)
    largest = keras.layers.GlobalMaxPooling1D(name="max")(x)
    x = keras.layers.Concatenate(name="over_time")([mean, largest])
    x = keras.layers.Dropout(config.dropout_rate, name="dropout")(x)
    return keras.layers.Dense(256, activation=config.activation, name="dense")(x)


def _without_mean(x: keras.KerasTensor) -> keras.KerasTensor:
    """Each channel minus its mean over time, [batch, time, channels]."""
    mean = keras.layers.AveragePooling1D(x.shape[1], name="row_means")(x)
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
    )(x)
    x = _normal(name=f"normal{name}")(x)
    x = keras.layers.Activation(config.activation, name=f"activation{name}")(x)
    x = keras.layers.MaxPooling1D(2, name=f"pool{name}")(x)
    return keras.layers.SpatialDropout1D(0.1, name=f"dropout{name}")(x)


def _normal(name: str) -> keras.layers.BatchNormalization:
    # Keras' 0.99 takes hundreds of steps to forget where it began, more than a small run has.
    return keras.layers.BatchNormalization(momentum=0.95, name=name)


def _dense(units: int, **options: str) -> keras.layers.Dense:
    start = keras.initializers.TruncatedNormal(stddev=0.02)
    return keras.layers.Dense(units, kernel_initializer=start, **options)
