from __future__ import annotations

import pytest

from tf_happywhale.errors import InputError
from tf_happywhale.run_folders.contents import read_trained_on, write_trained_on


def test_what_a_model_was_trained_on_is_read_as_it_was_written(tmp_path):
    assert read_trained_on(tmp_path) is None
    write_trained_on(tmp_path, "pod-64-1; folds 1 of 12345678", ["09913", "1"])
    assert read_trained_on(tmp_path) == ("pod-64-1; folds 1 of 12345678", ["09913", "1"])
    (tmp_path / "trained_on.json").write_text("[]")
    with pytest.raises(InputError, match="is damaged: train again"):
        read_trained_on(tmp_path)
