"""The network: the seed's, in plain Keras 3, the same on every Keras backend."""

import keras

from tfgenre.slices import SLICE_SIZE
from tfgenre.train_config import ModelConfig


def build_model(config: ModelConfig, *, num_genres: int) -> keras.Model:
    """The CNN of the seed, which follows Julien Despois' DeepAudioClassification (2016).

    Four 2x2 convolutions (64, 128, 256, 512 channels), each halved by max-pooling, one dense layer
    of 1024, dropout, softmax: 34 million weights for 128x128 slices. As in TFLearn, the chosen
    initializer is the convolutions'; dense layers start from a truncated normal of 0.02.

    Args:
        config: initializer, activation, dropout rate.
        num_genres: outputs.

    Returns:
        uint8 [batch, 128, 128, 1] -> probabilities float32 [batch, num_genres].
    """
    image = keras.Input((SLICE_SIZE, SLICE_SIZE, 1), dtype="uint8", name="image")
    x = keras.layers.Rescaling(1 / 255, name="scale")(image)
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
    x = keras.layers.Dropout(config.dropout_rate, name="dropout")(x)
    genre = _dense(num_genres, activation="softmax", dtype="float32", name="genre")(x)
    return keras.Model(image, genre, name="despois")


def _dense(units: int, **options: str) -> keras.layers.Dense:
    start = keras.initializers.TruncatedNormal(stddev=0.02)
    return keras.layers.Dense(units, kernel_initializer=start, **options)
