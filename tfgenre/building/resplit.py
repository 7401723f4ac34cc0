"""Records split anew: the same slices as another build's, assigned to splits in another way."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tfgenre.building.plan import Job, Unit
from tfgenre.building.unit import build_unit
from tfgenre.config import SPLITS
from tfgenre.errors import SkipTrack
from tfgenre.records import shards
from tfgenre.records.example import Example, decode
from tfgenre.records.folder import Records
from tfgenre.spectrogram.render import Slices
from tfgenre.spectrogram.slices import SLICE_SIZE
from tfgenre.spectrogram.workers import Rendered


@dataclass(frozen=True)
class ResplitRunner:
    """Builds units from finished records of the same songs instead of rendering them again.

    Both builds must be of the same collection and number of shards: a song is then in the unit of
    the same number, whatever its split.

    Attributes:
        records: the finished records.
    """

    records: Records

    def __call__(self, units: Sequence[Unit], job: Job, on_track: Callable[[int], object]) -> None:
        """Builds units; on_track is called with the number of songs just read."""
        for unit in units:
            build_unit(unit, job, render=self._reader(unit, job), on_track=on_track)

    def _reader(self, unit: Unit, job: Job) -> Callable[[str], Rendered]:
        """A function from a song's path to its slices in the finished records."""
        skipped = {skip.path: skip for skip in self.records.manifest.skipped}
        examples: dict[str, list[Example]] = {}
        for split in SPLITS:
            name = shards.shard_name(job.config.dataset, split, unit.index, job.config.num_shards)
            if any(shard.name == name for shard in self.records.manifest.splits[split].shards):
                for record in shards.read_shard(self.records.path / name):
                    example = decode(record)
                    examples.setdefault(example.track_id, []).append(example)
        known: dict[str, Rendered] = {}
        for track in unit.tracks:
            if found := examples.get(track.id):
                known[str(job.data_dir / track.path)] = _slices(found)
            else:
                skip = skipped[track.path]
                known[str(job.data_dir / track.path)] = SkipTrack(skip.reason, skip.detail)
        return known.__getitem__


def _slices(examples: Sequence[Example]) -> Slices:
    ordered = sorted(examples, key=lambda example: example.slice_index)
    pixels = np.frombuffer(b"".join(example.image for example in ordered), np.uint8)
    return Slices(
        images=pixels.reshape(-1, SLICE_SIZE, SLICE_SIZE),
        indices=np.array([example.slice_index for example in ordered]),
    )
