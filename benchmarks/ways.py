"""Ways to do the same work, and benchmarks that compare them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple


class Done(NamedTuple):
    """What a turn did: how many of the benchmark's units, and other figures by name."""

    amount: float
    extra: Mapping[str, float] = {}


Turn = Callable[[], Done]


@dataclass(frozen=True)
class Way:
    """One way to do the work.

    Attributes:
        title: its name in a table.
        start: settings as keywords -> its turn. Of the work before the turn, only memory counts.
        prepare: settings as keywords -> None; writes the files it reads, in an earlier process.
        warm_up: whether the measured turn follows another one.
    """

    title: str
    start: Callable[..., Turn]
    prepare: Callable[..., None] | None = None
    warm_up: bool = True


@dataclass(frozen=True)
class Benchmark:
    """Ways to compare.

    Attributes:
        module: the module that defines it as `BENCHMARK`.
        unit: what a turn processes, in the plural.
        ways: the ways, by name.
        references: names of the ways that the others are compared with.
        prepare: (scratch folder, whether this is a short trial) -> settings for all ways.
    """

    module: str
    unit: str
    ways: Mapping[str, Way]
    references: tuple[str, ...]
    prepare: Callable[[Path, bool], Mapping[str, Any]]

    @property
    def name(self) -> str:
        """The benchmark's name."""
        return self.module.rsplit(".", 1)[-1]
