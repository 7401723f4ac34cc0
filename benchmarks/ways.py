"""What is measured: ways to do the same work, and benchmarks that compare some of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple


class Done(NamedTuple):
    """What a turn did: how many of the benchmark's units, and what else it found out."""

    amount: float
    extra: Mapping[str, float] = {}


Turn = Callable[[], Done]


@dataclass(frozen=True)
class Way:
    """One way to do the work.

    Attributes:
        title: what it is, in a table.
        start: settings as keywords -> its turn. What it does before is not measured but as memory.
        prepare: settings as keywords -> None; writes the files it reads, in a process before.
        warm_up: whether a turn is done before the one that is measured.
    """

    title: str
    start: Callable[..., Turn]
    prepare: Callable[..., None] | None = None
    warm_up: bool = True


@dataclass(frozen=True)
class Benchmark:
    """Ways that are compared.

    Attributes:
        module: where it is defined, as `BENCHMARK`.
        unit: what a turn does some of, in the plural.
        ways: by name.
        references: names of ways that the others are compared with.
        prepare: a scratch folder, and whether only a trial is wanted -> settings for all ways.
    """

    module: str
    unit: str
    ways: Mapping[str, Way]
    references: tuple[str, ...]
    prepare: Callable[[Path, bool], Mapping[str, Any]]

    @property
    def name(self) -> str:
        """What the benchmark is called."""
        return self.module.rsplit(".", 1)[-1]
