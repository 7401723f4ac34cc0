"""--cache=disk: a copy of the records to train from, in the run's folder."""

import shutil
from pathlib import Path

from tfgenre.errors import UserError
from tfgenre.records import sampling
from tfgenre.records.folder import Records
from tfgenre.training.multiworker import Worker


def copied(records: Records, folder: Path, worker: Worker) -> Records:
    """Copies the index and the training and validation shards, unless the copies are complete.

    Raises:
        UserError: if there are several workers.
    """
    if worker.count > 1:
        raise UserError(
            f"--cache=disk needs a single worker, got {worker.count}: give --cache=memory or none."
        )
    folder.mkdir(parents=True, exist_ok=True)
    splits = records.manifest.splits
    shards = [shard for split in ("train", "validation") for shard in splits[split].shards]
    for name, size in [(sampling.NAME, -1), *((shard.name, shard.bytes) for shard in shards)]:
        target = folder / name
        if not target.is_file() or target.stat().st_size != size:
            with (records.path / name).open("rb") as source, target.open("wb") as copy:
                shutil.copyfileobj(source, copy, 8 << 20)
    return Records(folder, records.manifest)
