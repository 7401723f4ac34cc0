"""Stable hashes, and the sampling keys made from them."""

import numpy as np

from tfgenre.hashing import stable_fraction, stable_hash
from tfgenre.records.sampling import sampling_key


def test_hashes_never_change():
    """These numbers determine the splits and shards of all existing records."""
    assert stable_hash("unit", "Rock/a.mp3") == 1283701099735329053
    assert sampling_key(0, "Rock/a.mp3", 3) == 5711616625497262208
    assert stable_hash("caf\udce9") != stable_hash("cafe")


def test_keys_are_63_bits_and_spread():
    keys = [sampling_key(0, "track", index) for index in range(2000)]
    assert len(set(keys)) == 2000
    assert 0 <= min(keys) < 2**55
    assert 2**63 - 2**55 < max(keys) < 2**63
    assert abs(np.mean([stable_fraction(key) for key in keys]) - 0.5) < 0.03
