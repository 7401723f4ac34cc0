"""The prediction for a song, and how it is printed: as text, CSV or JSON."""

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from tfgenre.text import csv_line, one_line, utf8

SEPARATOR = "; "  # of several genres in a column


@dataclass(frozen=True)
class Prediction:
    """The prediction for a song, or why there is none.

    Attributes:
        path: the song.
        genre: the predicted genre, 'unsure' if its confidence is too low; None if the song cannot
            be used.
        best_guess: the predicted genre, whatever its confidence.
        confidence: the best guess' share of slices (hard vote) or mean probability (mean vote).
        votes: the number of slices for each genre.
        probabilities: the mean over the slices for each genre.
        top: the best guess, then others by mean probability; None if it alone was asked for.
        reason: one of `errors.SKIP_REASONS`; None if the song was used.
        detail: what was wrong with the song.
        tag: what was done about the song's genre tag; None if tags are not written.
        tag_error: why the tag could not be written.
    """

    path: str
    genre: str | None = None
    best_guess: str | None = None
    confidence: float | None = None
    votes: dict[str, int] | None = None
    probabilities: dict[str, float] | None = None
    top: list[str] | None = None
    reason: str | None = None
    detail: str | None = None
    tag: str | None = None
    tag_error: str | None = None

    @property
    def failed(self) -> bool:
        """Whether the song could not be used or tagged."""
        return self.genre is None or self.tag_error is not None

    def line(self) -> str:
        """The prediction as a line of text; control characters of the path are escaped."""
        if self.best_guess is None or self.probabilities is None:
            return one_line(f"{self.path}: cannot be used: {self.reason} ({self.detail})")
        genre = self.best_guess
        decision = genre if self.genre == genre else f"{self.genre} (perhaps {genre})"
        return one_line(
            f"{self.path}: {decision}  {self._share():.0%} of {self._num_slices()} slices, "
            f"mean probability {self.probabilities[genre]:.2f}"
            + "".join(f", {name} {self.probabilities[name]:.2f}" for name in self._others())
            + (f"; {self.tag}" if self.tag else "")
            + (f"; cannot be tagged: {self.tag_error}" if self.tag_error else "")
        )

    def as_json(self) -> dict[str, Any]:
        """The prediction as JSON values, without those that are None."""
        values = {field.name: getattr(self, field.name) for field in fields(Prediction)}
        return {name: value for name, value in values.items() if value is not None}

    def likely(self, min_probability: float) -> list[str]:
        """The best guess, and those others of `top` that have at least this mean probability."""
        probabilities = self.probabilities or {}
        others = [name for name in self._others() if probabilities[name] >= min_probability]
        return [self.best_guess or "", *others]

    def row(self, genres: Sequence[str]) -> list[object]:
        """The prediction as a CSV row; `lines` documents the columns."""
        if self.best_guess is None or self.probabilities is None:
            unknown = [""] * (7 + len(genres))
            return [self.path, *unknown, f"{self.reason} ({self.detail})"]
        shares = [self._share(), self.probabilities[self.best_guess]]
        each = [self.probabilities[genre] for genre in genres]
        share, mean, *others = (f"{value:.4f}" for value in shares + each)
        decided = [self.path, self.genre, self.best_guess, share, mean, self._num_slices()]
        top = SEPARATOR.join(self.top or [self.best_guess])
        return [*decided, *others, top, self.tag or "", self.tag_error or ""]

    def _others(self) -> list[str]:
        """The genres of `top` after the best guess."""
        return (self.top or [])[1:]

    def _share(self) -> float:
        """The best guess' share of slices."""
        votes = self.votes or {}
        return votes.get(self.best_guess or "", 0) / self._num_slices()

    def _num_slices(self) -> int:
        return sum((self.votes or {}).values())


def most_likely(
    best_guess: str, probabilities: Mapping[str, float], count: int
) -> list[str] | None:
    """The best guess, and the others by mean probability; None if it alone is asked for."""
    if count == 1:
        return None
    others = sorted(probabilities, key=lambda genre: (genre != best_guess, -probabilities[genre]))
    return others[:count]


def lines(
    predictions: Iterable[Prediction], *, output_format: str, genres: Sequence[str]
) -> Iterator[str]:
    """Formats predictions, each as soon as it is available.

    Args:
        predictions: at least one.
        output_format: one of `config.OUTPUT_FORMATS`. csv has the columns path, genre, best_guess,
            share (of slices), mean_probability, slices, each genre (its mean probability), top (the
            most likely genres, separated by semicolons), tag, reason; json is one array. Bytes of a
            path that are not UTF-8 are escaped.
        genres: in label order.

    Yields:
        Lines without line ends; a quoted path in csv may hold some.
    """
    if output_format == "csv":
        numbers = ("share", "mean_probability", "slices")
        header = ["path", "genre", "best_guess", *numbers, *genres, "top", "tag", "reason"]
        yield utf8(csv_line(header))
        for prediction in predictions:
            yield utf8(csv_line(prediction.row(genres)))
    elif output_format == "json":
        for before, prediction in zip(
            itertools.chain("[", itertools.repeat(",")), predictions, strict=False
        ):
            yield before + json.dumps(prediction.as_json(), allow_nan=False)
        yield "]"
    else:
        for prediction in predictions:
            yield prediction.line()
