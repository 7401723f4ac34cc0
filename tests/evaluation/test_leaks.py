"""The leak report: differences between splits have intervals."""

import numpy as np
import pytest

from tfgenre.evaluation import leaks


def test_the_difference_of_two_estimates():
    assert leaks.difference((0.7, 0.7, 0.7), (0.5, 0.5, 0.5)) == pytest.approx((0.2, 0.2, 0.2))
    value, low, high = leaks.difference((0.7, 0.6, 0.8), (0.5, 0.4, 0.6))
    assert (value, low, high) == pytest.approx((0.2, 0.2 - 0.02**0.5, 0.2 + 0.02**0.5))
    rng = np.random.default_rng(0)
    drawn = rng.normal(0.7, 0.1 / 1.96, 10**5) - rng.normal(0.5, 0.1 / 1.96, 10**5)
    np.testing.assert_allclose((low, high), np.percentile(drawn, (2.5, 97.5)), atol=0.005)
