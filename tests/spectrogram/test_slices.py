"""Columns are cut into slices, and slices are picked evenly."""

import numpy as np
import pytest

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


def test_a_slice_has_low_frequencies_at_the_bottom_and_no_highest_row():
    columns = picture(300)
    _, second, last = slices.cut([columns], tail="overlap")
    np.testing.assert_array_equal(second, columns[128:256, 127::-1].T)
    np.testing.assert_array_equal(last, columns[-128:, 127::-1].T)


def test_column_block_sizes_do_not_matter():
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
