"""Whose a run's folder is: a run takes it, comes back to it, or is refused."""

import shutil

from tfgenre import storage
from tfgenre.errors import UserError
from tfgenre.files import write_atomically
from tfgenre.options import differences, options_of
from tfgenre.records import manifest as manifests
from tfgenre.records import sampling
from tfgenre.records.folder import Records
from tfgenre.training.config import TrainConfig
from tfgenre.training.run_dir import RunDir


def claim(run_dir: RunDir, config: TrainConfig, records: Records) -> bool:
    """Makes a folder this run's, unless it holds another's.

    Args:
        run_dir: the folder.
        config: how the network is trained.
        records: what it is trained on.

    Returns:
        Whether the run is finished already.

    Raises:
        UserError: if the folder holds a run that differs in its flags or records.
    """
    _refuse_records(run_dir)
    flags = flags_of(run_dir, config, records)
    if run_dir.flags.exists():
        _check_same(run_dir, flags, records)
        return run_dir.result.exists()
    run_dir.path.mkdir(parents=True, exist_ok=True)
    manifest = records.manifest
    lines = [
        "# Everything this run was trained with; the same command again:",
        f"#   tfgenre_train --flagfile={run_dir.flags} --run_dir=ANOTHER",
        f"# The records hold the {manifest.dataset} collection, split by {manifest.split_by}; "
        "manifest.json has the rest.",
        *(f"--{name}={value}" for name, value in flags.items()),
    ]
    text = "\n".join(lines) + "\n"
    # All workers of a run may write the same here at once.
    manifests.write(manifest, run_dir.path, scratch=run_dir.path)
    write_atomically(run_dir.flags, text.encode(errors="surrogateescape"), scratch=run_dir.path)
    return False


def discard(run_dir: RunDir) -> None:
    """Removes a run's files; files with other names stay."""
    _refuse_records(run_dir)
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
    for pattern in ("epoch-????.keras", "evaluation-*.json", "report-*.html"):
        files += run_dir.path.glob(pattern)
    for file in files:
        file.unlink(missing_ok=True)
    for folder in (run_dir.tensorboard, run_dir.cache, run_dir.export):
        shutil.rmtree(folder, ignore_errors=True)


def flags_of(run_dir: RunDir, config: TrainConfig, records: Records) -> dict[str, str]:
    """All that decides a run, by flag name, with every default and folder written out."""
    return {
        "records_dir": str(storage.absolute(records.path)),
        "run_dir": str(storage.absolute(run_dir.path)),
        **{name: str(value) for name, value in options_of(config).items()},
    }


def _check_same(run_dir: RunDir, flags: dict[str, str], records: Records) -> None:
    there, asked = (
        {f"--{name}": value for name, value in found.items() if name in flags and name != "run_dir"}
        for found in (run_dir.read_flags(), flags)
    )
    differing = differences(there, asked)
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
