import numpy as np
import pytest

from tfgenre import slices


@pytest.mark.parametrize(
    ("columns", "count"), [(0, 0), (127, 0), (128, 1), (255, 1), (256, 2), (1501, 11)]
)
def test_whole_slices_only(columns, count):
    assert slices.cut(np.zeros((129, columns), np.uint8)).shape == (count, 128, 128)


def test_a_slice_is_its_columns_without_the_highest_row():
    picture = np.arange(129 * 300).reshape(129, 300).astype(np.uint8)
    cut = slices.cut(picture)
    np.testing.assert_array_equal(cut[1], picture[1:129, 128:256])
    assert cut.flags.c_contiguous


def test_hashes_never_change():
    """These numbers decide splits and shards of everybody's records."""
    assert slices.stable_hash("unit", "Rock/a.mp3") == 1283701099735329053
    assert slices.sampling_key(0, "Rock/a.mp3", 3) == 5711616625497262208
    assert slices.stable_hash("caf\udce9") != slices.stable_hash("cafe")


def test_keys_are_63_bits_and_spread():
    keys = [slices.sampling_key(0, "track", index) for index in range(2000)]
    assert len(set(keys)) == 2000
    assert 0 <= min(keys) < 2**55
    assert 2**63 - 2**55 < max(keys) < 2**63
    assert abs(np.mean([slices.stable_fraction(key) for key in keys]) - 0.5) < 0.03
