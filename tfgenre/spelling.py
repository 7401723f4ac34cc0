"""One name in several spellings: genres and artists are compared by a key.

`Hip Hop`, `hip-hop` and `Hip_Hop` are one genre; so are two of `Électro` whose accents are encoded
in different ways. Letters of all scripts are kept.
"""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping

_SEPARATORS = "_\u00ad\u200b\ufeff"  # beside blanks and hyphens: soft hyphens, blanks of no width


def genre_key(name: str) -> str:
    """A genre's name in one case and Unicode form, without blanks, hyphens and underscores."""
    folded = single_line(_fold(name))
    return "".join(char for char in folded if not _separates(char)) or folded


def artist_key(name: str) -> str:
    """An artist's name in one case and Unicode form, with single blanks; "" if unknown."""
    return single_line(_fold(name))


def single_line(name: str) -> str:
    """A name with single blanks, also in place of line ends."""
    return " ".join(name.replace("\0", " ").split())


def labels(counts: Mapping[str, int]) -> dict[str, str]:
    """The label for each spelling of a genre: its most frequent spelling, of several the first.

    Args:
        counts: songs by spelling.
    """
    spellings: dict[str, list[str]] = defaultdict(list)
    for name in sorted(counts, key=lambda name: (-counts[name], name)):
        spellings[genre_key(name)].append(name)
    return {name: names[0] for names in spellings.values() for name in names}


def notes(counts: Mapping[str, int], label_of: Mapping[str, str]) -> list[str]:
    """A sentence for each genre in several spellings.

    Args:
        counts: songs by spelling.
        label_of: the label for each.
    """
    songs: Counter[str] = Counter()
    others: dict[str, list[str]] = defaultdict(list)
    for name, label in label_of.items():
        songs[label] += counts[name]
        if name != label:
            form = ", in another Unicode form" * _looks_like(name, label)
            others[label].append(f"{name!r} ({counts[name]:,} songs{form})")
    return [
        f"genre {label!r} ({songs[label]:,} songs) is also spelled {', '.join(others[label])}"
        for label in sorted(others)
    ]


def _fold(name: str) -> str:
    for _ in range(2):  # folding one can undo the other
        name = unicodedata.normalize("NFKC", name).casefold()
    return unicodedata.normalize("NFKC", name)


def _separates(char: str) -> bool:
    return char.isspace() or unicodedata.category(char) == "Pd" or char in _SEPARATORS


def _looks_like(name: str, other: str) -> bool:
    return unicodedata.normalize("NFC", name) == unicodedata.normalize("NFC", other)
