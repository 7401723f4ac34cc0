"""An evaluation as one HTML file that needs nothing else: figures, curves, confusions, slices."""

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tfgenre import pages
from tfgenre.evaluation import curves, evaluate, wrong_songs
from tfgenre.evaluation.evaluate import OTHER_RECORDS
from tfgenre.evaluation.model_card import write_model_card
from tfgenre.evaluation.scoring import Verdicts
from tfgenre.evaluation.wrong_songs import WrongSong
from tfgenre.files import write_atomically, write_json
from tfgenre.records import manifest, pipeline, sources, tracks
from tfgenre.records.manifest import LEAKS, Manifest
from tfgenre.training import progress
from tfgenre.training.run_dir import RunDir

_SLICES_A_GENRE = 4
_WRONG_SONGS = 20
_WRONG_SONGS_DRAWN = 5
_BATCH = 256
Images = dict[int, NDArray[np.uint8]]  # rows of a split to slices, [128, 128] each


@dataclass(frozen=True)
class Example:
    """A slice to be shown, as a PNG data URI, with what the network made of it."""

    guess: str
    probability: float
    track: str
    image: str


def evaluate_run(
    run_dir: RunDir, records_dir: Path, *, split: str, batch_size: int
) -> dict[str, Any]:
    """Judges a finished run on a split, and writes what came of it and the report.

    Args:
        run_dir: the run.
        records_dir: what it is judged on.
        split: which of its splits.
        batch_size: slices a step.

    Returns:
        The figures of `evaluate.score`.

    Raises:
        UserError: if the run is not finished, or the records do not fit it.
    """
    trained_on, result = run_dir.read_manifest(), run_dir.read_result()
    contents = manifest.read(records_dir)
    evaluate.check_fits(trained_on, contents, records_dir)
    model = run_dir.load_best_model(num_genres=len(trained_on.genres))
    verdicts = evaluate.judge(model, records_dir, contents, split, batch_size=batch_size)
    artists = tracks.read_artists(records_dir)
    found = evaluate.score(verdicts, contents, split=split, trained_on=trained_on, artists=artists)
    write_json(run_dir.evaluation(split), found)
    if split == "test" and found["same_records"]:
        write_model_card(run_dir.model_card, contents=trained_on, result=result, found=found)
    write_report(
        run_dir, found, verdicts, result=result, records_dir=records_dir, contents=contents
    )
    return found


def write_report(
    run_dir: RunDir,
    found: dict[str, Any],
    verdicts: Verdicts,
    *,
    result: dict[str, Any],
    records_dir: Path,
    contents: Manifest,
) -> None:
    """Writes D/report.html.

    Args:
        run_dir: the run, which has its metrics.
        found: the figures of `evaluate.score`.
        verdicts: what they were computed from.
        result: what the training came to.
        records_dir: where the judged records lie.
        contents: those records' manifest.
    """
    wrong = wrong_songs.find(verdicts, found["tracks"], contents.genres)
    drawn = wrong[:_WRONG_SONGS_DRAWN]
    shown = {genre: _rows_to_show(verdicts, label) for label, genre in enumerate(contents.genres)}
    rows = set().union(*shown.values(), *(song.rows.tolist() for song in drawn))
    images = _images(records_dir, contents, found["split"], rows)
    page = pages.render(
        "report.html",
        found=found,
        result=result,
        contents=contents,
        flags=run_dir.flags.read_text(errors="replace"),
        warnings=_warnings(found),
        curves=curves.learning_curves(progress.read_rows(run_dir.metrics)),
        calibration=curves.calibration_curves(found["calibration"]),
        augmented=_png(run_dir.augmented.read_bytes()) if run_dir.augmented.exists() else "",
        wrong=wrong,
        most_wrong=_WRONG_SONGS,
        pictures=_pictures(drawn, verdicts, contents, images),
        examples=_examples(shown, verdicts, contents, images),
        run_dir=run_dir.path,
        records_dir=records_dir,
    )
    write_atomically(run_dir.report(found["split"]), page.encode(errors="replace"))


def _warnings(found: dict[str, Any]) -> list[str]:
    """Why the score may not be believed."""
    warnings = [LEAKS] if found["split_by"] == "slice" else []
    return warnings if found["same_records"] else [*warnings, OTHER_RECORDS]


def _pictures(
    wrong: Sequence[WrongSong], verdicts: Verdicts, contents: Manifest, images: Images
) -> list[str]:
    """Of songs it got wrong, the sources of img elements."""
    pixels_per_second = contents.config["render"]["pixels_per_second"]
    return [
        _png(
            wrong_songs.picture(
                song,
                verdicts,
                images,
                genres=contents.genres,
                pixels_per_second=pixels_per_second,
            )
        )
        for song in wrong
    ]


def _examples(
    rows: Mapping[str, list[int]], verdicts: Verdicts, contents: Manifest, images: Images
) -> dict[str, list[Example]]:
    """The slices of each genre that has some."""
    return {
        genre: [_example(row, verdicts, contents, images[row]) for row in members]
        for genre, members in rows.items()
        if members
    }


def _example(row: int, verdicts: Verdicts, contents: Manifest, image: NDArray[np.uint8]) -> Example:
    guess = int(verdicts.probabilities[row].argmax())
    return Example(
        guess=contents.genres[guess],
        probability=float(verdicts.probabilities[row, guess]),
        track=verdicts.track_ids[row].decode(errors="replace"),
        image=_data_uri(image),
    )


def _rows_to_show(verdicts: Verdicts, label: int) -> list[int]:
    """The first slices of a genre, each of another track where there are enough tracks."""
    members = np.flatnonzero(verdicts.labels == label)
    _, firsts = np.unique(verdicts.track_ids[members], return_index=True)
    others = np.setdiff1d(np.arange(len(members)), firsts)
    return members[np.concatenate([np.sort(firsts), others])[:_SLICES_A_GENRE]].tolist()


def _images(records_dir: Path, contents: Manifest, split: str, rows: set[int]) -> Images:
    """The images of some rows of a split, uint8 [128, 128] each."""
    found: Images = {}
    start = 0
    records = sources.source(records_dir, contents, split)
    for batch in pipeline.evaluation_dataset(records, _BATCH):
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
    return _png(buffer.getvalue())


def _png(content: bytes) -> str:
    """A PNG file as the source of an img element."""
    return "data:image/png;base64," + base64.b64encode(content).decode()
