import numpy as np
import pytest

from tfgenre.hashing import stable_fraction, stable_hash
from tfgenre.records.sampling import sampling_key
from tfgenre.spectrogram import slices


def picture(num_columns: int) -> np.ndarray:
    """Columns that differ, uint8 [columns, 129]."""
    return np.arange(129 * num_columns).reshape(-1, 129).astype(np.uint8)


@pytest.mark.parametrize(
    ("num_columns", "dropped", "overlapped"),
    [(0, 0, 0), (127, 0, 0), (128, 1, 1), (129, 1, 2), (256, 2, 2), (1501, 11, 12)],
)
def test_whole_slices_and_the_tail(num_columns, dropped, overlapped):
    assert len(list(slices.cut([picture(num_columns)]))) == dropped
    assert len(list(slices.cut([picture(num_columns)], tail="overlap"))) == overlapped


def test_a_slice_is_its_columns_upright_without_the_highest_row():
    columns = picture(300)
    _, second, last = slices.cut([columns], tail="overlap")
    np.testing.assert_array_equal(second, columns[128:256, 127::-1].T)
    np.testing.assert_array_equal(last, columns[-128:, 127::-1].T)


def test_how_the_columns_come_does_not_matter():
    columns = picture(1000)
    whole = list(slices.cut([columns]))
    parts = list(slices.cut(np.array_split(columns, 77)))
    np.testing.assert_array_equal(whole, parts)


@pytest.mark.parametrize(
    ("count", "limit", "expected"),
    [
        (5, 0, [0, 1, 2, 3, 4]),
        (3, 5, [0, 1, 2]),
        (10, 2, [2, 6]),
        (9, 3, [1, 4, 7]),
        (1000, 1, [512]),
        (0, 3, []),
    ],
)
def test_spread(count, limit, expected):
    chosen = list(slices.spread(range(count), limit))
    assert [index for index, _ in chosen] == [item for _, item in chosen] == expected


@pytest.mark.parametrize("count", [50, 333, 5000])
def test_spread_is_even(count):
    indices = [index for index, _ in slices.spread(range(count), 10)]
    ideal = (np.arange(10) + 0.5) * count / 10
    assert np.abs(indices - ideal).max() <= count / 20


def test_hashes_never_change():
    """These numbers decide splits and shards of everybody's records."""
    assert stable_hash("unit", "Rock/a.mp3") == 1283701099735329053
    assert sampling_key(0, "Rock/a.mp3", 3) == 5711616625497262208
    assert stable_hash("caf\udce9") != stable_hash("cafe")


def test_keys_are_63_bits_and_spread():
    keys = [sampling_key(0, "track", index) for index in range(2000)]
    assert len(set(keys)) == 2000
    assert 0 <= min(keys) < 2**55
    assert 2**63 - 2**55 < max(keys) < 2**63
    assert abs(np.mean([stable_fraction(key) for key in keys]) - 0.5) < 0.03
