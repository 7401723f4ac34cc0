"""Pictures of slices: the right ones, drawn unchanged."""

import shutil

import numpy as np
import pytest

from tfgenre.errors import UserError
from tfgenre.records import contact_sheet, shards
from tfgenre.records.example import Example, decode
from tfgenre.records.folder import Records


def test_the_first_slices_of_each_genre_are_found(records):
    found = contact_sheet.examples(records, slices_per_genre=5)
    everything = [
        decode(record)
        for path in records.path.glob("*.tfrecord*")
        for record in shards.read_shard(path)
    ]
    for label, row in enumerate(found):
        keys = sorted(example.key for example in everything if example.label == label)
        assert [example.key for example in row] == keys[:5]


def test_all_slices_are_shown_if_there_are_few(records):
    found = contact_sheet.examples(records, slices_per_genre=1000)
    assert [len(row) for row in found] == [12, 12]


def test_slices_are_drawn_pixel_by_pixel(records):
    found = contact_sheet.examples(records, slices_per_genre=3)
    rows = [[example.image for example in row] for row in found]
    sheet = np.asarray(contact_sheet.draw(rows, ["Noise", "Tönes \udcff " * 9], title="both"))
    for row, examples in enumerate(found):
        for column, example in enumerate(examples):
            top, left = 28 + 132 * row, 150 + 132 * column
            drawn = sheet[top : top + 128, left : left + 128]
            assert drawn.tobytes() == example.image


def test_a_record_as_text(records):
    example = Example(bytes([7, 9]) * 8192, 1, "Tones/3.wav", 2, 99)
    assert contact_sheet.describe(example, records.manifest) == {
        "track_id": "Tones/3.wav",
        "label": "1 (Tones)",
        "slice_index": "2 (starts at 5.1 s)",
        "key": "99",
        "image": "16,384 bytes: 128 rows of 128, from 7 to 9, mean 8",
    }


def test_a_damaged_shard_is_named(records_dir, tmp_path):
    folder = shutil.copytree(records_dir, tmp_path / "records")
    for shard in folder.glob("*.tfrecord*"):
        shard.write_bytes(b"\0" * shard.stat().st_size)
    with pytest.raises(UserError, match="is missing or damaged"):
        contact_sheet.examples(Records.open(folder), slices_per_genre=1)
