"""`Records`: opening a folder, and counting its slices."""

import numpy as np
import pytest

from tfgenre.config import SPLITS, BuildConfig
from tfgenre.errors import UserError
from tfgenre.files import read_json, write_json
from tfgenre.records import manifest as manifests
from tfgenre.records import synthetic
from tfgenre.records.folder import Records


def test_open_records_are_returned_unchanged(records):
    assert Records.open(records) is records


def test_a_path_is_opened(records, records_dir):
    for path in (records_dir, str(records_dir)):
        assert Records.open(path) == records
    assert Records.exist(records_dir)


def test_a_folder_without_records_is_an_error_that_names_the_program(tmp_path):
    assert not Records.exist(tmp_path)
    with pytest.raises(UserError, match=r"No records in .* build them with \S*make_records"):
        Records.open(tmp_path)


@pytest.mark.parametrize("options", [{}, {"slices_per_genre": 10}, {"at_most": [3, 2]}])
def test_counted_slices_are_those_of_the_source(records, options):
    for split in SPLITS:
        counts = records.count_slices(split, **options)
        assert counts.shape == (len(records.genres),)
        assert counts.dtype == np.int64
        assert counts.sum() == records.source(split, **options).num_slices


def test_records_of_before_are_of_soxs_spectrogram(tmp_path):
    config = BuildConfig(dataset="folder", genres=("Folk", "Pop"))
    records = synthetic.write_records(tmp_path, config)
    values = read_json(tmp_path / manifests.NAME, advice="")
    del values["config"]["render"]["spectrogram"]
    write_json(tmp_path / manifests.NAME, values)
    assert Records.open(tmp_path).manifest == records.manifest
    assert records.manifest.render.spectrogram == "sox"
