"""Hashes that are the same on every machine and in every process."""

import hashlib


def stable_hash(*parts: str | int) -> int:
    """A 63-bit hash that is the same on every machine and in every process."""
    text = "\0".join(str(part) for part in parts)
    digest = hashlib.blake2b(text.encode(errors="surrogateescape"), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def stable_fraction(*parts: str | int) -> float:
    """A stable hash as a number in [0, 1)."""
    return (stable_hash(*parts) >> 10) / 2.0**53
