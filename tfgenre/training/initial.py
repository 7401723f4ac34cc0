"""The network that training starts from: new, an earlier run's, or one that others trained."""

from types import ModuleType

import keras

from tfgenre.errors import UserError
from tfgenre.records.folder import Records
from tfgenre.training import earlier_run, musicnn
from tfgenre.training.config import ModelConfig
from tfgenre.training.model import build_model, genre_layer
from tfgenre.training.run_dir import RunDir

# By --model, for `config.PRETRAINED`: a module with ORIGIN, a phrase, and features(), a network
# from slices to features [batch, n]. The records must hold the spectrogram of the same name.
_PUBLISHED: dict[str, ModuleType] = {"musicnn": musicnn}


def initial_network(config: ModelConfig, records: Records) -> keras.Model:
    """The network before training.

    Args:
        config: names the network, and the run to start from, if any.
        records: what it will be trained on.

    Returns:
        uint8 [batch, 128, 128, 1] -> probabilities float32 [batch, genres]. Its last layer is new,
        unless an earlier run's genres are the same.

    Raises:
        UserError: if published weights are not installed, or need another spectrogram, or the
            earlier run's network cannot be read.
    """
    num_genres = len(records.genres)
    if config.model in _PUBLISHED:
        network = _with_last_layer(_published(config.model, records), config, num_genres=num_genres)
    else:
        network = build_model(config, num_genres=num_genres, render=records.manifest.render)
    if config.init_from:
        _copy_weights(RunDir(config.init_from), network, records.genres)
    return network


def _with_last_layer(features: keras.Model, config: ModelConfig, *, num_genres: int) -> keras.Model:
    """A network that gives features [batch, n], with dropout and a new last layer after them."""
    x = keras.layers.Dropout(config.dropout_rate, name="dropout")(features.output)
    return keras.Model(features.input, genre_layer(num_genres)(x), name=features.name)


def without_last_layer(network: keras.Model) -> keras.Model:
    """The network's features: what its last layer takes, before dropout."""
    *_, one, other, _ = network.layers
    last = one if isinstance(other, keras.layers.Dropout) else other
    return keras.Model(network.input, last.output, name=network.name)


def origin(config: ModelConfig) -> str | None:
    """Where the initial weights are from; None if they are drawn at random."""
    if config.init_from:
        return earlier_run.description(RunDir(config.init_from))
    if config.model in _PUBLISHED:
        return str(_PUBLISHED[config.model].ORIGIN)
    return None


def _published(name: str, records: Records) -> keras.Model:
    if (found := records.manifest.render.spectrogram) != name:
        raise UserError(
            f"--model={name} needs records of --spectrogram={name}, got {found} in {records.path}: "
            f"build others, with --flagfile=flags/ear.cfg."
        )
    network: keras.Model = _PUBLISHED[name].features()
    return network


def _copy_weights(run: RunDir, network: keras.Model, genres: tuple[str, ...]) -> None:
    """Copies the weights of a run's layers to the layers of the same names."""
    theirs = run.read_manifest().genres
    trained = run.load_best_model(num_genres=len(theirs))
    layers = network.layers if theirs == genres else network.layers[:-1]
    for layer in layers:
        if layer.weights:
            layer.set_weights(trained.get_layer(layer.name).get_weights())
