"""The order of a pass: a function of its seed, and parts of it for workers."""

import numpy as np
import pytest

from tfgenre.records import order
from tfgenre.records.order import BLOCK

MANY = np.arange(10 * BLOCK + 7)


@pytest.mark.parametrize(
    "numbers", [np.arange(0), np.arange(1), MANY, MANY[::3], np.repeat(MANY, MANY % 3)]
)
@pytest.mark.parametrize("window", [1, 2 * BLOCK, 10**6])
def test_every_number_comes_as_often_as_given(numbers, window):
    found = order.shuffled(numbers, seed=1, window=window)
    assert sorted(found) == numbers.tolist()


def test_the_order_is_a_function_of_the_seed():
    first, same, other = (order.shuffled(MANY, seed=seed, window=200) for seed in (1, 1, 2))
    assert (first == same).all()
    assert (first != other).any()


def test_windows_hold_blocks_of_neighbours():
    found = order.shuffled(MANY, seed=3, window=2 * BLOCK)
    for start in range(0, len(found), 2 * BLOCK):
        blocks = np.unique(found[start : start + 2 * BLOCK] // BLOCK)
        assert len(blocks) <= 3  # the last block is short, so that others are cut
    assert len(np.unique(found[:BLOCK] // BLOCK)) > 1


def test_one_window_is_one_shuffle():
    """Neighbours in the order are no closer in the files than chance has it."""
    numbers = np.arange(100 * BLOCK)
    found = order.shuffled(numbers, seed=4, window=len(numbers))
    same_block = (np.diff(found // BLOCK) == 0).mean()
    assert same_block < 0.03  # chance: 0.01


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_workers_divide_the_slices_evenly(count):
    parts = [
        order.shuffled(MANY, seed=5, window=100, part=(index, count)) for index in range(count)
    ]
    sizes = [order.part_size(len(MANY), (index, count)) for index in range(count)]
    assert [len(part) for part in parts] == sizes
    assert max(sizes) - min(sizes) <= 1
    assert sorted(np.concatenate(parts)) == MANY.tolist()
