"""Every flag file is read, and trained for a step on tiny records that match it."""

from pathlib import Path

import numpy as np
import pytest
from absl import flags

from tfgenre import flags as definitions
from tfgenre import manifest, records, sampling, settings
from tfgenre.config import SPLITS, to_json
from tfgenre.manifest import Manifest, SplitContents
from tfgenre.run_dir import RunDir

ROOT = Path(__file__).parents[1]
FLAG_FILES = sorted((ROOT / "flags").glob("*.cfg"))
SIX_GENRES = ("Electronic", "Folk", "Hip-Hop", "Instrumental", "Pop", "Rock")


def values_of(flag_file: Path, *more: str) -> flags.FlagValues:
    values = flags.FlagValues()
    definitions.define(values)
    values(["test", f"--flagfile={flag_file}", *more])
    return values


def write_records(records_dir: Path, values: flags.FlagValues) -> Manifest:
    """Records with one random slice a genre and split, built as the flags say."""
    config = settings.build_config(values)
    genres = config.genres or SIX_GENRES
    rng = np.random.default_rng(0)
    splits, rows = {}, []
    records_dir.mkdir()
    for number, split in enumerate(SPLITS):
        examples = []
        for label in range(len(genres)):
            image = rng.integers(4, 255, records.IMAGE_BYTES, np.uint8).tobytes()
            rows.append((label + 10 * number, label, 0, number))
            examples.append(
                records.encode(
                    image=image, label=label, track_id=split, slice_index=0, key=rows[-1][0]
                )
            )
        name = records.shard_name(config.dataset, split, 0, 1)
        shard = records.write_shard(records_dir / name, examples)
        counts = dict.fromkeys(genres, 1)
        splits[split] = SplitContents((shard,), counts, counts)
    sampling.write_index(records_dir / sampling.NAME, np.array(rows, sampling.ROW))
    contents = Manifest(to_json(config), "", tuple(genres), splits, ())
    manifest.write(contents, records_dir)
    return contents


@pytest.mark.parametrize("flag_file", FLAG_FILES, ids=lambda path: path.stem)
def test_one_step(flag_file, tmp_path):
    from tfgenre.train import train

    small = ("--epochs=1", f"--records_dir={tmp_path / 'records'}", f"--run_dir={tmp_path / 'run'}")
    values = values_of(flag_file, *small)
    if values.partitions > 1:  # twelve of them take long
        values = values_of(flag_file, *small, "--partitions=2")
    contents = write_records(tmp_path / "records", values)
    run_dir = RunDir(settings.run_dir(values))
    assert not run_dir.claim(settings.run_flags(values), contents)
    result = train(
        settings.records_dir(values),
        contents,
        run_dir,
        settings.train_config(values),
        say=lambda line: None,
    )
    assert result["epochs"] == values.partitions
    assert run_dir.claim(settings.run_flags(values), contents)
    again = settings.read_flags(run_dir.flags)
    assert settings.train_config(again) == settings.train_config(values)


@pytest.mark.parametrize("flag_file", FLAG_FILES, ids=lambda path: path.stem)
def test_opens_with_purpose_and_commands(flag_file):
    text = flag_file.read_text()
    assert text.startswith("# Purpose: ")
    assert f"tfgenre_train --flagfile=flags/{flag_file.name}" in text
    run_dir = values_of(flag_file).run_dir
    assert run_dir == f"runs/{flag_file.stem}"
