"""Whatever happened to the records is named."""

import shutil
from pathlib import Path

import pytest

from tfgenre.records import manifest, sampling, shards, verify
from tfgenre.records.example import Example, decode, encode, record_bytes
from tfgenre.records.folder import Records


@pytest.fixture
def copy(records_dir, tmp_path) -> Path:
    return Path(shutil.copytree(records_dir, tmp_path / "records"))


def first_shard(folder: Path) -> Path:
    return min(folder.glob("*-train.tfrecord*"))


def test_records_as_they_were_written(records_dir):
    assert verify.verify(Records.open(records_dir), num_workers=2) == []


def test_a_record_is_decoded_as_it_was_encoded():
    image = bytes(range(256)) * 64
    example = Example(image, 3, "Rock/é\udcff.mp3", 300, 2**63 - 1)
    record = encode(**example._asdict(), size=record_bytes(100))
    assert decode(record) == example
    for damage in (record[:-1], record + b"\0", b"", record.replace(b"label", b"lobel")):
        with pytest.raises(ValueError, match=r"record|values to unpack"):
            decode(damage)


@pytest.mark.parametrize("place", [3, 9, 500, -2])
def test_a_flipped_bit_is_named(copy, place):
    shard = first_shard(copy)
    content = bytearray(shard.read_bytes())
    content[place] ^= 1
    shard.write_bytes(content)
    (problem,) = verify.verify(Records.open(copy), num_workers=1)
    assert problem.startswith(f"{shard.name}: record ")
    assert "damaged" in problem


def test_a_cut_a_missing_and_a_foreign_shard_are_named(copy):
    cut, missing = sorted(copy.glob("*-train.tfrecord*"))[:2]
    cut.write_bytes(cut.read_bytes()[:-1])
    missing.unlink()
    (copy / "folder-train.tfrecord-00000-of-00099").touch()
    problems = verify.verify(Records.open(copy), num_workers=2)
    assert len(problems) == 3
    assert problems[0].startswith(f"{cut.name}: has ")
    assert problems[1] == f"{missing.name}: is missing"
    assert problems[2].startswith("folder-train.tfrecord-00000-of-00099: belongs to no shard")


def rewritten(folder: Path, change) -> str:
    """The first shard with its examples changed, and a manifest that knows of it."""
    path = first_shard(folder)
    found = list(shards.read_shard(path))
    examples = change([decode(record) for record in found])
    content = [encode(**example._asdict(), size=len(found[0])) for example in examples]
    shard = shards.write_shard(path, content)
    text = (folder / manifest.NAME).read_text()
    old = next(s for s in manifest.read(folder).splits["train"].shards if s.name == shard.name)
    for before, after in [(old.sha256, shard.sha256), (f": {old.bytes},", f": {shard.bytes},")]:
        text = text.replace(before, after)
    (folder / manifest.NAME).write_text(text)
    return shard.name


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda found: found[::-1], "is not in the order of the keys"),
        (lambda found: [e._replace(label=7) for e in found], "record 0 has label 7 of 2"),
        (lambda found: [e._replace(slice_index=9) for e in found], "another slice's key"),
    ],
)
def test_records_that_are_whole_but_wrong_are_named(copy, change, sentence):
    name = rewritten(copy, change)
    (problem,) = verify.verify(Records.open(copy), num_workers=1)
    assert problem.startswith(name)
    assert sentence in problem


def test_a_shard_of_another_digest_is_named(copy):
    """As one whose records were all written anew, and well."""
    shard = first_shard(copy)
    digest = shards.sha256_of(shard)
    told = (copy / manifest.NAME).read_text()
    (copy / manifest.NAME).write_text(told.replace(digest, "0" * 64))
    assert verify.verify(Records.open(copy), num_workers=1) == [f"{shard.name}: has another digest"]


def test_counts_and_index_are_held_against_the_shards(copy):
    name = rewritten(copy, lambda found: [e._replace(label=1 - e.label) for e in found])
    problems = verify.verify(Records.open(copy), num_workers=1)
    assert any(p.startswith("manifest.json: tells of") for p in problems)
    assert f"{sampling.NAME}: is not that of {name}" in problems
    (copy / sampling.NAME).unlink()
    assert any(
        "index.npy is missing" in p for p in verify.verify(Records.open(copy), num_workers=1)
    )
