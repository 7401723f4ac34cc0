"""The folder of an export."""

import pytest

from tfgenre.errors import UserError
from tfgenre.export.folder import check_export_dir


def test_a_folder_with_other_files_is_never_replaced(tmp_path):
    (tmp_path / "thesis.txt").write_text("")
    with pytest.raises(UserError, match="holds other files"):
        check_export_dir(tmp_path, overwrite=True)
