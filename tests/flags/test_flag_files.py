"""Every flag file is read; one of each network is trained for a step on records that match it."""

from pathlib import Path

import pytest
from absl import flags

from tfgenre.flags import configs, definitions, folders
from tfgenre.flags.flag_files import expanded
from tfgenre.records import synthetic
from tfgenre.training.claim import claim
from tfgenre.training.run_dir import RunDir

ROOT = Path(__file__).parents[2]
FLAG_FILES = sorted(set((ROOT / "flags").glob("*.cfg")) - {ROOT / "flags" / "seed.cfg"})


def values_of(flag_file: Path, *more: str) -> flags.FlagValues:
    values = flags.FlagValues()
    definitions.define(values)
    values(expanded(["test", f"--flagfile={flag_file}", *more]))
    return values


def one_of_each_network() -> list[Path]:
    """Most experiments differ in their records or their seed alone."""
    found: dict[object, Path] = {}
    for path in FLAG_FILES:
        values = values_of(path, "--records_dir=records")
        network = configs.train_config(values).model
        found.setdefault((network, values.partitions, configs.build_config(values).dataset), path)
    return list(found.values())


def values_for(flag_file: Path, folder: Path) -> flags.FlagValues:
    """The flags of a short run in a folder."""
    places = (f"--records_dir={folder / 'records'}", f"--run_dir={folder / 'run'}")
    small = ("--epochs=1", "--min_steps=0", *places)
    values = values_of(flag_file, *small)
    if values.partitions > 1:  # twelve of them take long
        values = values_of(flag_file, *small, "--partitions=2")
    return values


@pytest.mark.parametrize("flag_file", FLAG_FILES, ids=lambda path: path.stem)
def test_a_run_has_the_flags_of_its_file(flag_file, tmp_path):
    values = values_for(flag_file, tmp_path)
    records = synthetic.write_records(tmp_path / "records", configs.build_config(values))
    run_dir, config = RunDir(folders.run_dir(values)), configs.train_config(values)
    claim(run_dir, config, records)
    again = configs.read_flags(run_dir.flags)
    assert configs.train_config(again) == config


@pytest.mark.parametrize("flag_file", one_of_each_network(), ids=lambda path: path.stem)
def test_one_step(flag_file, tmp_path):
    from tfgenre.training.train import train

    values = values_for(flag_file, tmp_path)
    records = synthetic.write_records(tmp_path / "records", configs.build_config(values))
    run_dir, config = RunDir(folders.run_dir(values)), configs.train_config(values)
    assert not claim(run_dir, config, records)
    result = train(records, run_dir, config, say=lambda line: None, ceiling_s=0.05)
    assert result["epochs"] == values.partitions
    assert claim(run_dir, config, records)


@pytest.mark.parametrize("flag_file", FLAG_FILES, ids=lambda path: path.stem)
def test_opens_with_purpose_and_commands(flag_file):
    text = flag_file.read_text()
    assert text.startswith("# Purpose: ")
    assert f"tfgenre_train --flagfile=flags/{flag_file.name}" in text
    run_dir = values_of(flag_file).run_dir
    assert run_dir == f"runs/{flag_file.stem}"
