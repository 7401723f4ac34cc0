"""Files and folders that are either complete or unchanged."""

import pytest

from tfgenre.files import atomic_folder, write_json


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
