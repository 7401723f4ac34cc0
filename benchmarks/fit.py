"""How many slices a second Keras' fit can take from records, however fast the network.

python -m benchmarks.fit [--records_dir=data/records/demo-50px]

The network takes one pixel of each slice, so what is measured is reading and what Python and Keras
add to each step.
"""

from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import script
from benchmarks.consumer import BATCH_SIZE
from benchmarks.ways import Benchmark, Done, Turn, Way
from tfgenre.records.folder import Records


def fit(records_dir: str, steps: int, *, steps_per_call: int) -> Turn:
    """Fits a network that takes one pixel of each slice."""
    import keras

    from tfgenre.training.config import NOT_AUGMENTED, PipelineConfig, TrainConfig
    from tfgenre.training.data import find_training_data

    settings = PipelineConfig(batch_size=BATCH_SIZE, augment=NOT_AUGMENTED)
    config = TrainConfig(pipeline=settings)
    data = find_training_data(Records.open(records_dir), config, cache_dir=Path())
    image = keras.Input((128, 128, 1), dtype="uint8")
    pixel = keras.layers.Flatten()(keras.layers.Cropping2D(((0, 127), (0, 127)))(image))
    scaled = keras.layers.Rescaling(1 / 255)(pixel)
    genres = len(data.records.genres)
    model = keras.Model(image, keras.layers.Dense(genres, activation="softmax")(scaled))
    model.compile(
        optimizer="adamw",
        loss="categorical_crossentropy",
        metrics=["accuracy"],
        steps_per_execution=steps_per_call,
    )
    batches = data.epoch(0, config).repeat().take(steps)

    def turn() -> Done:
        model.fit(batches, verbose=0, shuffle=False)
        return Done(steps * BATCH_SIZE)

    return turn


def prepare(folder: Path, smoke: bool) -> dict[str, Any]:
    """Takes --records_dir, or writes records."""
    num_slices = 220 if smoke else 11_000
    return {
        "records_dir": script.records_dir(folder, num_slices=num_slices, num_shards=8),
        "steps": 20 if smoke else 1000,
    }


BENCHMARK = Benchmark(
    "benchmarks.fit",
    unit="slices",
    ways={
        "one": Way("one step a call", partial(fit, steps_per_call=1)),
        "ten": Way("ten steps a call, as on GPUs", partial(fit, steps_per_call=10)),
    },
    references=("one",),
    prepare=prepare,
)

if __name__ == "__main__":
    script.run(BENCHMARK)
