"""Claiming a folder: a new run takes it, the same run resumes in it, another run is refused."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tfgenre import storage
from tfgenre.errors import UserError
from tfgenre.files import lock, write_atomically
from tfgenre.options import differences, options_of
from tfgenre.records import manifest as manifests
from tfgenre.records import sampling
from tfgenre.records.folder import Records
from tfgenre.training.config import TrainConfig
from tfgenre.training.earlier_run import check_earlier_run
from tfgenre.training.run_dir import RunDir

# What runs did when there was no such option, where its default is another.
_BEFORE_THERE_WERE = {"sampling": "slice", "min_steps": "0", "lowpass_rows": "0", "vote": "hard"}

_MAY_DIFFER = {"run_dir", "checkpoint_minutes"}


@contextmanager
def locked(run_dir: RunDir) -> Iterator[None]:
    """Keeps a second training out of a folder; the system ends that when the process ends.

    Of several processes that train one network together, only the first locks the folder.

    Raises:
        UserError: if another training has it.
    """
    run_dir.path.mkdir(parents=True, exist_ok=True)
    if os.environ.get("KERAS_DISTRIBUTION_PROCESS_ID", "0") != "0":
        yield
        return
    folder = os.open(run_dir.path, os.O_RDONLY)
    taken = (
        f"Another training is running in {run_dir.path}: wait for it, or give another --run_dir."
    )
    try:
        with suppress(OSError):  # some network file systems cannot lock folders
            lock(folder, taken=taken)
        yield
    finally:
        os.close(folder)


def claim(
    run_dir: RunDir, config: TrainConfig, records: Records, *, overwrite: bool = False
) -> bool:
    """Claims a folder for a run, and writes the run's flags and manifest there.

    Args:
        run_dir: the folder.
        config: how the network is trained.
        records: the records it is trained on.
        overwrite: whether to remove another run in it first.

    Returns:
        Whether the run is already finished.

    Raises:
        UserError: if the folder holds records, or a run with other flags or records, or the run to
            start from does not fit.
    """
    _refuse_records(run_dir)
    if overwrite or not run_dir.flags.exists():
        check_earlier_run(config.model, run_dir, records)
    if overwrite:
        discard(run_dir)
    flags = flags_of(run_dir, config, records)
    if run_dir.flags.exists():
        _check_same(run_dir, flags, records)
        return run_dir.result.exists()
    run_dir.path.mkdir(parents=True, exist_ok=True)
    manifest = records.manifest
    lines = [
        "# All settings of this run. To repeat it:",
        f"#   tfgenre_train --flagfile={run_dir.flags} --run_dir=ANOTHER",
        f"# The records hold the {manifest.dataset} collection, split by {manifest.split_by}; "
        "see manifest.json.",
        *(f"--{name}={value}" for name, value in flags.items()),
    ]
    text = "\n".join(lines) + "\n"
    # All workers of a run may write these files, with the same content, at the same time.
    manifests.write(manifest, run_dir.path, scratch=run_dir.path)
    write_atomically(run_dir.flags, text.encode(errors="surrogateescape"), scratch=run_dir.path)
    return False


def discard(run_dir: RunDir) -> None:
    """Removes a run's files, and no others."""
    files = [
        run_dir.flags,
        run_dir.path / manifests.NAME,
        run_dir.metrics,
        run_dir.best_model,
        run_dir.last_model,
        run_dir.result,
        run_dir.augmented,
        run_dir.model_card,
        run_dir.report("test"),
    ]
    for pattern in ("epoch-????.keras", "epoch-????-batch-*", "evaluation-*.json", "report-*.html"):
        files += run_dir.path.glob(pattern)
    for file in files:
        file.unlink(missing_ok=True)
    for folder in (run_dir.tensorboard, run_dir.cache, run_dir.export):
        shutil.rmtree(folder, ignore_errors=True)


def flags_of(run_dir: RunDir, config: TrainConfig, records: Records) -> dict[str, str]:
    """Everything that determines a run, by flag name, with defaults and absolute folders."""
    options = {name: str(value) for name, value in options_of(config).items()}
    if earlier := options["init_from"]:
        options["init_from"] = str(storage.absolute(RunDir(earlier).path))
    return {
        "records_dir": str(storage.absolute(records.path)),
        "run_dir": str(storage.absolute(run_dir.path)),
        **options,
    }


def _check_same(run_dir: RunDir, flags: dict[str, str], records: Records) -> None:
    stored, requested = (
        {f"--{name}": found[name] for name in found.keys() & flags.keys() - _MAY_DIFFER}
        for found in (run_dir.read_flags(), flags)
    )
    # Options that the run's version did not have.
    defaults = {name: str(value) for name, value in options_of(TrainConfig()).items()}
    defaults |= _BEFORE_THERE_WERE
    stored = {f"--{name}": defaults[name] for name in defaults.keys() - _MAY_DIFFER} | stored
    if requested["--optimizer"] != "adamw":  # no other has weight decay
        stored["--weight_decay"] = requested["--weight_decay"]
    differing = differences(stored, requested)
    if not differing and manifests.read(run_dir.path) != records.manifest:
        differing = ["the records it was trained on"]
    if differing:
        raise UserError(
            f"{run_dir.path} holds a run that differs in {'; '.join(differing)}: give another "
            "--run_dir, or --overwrite to replace it."
        )


def _refuse_records(run_dir: RunDir) -> None:
    if (run_dir.path / sampling.NAME).exists():
        raise UserError(f"--run_dir={run_dir.path} holds records: a run needs a folder of its own.")
