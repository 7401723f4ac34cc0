"""From flags to folders and files, with defaults for those not given."""

from pathlib import Path

from absl import flags

from tfgenre import storage
from tfgenre.config import check
from tfgenre.flags.configs import dataset
from tfgenre.training.averaged import open_runs
from tfgenre.training.run_dir import RunDir


def data_dir(values: flags.FlagValues) -> Path | None:
    """The collection's folder, None if it is not given."""
    return _folder("data_dir", values.data_dir) if values.data_dir else None


def records_dir(values: flags.FlagValues) -> Path:
    """The folder of records."""
    return _folder(
        "records_dir", values.records_dir or f"data/records/{_name(values, 'records_dir')}"
    )


def run_dir(values: flags.FlagValues) -> Path:
    """The folder of the run; if it is not given, runs/ and the name of the folder of records."""
    if values.run_dir:
        return _disk_folder("run_dir", values.run_dir)
    name = (
        storage.absolute(records_dir(values)).name
        if values.records_dir
        else _name(values, "run_dir")
    )
    return _disk_folder("run_dir", f"runs/{name}")


def trained(values: flags.FlagValues) -> RunDir:
    """The run that --run_dir names; if it names several, A,B,C, they are averaged."""
    names = (values.run_dir or "").split(",")
    if len(names) == 1 or Path(values.run_dir).is_dir():
        return RunDir(run_dir(values))
    return open_runs(_disk_folder("run_dir", name) for name in names if name)


def export_dir(values: flags.FlagValues) -> Path:
    """The folder of the exported network; if it is not given, export in the folder of the run."""
    default = str(trained(values).export)
    return _disk_folder("export_dir", values.export_dir or default)


def output_dir(values: flags.FlagValues) -> Path:
    """The folder of what the experiments came to."""
    default = "runs/experiments-smoke" if values.smoke else "runs/experiments"
    return _disk_folder("output_dir", values.output_dir or default)


def leaks_dir(values: flags.FlagValues) -> Path:
    """The folder of a leak report."""
    name = values.output_dir or f"runs/leaks-{_name(values, 'output_dir')}"
    return _disk_folder("output_dir", name)


def cross_validation_dir(values: flags.FlagValues) -> Path:
    """The folder of a cross-validation."""
    name = values.output_dir or f"runs/folds-{_name(values, 'output_dir')}"
    return _disk_folder("output_dir", name)


def plot_dir(values: flags.FlagValues) -> Path | None:
    """The folder of predictions' pictures, None if none are drawn."""
    return _disk_folder("plot", values.plot) if values.plot else None


def _disk_folder(flag: str, name: str) -> Path:
    return storage.to_folder(name, what=flag, on_disk=True)


def _folder(flag: str, name: str) -> Path:
    check(not name.startswith("memory:"), f"--{flag} would be gone when the program ends", name)
    return storage.to_folder(name, what=flag)


def _name(values: flags.FlagValues, or_flag: str) -> str:
    kind = "" if values.spectrogram == "sox" else f"-{values.spectrogram}"
    return f"{dataset(values, or_flag)}-{values.pixels_per_second}px{kind}"
