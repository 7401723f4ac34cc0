"""The report of an evaluation, one self-contained HTML file: metrics, plots, example slices."""

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tfgenre import pages
from tfgenre.datasets.splits import SLICE_SPLIT_WARNING
from tfgenre.evaluation import curves, misclassified
from tfgenre.evaluation.evaluate import OTHER_RECORDS
from tfgenre.evaluation.misclassified import MisclassifiedSong
from tfgenre.evaluation.scoring import SlicePredictions
from tfgenre.files import write_atomically
from tfgenre.records import pipeline
from tfgenre.records.folder import Records
from tfgenre.training import progress
from tfgenre.training.run_dir import RunDir

_SLICES_PER_GENRE = 4
_MISTAKES_LISTED = 20
_MISTAKES_PLOTTED = 5
_BATCH_SIZE = 256
Images = dict[int, NDArray[np.uint8]]  # a row of a split -> its slice, [128, 128]


@dataclass(frozen=True)
class ExampleSlice:
    """A slice to show, as a PNG data URI, with its predicted genre."""

    predicted: str
    probability: float
    track: str
    image: str


def write_report(
    run_dir: RunDir,
    found: dict[str, Any],
    predictions: SlicePredictions,
    *,
    result: dict[str, Any],
    records: Records,
) -> None:
    """Writes the report to the run's folder.

    Args:
        run_dir: the run.
        found: the metrics of `evaluate.score`.
        predictions: the predictions they were computed from.
        result: the contents of result.json.
        records: the records that the network was evaluated on.
    """
    mistakes = misclassified.find(predictions, found["tracks"], records.genres)
    plotted = mistakes[:_MISTAKES_PLOTTED]
    shown = {genre: _example_rows(predictions, label) for label, genre in enumerate(records.genres)}
    rows = set().union(*shown.values(), *(song.rows.tolist() for song in plotted))
    shown_images = images(records, found["split"], rows)
    epochs = progress.read_rows(run_dir.metrics)
    page = pages.render(
        "report.html",
        found=found,
        result=result,
        manifest=records.manifest,
        flags=run_dir.flags_text(),
        warnings=_warnings(found),
        curves=curves.learning_curves(epochs) if epochs else "",
        calibration=curves.calibration_curves(found["calibration"]),
        augmented=png_source(run_dir.augmented.read_bytes()) if run_dir.augmented.exists() else "",
        mistakes=mistakes,
        mistakes_listed=_MISTAKES_LISTED,
        plots=_plots(plotted, predictions, records, shown_images),
        examples=_examples(shown, predictions, records, shown_images),
        run_dir=str(run_dir),
        records_dir=records.path,
    )
    write_atomically(run_dir.report(found["split"]), page.encode())


def _warnings(found: dict[str, Any]) -> list[str]:
    """Reasons not to trust the score."""
    warnings = [SLICE_SPLIT_WARNING] if found["split_by"] == "slice" else []
    return warnings if found["same_records"] else [*warnings, OTHER_RECORDS]


def _plots(
    songs: Sequence[MisclassifiedSong],
    predictions: SlicePredictions,
    records: Records,
    images: Images,
) -> list[str]:
    """Plots of misclassified songs, as sources of img elements."""
    return [
        png_source(
            misclassified.picture(
                song,
                predictions,
                images,
                genres=records.genres,
                render=records.manifest.render,
            )
        )
        for song in songs
    ]


def _examples(
    rows: Mapping[str, list[int]], predictions: SlicePredictions, records: Records, images: Images
) -> dict[str, list[ExampleSlice]]:
    """The example slices of each genre that has slices."""
    return {
        genre: [_example(row, predictions, records, images[row]) for row in members]
        for genre, members in rows.items()
        if members
    }


def _example(
    row: int, predictions: SlicePredictions, records: Records, image: NDArray[np.uint8]
) -> ExampleSlice:
    predicted = int(predictions.probabilities[row].argmax())
    return ExampleSlice(
        predicted=records.genres[predicted],
        probability=float(predictions.probabilities[row, predicted]),
        track=predictions.track_ids[row].decode(errors="surrogateescape"),
        image=_data_uri(image),
    )


def _example_rows(predictions: SlicePredictions, label: int) -> list[int]:
    """The first slices of a genre, from different tracks if there are enough."""
    members = np.flatnonzero(predictions.labels == label)
    _, firsts = np.unique(predictions.track_ids[members], return_index=True)
    others = np.setdiff1d(np.arange(len(members)), firsts)
    return members[np.concatenate([np.sort(firsts), others])[:_SLICES_PER_GENRE]].tolist()


def images(records: Records, split: str, rows: set[int]) -> Images:
    """Reads the images of some rows of a split, uint8 [128, 128] each."""
    found: Images = {}
    start = 0
    for batch in pipeline.evaluation_dataset(records.source(split), _BATCH_SIZE):
        images = batch["image"].numpy()
        for row in rows.intersection(range(start, start + len(images))):
            found[row] = images[row - start, :, :, 0]
        start += len(images)
        if len(found) == len(rows):
            break
    return found


def _data_uri(image: NDArray[np.uint8]) -> str:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG", optimize=True)
    return png_source(buffer.getvalue())


def png_source(content: bytes) -> str:
    """A PNG file as the source of an img element."""
    return "data:image/png;base64," + base64.b64encode(content).decode()
