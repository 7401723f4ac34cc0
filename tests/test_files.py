"""Files and folders that are either complete or unchanged."""

import io

import pytest

from tfgenre.files import FilePart, atomic_folder, write_json


def test_a_folder_is_complete_or_unchanged(tmp_path):
    folder = tmp_path / "folder"
    for content in ("first", "second"):
        with atomic_folder(folder) as new:
            (new / "file").write_text(content)
    with pytest.raises(ZeroDivisionError), atomic_folder(folder) as new:
        (new / "file").write_text(str(1 // 0))
    assert (folder / "file").read_text() == "second"
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_json_has_no_nan(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "a.json", {"loss": float("nan")})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("size", "expected"), [(2, b"23"), (9, b"2345"), (-1, b"2345")])
def test_a_part_ends_before_its_file(tmp_path, size, expected):
    (tmp_path / "file").write_bytes(b"0123456789")
    with FilePart(str(tmp_path / "file"), start=2, end=6) as part:
        assert part.read(size) == expected
        assert part.seek(-1, io.SEEK_END) == 3
        assert (part.readall(), part.read(1)) == (b"5", b"")
