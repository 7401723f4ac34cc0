"""What the system is asked to read ahead."""

import os

import pytest

from tfgenre.records import page_cache

MB = 1 << 20


@pytest.fixture
def asked(monkeypatch):
    """The parts that the system was asked for."""
    parts = []

    def noted(descriptor: int, offset: int, length: int, advice: int) -> None:
        assert advice == os.POSIX_FADV_WILLNEED
        parts.append((offset, length))

    monkeypatch.setattr(os, "posix_fadvise", noted, raising=False)
    return parts


def test_what_is_cached_is_not_asked_for(tmp_path, asked, monkeypatch):
    path = tmp_path / "shard"
    path.write_bytes(bytes(3 * MB))

    def answered(descriptor, buffers, offset, flags):
        if offset == MB + MB // 2:
            raise BlockingIOError
        return 1

    monkeypatch.setattr(os, "preadv", answered, raising=False)
    page_cache.read_ahead(str(path), [(0, MB), (MB, MB), (2 * MB, MB)])
    assert asked == [(MB, MB)]


def test_a_file_just_written_is_cached(tmp_path, asked):
    (tmp_path / "shard").write_bytes(bytes(MB))
    try:
        with (tmp_path / "shard").open("rb") as file:
            os.preadv(file.fileno(), [bytearray(1)], 0, os.RWF_NOWAIT)
    except (AttributeError, OSError):
        pytest.skip("this system or its file system cannot say")
    page_cache.read_ahead(str(tmp_path / "shard"), [(0, 1000), (5000, 1000)])
    assert asked == []


def test_systems_that_cannot_say_what_they_cached(tmp_path, asked, monkeypatch):
    monkeypatch.delattr(os, "RWF_NOWAIT", raising=False)
    (tmp_path / "shard").write_bytes(bytes(MB))
    page_cache.read_ahead(str(tmp_path / "shard"), [(0, 1000)])
    assert asked == [(0, 1000)]


def test_systems_that_do_not_read_ahead(tmp_path, monkeypatch):
    monkeypatch.delattr(os, "posix_fadvise", raising=False)
    page_cache.read_ahead(str(tmp_path / "shard"), [(0, 1000)])


def test_a_file_that_is_gone(tmp_path, asked):
    page_cache.read_ahead(str(tmp_path / "gone"), [(0, 1000)])
    assert asked == []
