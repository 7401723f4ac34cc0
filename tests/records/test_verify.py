"""All kinds of damage to records are reported."""

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


def test_intact_records_have_no_problems(records_dir):
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
def test_a_flipped_bit_is_reported(copy, place):
    shard = first_shard(copy)
    content = bytearray(shard.read_bytes())
    content[place] ^= 1
    shard.write_bytes(content)
    (problem,) = verify.verify(Records.open(copy), num_workers=1)
    assert problem.startswith(f"{shard.name}: record ")
    assert "damaged" in problem


def test_a_truncated_a_missing_and_a_foreign_shard_are_reported(copy):
    truncated, missing = sorted(copy.glob("*-train.tfrecord*"))[:2]
    truncated.write_bytes(truncated.read_bytes()[:-1])
    missing.unlink()
    (copy / "folder-train.tfrecord-00000-of-00099").touch()
    problems = verify.verify(Records.open(copy), num_workers=2)
    assert len(problems) == 3
    assert problems[0].startswith(f"{truncated.name}: has ")
    assert problems[1] == f"{missing.name}: is missing"
    assert problems[2].startswith("folder-train.tfrecord-00000-of-00099: is not in the manifest")


def rewritten(folder: Path, change) -> str:
    """Changes the examples of the first shard and its entry in the manifest; returns its name."""
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
        (lambda found: found[::-1], "is not sorted by key"),
        (lambda found: [e._replace(label=7) for e in found], "record 0 has label 7 of 2"),
        (lambda found: [e._replace(slice_index=9) for e in found], "has the key of another slice"),
    ],
)
def test_intact_but_wrong_records_are_reported(copy, change, sentence):
    name = rewritten(copy, change)
    (problem,) = verify.verify(Records.open(copy), num_workers=1)
    assert problem.startswith(name)
    assert sentence in problem


def test_a_shard_with_another_digest_is_reported(copy):
    """Such as a shard that was rewritten with valid records."""
    shard = first_shard(copy)
    digest = shards.sha256_of(shard)
    text = (copy / manifest.NAME).read_text()
    (copy / manifest.NAME).write_text(text.replace(digest, "0" * 64))
    problems = verify.verify(Records.open(copy), num_workers=1)
    assert problems == [f"{shard.name}: has a digest other than the manifest's"]


def test_counts_and_index_are_compared_with_the_shards(copy):
    name = rewritten(copy, lambda found: [e._replace(label=1 - e.label) for e in found])
    problems = verify.verify(Records.open(copy), num_workers=1)
    assert any(p.startswith("manifest.json: lists ") for p in problems)
    assert f"{sampling.NAME}: does not match {name}" in problems
    (copy / sampling.NAME).unlink()
    assert any(
        "index.npy is missing" in p for p in verify.verify(Records.open(copy), num_workers=1)
    )
