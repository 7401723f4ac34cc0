"""The network as a SavedModel that predicts a song's genre from its samples, without tfgenre."""

import json
import tempfile
from functools import partial
from pathlib import Path

import keras
import tensorflow as tf

from tfgenre.export.graph_audio import decode
from tfgenre.export.graph_resample import resample
from tfgenre.export.graph_spectrogram import draw_slices
from tfgenre.records.manifest import Manifest
from tfgenre.spectrogram.slices import SLICE_SIZE

IMAGES = tf.TensorSpec((None, SLICE_SIZE, SLICE_SIZE, 1), tf.uint8, "image")
_SAMPLES = tf.TensorSpec((None,), tf.float32, "samples")
_SAMPLE_RATE_HZ = tf.TensorSpec((), tf.int32, "sample_rate_hz")
_ENCODED = tf.TensorSpec((), tf.string, "encoded")
_SLICES_AT_ONCE = 32  # 130 MB in the first layer


class GenreClassifier(tf.Module):
    """A network, the renderer of its slices and the names of its genres.

    Attributes:
        from_pcm: samples, mono float32 [samples], full scale 1 (4 at most), and sample_rate_hz,
            int32, which must be the config's unless that is 0 -> probabilities float32 [slices,
            genres] and their mean [genres]; votes int64 [genres], the number of slices for each
            genre; genre_index int64 and genre, a string, the predicted one. It raises the errors of
            `draw_slices`.
        from_slices: image, uint8 [slices, 128, 128, 1] -> probabilities float32 [slices, genres].
        labels: the names of the genres, one per line.
        config: how the records were built, as JSON, from manifest.json.
    """

    def __init__(
        self, network: keras.Model, *, trained_on: Manifest, vote: str, assets: Path
    ) -> None:
        """Writes the assets, and collects what is saved.

        Args:
            network: uint8 [slices, 128, 128, 1] -> probabilities float32 [slices, genres].
            trained_on: the manifest of the records that the network was trained on.
            vote: how slices decide a song's genre: hard, or mean.
            assets: the folder for labels.txt and config.json, needed until the module is saved.
        """
        super().__init__(name="genre_classifier")
        self._predict = partial(network, training=False)
        self._variables = [variable.value for variable in network.variables]
        self._genres = [genre.encode(errors="surrogateescape") for genre in trained_on.genres]
        self._config, self._vote = trained_on.render, vote
        self.from_pcm = tf.function(self._from_pcm, input_signature=(_SAMPLES, _SAMPLE_RATE_HZ))
        self.from_slices = tf.function(self._from_slices, input_signature=(IMAGES,))
        self.labels = _asset(assets / "labels.txt", b"\n".join([*self._genres, b""]))
        config = json.dumps(trained_on.config, indent=1)
        self.config = _asset(assets / "config.json", config.encode())

    def _from_pcm(self, samples: tf.Tensor, sample_rate_hz: tf.Tensor) -> dict[str, tf.Tensor]:
        images = draw_slices(samples, sample_rate_hz=sample_rate_hz, config=self._config)
        return self._decide(self._in_batches(images))

    def _from_slices(self, image: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"probabilities": self._predict(image)}

    def _in_batches(self, images: tf.Tensor) -> tf.Tensor:
        found = tf.map_fn(
            lambda start: self._predict(images[start : start + _SLICES_AT_ONCE]),
            tf.range(0, tf.shape(images)[0], _SLICES_AT_ONCE),
            parallel_iterations=1,
            fn_output_signature=tf.RaggedTensorSpec((None, len(self._genres)), tf.float32, 0),
        )
        return found.merge_dims(0, 1)

    def _decide(self, probabilities: tf.Tensor) -> dict[str, tf.Tensor]:
        """As `prediction.votes` does."""
        mean = tf.reduce_mean(probabilities, 0)
        predicted = tf.one_hot(tf.argmax(probabilities, 1), len(self._genres), dtype=tf.int64)
        votes = tf.reduce_sum(predicted, 0)
        is_best = votes == tf.reduce_max(votes)
        index = tf.argmax(tf.where(is_best, mean, -1.0) if self._vote == "hard" else mean)
        return {
            "probabilities": probabilities,
            "mean": mean,
            "votes": votes,
            "genre_index": index,
            "genre": tf.constant(self._genres)[index],
        }


class EncodedGenreClassifier(GenreClassifier):
    """A `GenreClassifier` that also decodes songs' files, with tensorflow-io.

    Attributes:
        from_bytes: encoded, the content of an MP3, Ogg Vorbis, FLAC or WAV file, a string scalar ->
            as from_pcm. Songs are resampled to the config's sample rate. It raises the errors of
            `graph_audio.decode` and `draw_slices`.
    """

    def __init__(
        self, network: keras.Model, *, trained_on: Manifest, vote: str, assets: Path
    ) -> None:
        """See `GenreClassifier`."""
        super().__init__(network, trained_on=trained_on, vote=vote, assets=assets)
        self.from_bytes = tf.function(self._from_bytes, input_signature=(_ENCODED,))

    def _from_bytes(self, encoded: tf.Tensor) -> dict[str, tf.Tensor]:
        samples, rate_hz = decode(encoded)
        if to_rate_hz := self._config.sample_rate_hz:
            samples = tf.cond(
                tf.equal(rate_hz, to_rate_hz),
                lambda: samples,
                lambda: resample(samples, rate_hz=rate_hz, to_rate_hz=to_rate_hz),
            )
            rate_hz = tf.constant(to_rate_hz)
        return self._from_pcm(samples, rate_hz)


def _asset(path: Path, content: bytes) -> tf.saved_model.Asset:
    path.write_bytes(content)
    return tf.saved_model.Asset(str(path))


def save(
    network: keras.Model, path: Path, *, trained_on: Manifest, vote: str, with_tfio: bool = False
) -> None:
    """Writes a SavedModel; `serving_default` is `GenreClassifier.from_pcm`.

    Args:
        network: slices -> probabilities.
        path: the folder to write.
        trained_on: the manifest of the records that the network was trained on.
        vote: how slices decide a song's genre: hard, or mean.
        with_tfio: whether to add the signature from_bytes; tensorflow-io's ops must then be loaded
            before the SavedModel.
    """
    kind = EncodedGenreClassifier if with_tfio else GenreClassifier
    with tempfile.TemporaryDirectory() as folder:
        classifier = kind(network, trained_on=trained_on, vote=vote, assets=Path(folder))
        signatures = {"serving_default": classifier.from_pcm, "from_slices": classifier.from_slices}
        if isinstance(classifier, EncodedGenreClassifier):
            signatures["from_bytes"] = classifier.from_bytes
        tf.saved_model.save(classifier, str(path), signatures=signatures)
