"""What a file of results holds: genres, confidence, the songs to look at; as text and as a page."""

import heapq
import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tfgenre import files, pages
from tfgenre.prediction.config import UNSURE
from tfgenre.prediction.rows import Row
from tfgenre.spelling import genre_key
from tfgenre.storage import AnyPath

NUM_BINS = 10
_NUM_SHOWN = 200  # songs in each of the page's lists
_NUM_TAGS = 40


@dataclass(frozen=True)
class Overview:
    """What a file of results holds.

    Attributes:
        num_songs: the songs in it, with those that cannot be used.
        genres: the songs of each predicted genre, 'unsure' among them, the most frequent first.
        confidence: the mean confidence of each of those.
        histogram: the songs by confidence, in steps of 0.1.
        least_certain: the songs of the lowest confidence.
        num_compared: the songs whose own tags name one of the network's genres.
        num_disagreeing: those of them that were predicted as another one.
        disagreeing: those of the highest confidence.
        own_genres: of the most frequent genres in songs' tags, the songs by predicted genre.
        reasons: the songs that cannot be used, by reason.
        unusable: some of those songs.
    """

    num_songs: int
    genres: dict[str, int]
    confidence: dict[str, float]
    histogram: tuple[int, ...]
    least_certain: list[Row]
    num_compared: int
    num_disagreeing: int
    disagreeing: list[Row]
    own_genres: dict[str, Counter[str]]
    reasons: dict[str, int]
    unusable: list[Row]

    @property
    def num_unusable(self) -> int:
        """The songs that cannot be used."""
        return sum(self.reasons.values())

    def lines(self) -> Iterator[str]:
        """The overview in a few lines of text."""
        songs = "1 song" if self.num_songs == 1 else f"{self.num_songs:,} songs"
        yield f"{songs}, of which {self.num_unusable:,} cannot be used"
        width = max(map(len, self.genres), default=0)
        used = self.num_songs - self.num_unusable
        for genre, count in self.genres.items():
            mean = self.confidence[genre]
            yield f"  {genre:{width}}  {count:9,}  {count / used:6.1%}  mean confidence {mean:.2f}"
        for reason, count in self.reasons.items():
            yield f"  cannot be used, {reason}: {count:,}"
        if self.num_compared:
            songs = f"{self.num_disagreeing:,} of the {self.num_compared:,} songs"
            yield f"  {songs} whose tag names one of these genres were predicted as another"


def of(rows: Iterable[Row], *, genres: Sequence[str]) -> Overview:
    """The overview of rows, which are read once and not kept.

    Args:
        rows: one per song.
        genres: of the network.
    """
    keys = {genre_key(genre) for genre in genres}
    counts, reasons, sums = Counter[str](), Counter[str](), defaultdict[str, float](float)
    histogram = [0] * NUM_BINS
    own_genres: defaultdict[str, Counter[str]] = defaultdict(Counter)
    least_certain, disagreeing, unusable = _Largest(), _Largest(), list[Row]()
    num_compared = num_disagreeing = 0
    for row in rows:
        found = row.prediction
        if found.genre is None or found.best_guess is None or found.confidence is None:
            reasons[found.reason or ""] += 1
            unusable += [row] * (len(unusable) < _NUM_SHOWN)
            continue
        counts[found.genre] += 1
        sums[found.genre] += found.confidence
        histogram[min(int(found.confidence * NUM_BINS), NUM_BINS - 1)] += 1
        least_certain.add(-found.confidence, row)
        for own in row.own_genres:
            own_genres[own][found.best_guess] += 1
        if known := keys.intersection(map(genre_key, row.own_genres)):
            num_compared += 1
            if genre_key(found.best_guess) not in known:
                num_disagreeing += 1
                disagreeing.add(found.confidence, row)
    frequent = sorted(own_genres, key=lambda own: -own_genres[own].total())[:_NUM_TAGS]
    return Overview(
        num_songs=counts.total() + reasons.total(),
        genres=dict(counts.most_common()),
        confidence={genre: sums[genre] / count for genre, count in counts.items()},
        histogram=tuple(histogram),
        least_certain=least_certain.rows(),
        num_compared=num_compared,
        num_disagreeing=num_disagreeing,
        disagreeing=disagreeing.rows(),
        own_genres={own: own_genres[own] for own in frequent},
        reasons=dict(reasons.most_common()),
        unusable=unusable,
    )


def page_of(results: AnyPath) -> Path:
    """The HTML page about a file of results, beside it."""
    return Path(results).with_suffix(".html")


def write_page(overview: Overview, results: Path) -> None:
    """Writes the overview of a file of results as an HTML page."""
    text = pages.render("collection.html", found=overview, results=results.name, unsure=UNSURE)
    files.write_atomically(page_of(results), text.encode())


class _Largest:
    """The rows of the largest values among many; of equal ones, the first."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Row]] = []
        self._numbers = itertools.count(0, -1)

    def add(self, value: float, row: Row) -> None:
        item = (value, next(self._numbers), row)
        if len(self._heap) < _NUM_SHOWN:
            heapq.heappush(self._heap, item)
        elif item > self._heap[0]:
            heapq.heapreplace(self._heap, item)

    def rows(self) -> list[Row]:
        return [row for _, _, row in sorted(self._heap, reverse=True)]
