"""What has changed in a collection since its records were built, in words."""

from collections.abc import Iterable

from tfgenre.datasets.track import Track
from tfgenre.records.folder import Records


def changes(tracks: Iterable[Track], records: Records) -> str:
    """How many songs were changed, given other tags, added and removed, each with an example.

    Args:
        tracks: the collection's now.
        records: of the collection as it was.

    Returns:
        The kinds of changes; "" if the records do not say how the songs were.

    Raises:
        UserError: if the table of tracks beside the records is missing or damaged.
    """
    before, now = records.tracks(), {track.id: track for track in tracks}
    if not all("sound" in row for row in before.values()):  # of an earlier version
        return ""
    both = now.keys() & before.keys()
    kinds = {
        "changed": [name for name in both if now[name].sound != before[name]["sound"]],
        "of another genre or artist": [
            name
            for name in both
            if (now[name].genre, now[name].artist)
            != (before[name]["genre"], before[name]["artist"])
        ],
        "added": now.keys() - before.keys(),
        "removed": before.keys() - now.keys(),
    }
    return ", ".join(
        f"{len(found):,} {kind} (such as {min(found)})" for kind, found in kinds.items() if found
    )
