"""Builds a plan's units on this machine, several at once: a thread and a render process each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tfgenre.building.plan import Job, Unit
from tfgenre.building.unit import build_unit
from tfgenre.spectrogram.workers import RenderWorker, map_with_workers


@dataclass(frozen=True)
class LocalRunner:
    """Builds units here, num_workers of them at once."""

    num_workers: int

    def __call__(self, units: Sequence[Unit], job: Job, on_track: Callable[[int], object]) -> None:
        """Builds units; on_track is called with the number of songs just rendered."""

        def work(worker: RenderWorker, unit: Unit) -> None:
            build_unit(unit, job, render=worker, on_track=on_track)

        config = job.config.render
        for _ in map_with_workers(work, units, config=config, num_workers=self.num_workers):
            pass
