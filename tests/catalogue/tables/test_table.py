from __future__ import annotations

from pathlib import Path

import pytest

from tf_happywhale.catalogue.tables.table import read_text_table
from tf_happywhale.errors import InputError


def test_a_missing_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no file .*train\.csv"):
        read_text_table(tmp_path / "train.csv", ())
