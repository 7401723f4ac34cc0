"""Songs that sound alike."""

import numpy as np

from tfgenre.evaluation import alike


def test_a_copy_is_paired_with_its_original():
    rng = np.random.default_rng(0)
    statistics = rng.normal(size=(40, 384)) * 30 + 100
    copies = statistics[[3, 30]] + rng.normal(size=(2, 384)) * [[1], [4]]
    names = [f"{number:02}.mp3" for number in range(40)] + ["third.ogg", "thirtieth.ogg"]
    found = alike.pairs(names, np.concatenate([statistics, copies]))
    assert [pair[:2] for pair in found] == [("03.mp3", "third.ogg"), ("30.mp3", "thirtieth.ogg")]
    assert 1 >= found[0].correlation > found[1].correlation > 0.97


def test_few_songs_and_songs_that_are_equal():
    assert alike.pairs([], np.zeros((0, 3))) == []
    assert alike.pairs(["a"], np.zeros((1, 3))) == []
    statistics = np.array([[1.0, 2, 3], [1, 2, 3], [3, 0, 5], [0, 9, 1]])
    found = alike.pairs(["a", "b", "c", "d"], statistics)
    assert [pair[:2] for pair in found] == [("a", "b")]
