"""Songs whose label may be wrong: those to whose genre the networks gave the least probability.

Each song is predicted by a network that was not trained on it, so a wrong label cannot have been
learned by heart. This ranking, by "self-confidence", is one of those of Northcutt et al.,
"Confident learning" (2021).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tfgenre import pages
from tfgenre.evaluation import alike, misclassified, report
from tfgenre.evaluation.misclassified import MisclassifiedSong
from tfgenre.evaluation.scoring import SlicePredictions
from tfgenre.files import write_atomically
from tfgenre.records.folder import Records
from tfgenre.text import csv_line

PAGE = "audit.html"
_LISTED, _PLOTTED, _GROUPS, _PAIRS_PLOTTED = 30, 10, 10, 3
Track = Mapping[str, Any]


@dataclass(frozen=True)
class Group:
    """Several songs of an artist or in a folder, of one genre.

    Attributes:
        name: the artist or folder.
        genre: the songs' genre.
        count: their number.
        probability: the mean probability of that genre.
        predicted: the genre that most were predicted as.
    """

    name: str
    genre: str
    count: int
    probability: float
    predicted: str


def ranked(tracks: Sequence[Track], genres: Sequence[str]) -> list[Track]:
    """The songs with their own genre's probability, as `own`, the lowest first.

    Args:
        tracks: of `cross_validation.score`.
        genres: in label order.
    """
    found = [
        {**track, "own": track["probabilities"][genres.index(track["genre"])]} for track in tracks
    ]
    return sorted(found, key=lambda track: (track["own"], track["id"]))


def groups(tracks: Sequence[Track], key: str) -> list[Group]:
    """The artists or folders with several songs of a genre most of which were predicted as others.

    Args:
        tracks: of `ranked`.
        key: artist or folder.

    Returns:
        Those whose genre got the least probability first; at most ten.
    """
    members: dict[tuple[str, str], list[Track]] = defaultdict(list)
    for track in tracks:
        name = track["artist"] if key == "artist" else str(Path(track["id"]).parent)
        if name:
            members[name, track["genre"]].append(track)
    found = [
        Group(name, genre, len(each), float(np.mean([t["own"] for t in each])), _most(each))
        for (name, genre), each in members.items()
        if len(each) > 1
    ]
    suspects = [group for group in found if group.predicted != group.genre]
    return sorted(suspects, key=lambda group: group.probability)[:_GROUPS]


def _most(tracks: Sequence[Track]) -> str:
    predicted = [track["predicted"] for track in tracks]
    return str(max(sorted(set(predicted)), key=predicted.count))


def write(
    found: Mapping[str, Any],
    predictions: Sequence[SlicePredictions],
    folds: Sequence[Records],
    folder: Path,
) -> None:
    """Writes audit.html and audit.csv, a table for --dataset=csv of all songs, suspects first.

    Args:
        found: the metrics of `cross_validation.score`.
        predictions: of each fold's slices.
        folds: the records of each fold.
        folder: the folder to write to.
    """
    tracks = ranked(found["tracks"], found["genres"])
    suspects = [track for track in tracks if track["predicted"] != track["genre"]]
    by_id = {track["id"]: track for track in tracks}
    pairs = alike.find(folds, "test")[:_LISTED]
    paired = [(by_id[pair.first], by_id[pair.second]) for pair in pairs]
    plotted = [track for pair in paired[:_PAIRS_PLOTTED] for track in pair]
    page = pages.render(
        "audit.html",
        found=found,
        artists=groups(tracks, "artist"),
        folders=groups(tracks, "folder"),
        suspects=suspects[:_LISTED],
        plots=_plots(suspects[:_PLOTTED], predictions, folds),
        pairs=[(*each, pair.correlation) for each, pair in zip(paired, pairs, strict=True)],
        pair_plots=_plots(plotted, predictions, folds),
    )
    write_atomically(folder / PAGE, page.encode())
    write_atomically(folder / "audit.csv", _table(tracks).encode(errors="surrogateescape"))


def _plots(
    tracks: Sequence[Track], predictions: Sequence[SlicePredictions], folds: Sequence[Records]
) -> list[str]:
    """Songs' spectrograms and probabilities over time, as sources of img elements."""
    numbers = [track["fold"] - 1 for track in tracks]
    songs = [
        _song(track, predictions[number]) for track, number in zip(tracks, numbers, strict=True)
    ]
    rows: dict[int, set[int]] = defaultdict(set)
    for song, number in zip(songs, numbers, strict=True):
        rows[number].update(song.rows.tolist())
    images = {number: report.images(folds[number], "test", rows[number]) for number in rows}
    return [
        report.png_source(
            misclassified.picture(
                song,
                predictions[number],
                images[number],
                genres=folds[number].genres,
                render=folds[number].manifest.render,
            )
        )
        for song, number in zip(songs, numbers, strict=True)
    ]


def _song(track: Track, predictions: SlicePredictions) -> MisclassifiedSong:
    name = track["id"].encode(errors="surrogateescape")
    rows = misclassified.in_order(np.flatnonzero(predictions.track_ids == name), predictions)
    return MisclassifiedSong(track["id"], track["genre"], track["predicted"], track["own"], rows)


def _table(tracks: Sequence[Track]) -> str:
    names = ("id", "genre", "artist", "predicted")
    rows = [
        ("path", "genre", "artist", "predicted", "own_probability"),
        *((*(track[name] for name in names), f"{track['own']:.4f}") for track in tracks),
    ]
    return "".join(f"{csv_line(row)}\n" for row in rows)
