from __future__ import annotations

from pathlib import Path

import pytest

from tf_happywhale.detection.unfinished_training import CHECKPOINT, NOTE, begin, was_begun


def test_only_a_training_that_asked_for_the_same_is_resumed(tmp_path: Path) -> None:
    folder, weights = tmp_path / "training", tmp_path / "weights.pt"
    assert not was_begun(folder, {"epochs": 3})
    begin(folder, {"epochs": 3}, [weights])
    (folder / CHECKPOINT).write_text("learnt")
    weights.write_text("learnt")
    assert was_begun(folder, {"epochs": 3})
    assert not was_begun(folder, {"epochs": 4})
    begin(folder, {"epochs": 4}, [weights])
    assert was_begun(folder, {"epochs": 4})
    assert not (folder / CHECKPOINT).exists() and not weights.exists()


def test_in_a_linked_folder_no_checkpoint_stays(tmp_path: Path) -> None:
    (tmp_path / "scratch").mkdir()
    folder = tmp_path / "training"
    folder.symlink_to(tmp_path / "scratch")
    (folder / CHECKPOINT).write_text("learnt")
    begin(folder, {"epochs": 3}, [])
    assert not (folder / CHECKPOINT).exists()


def test_if_old_files_cannot_be_removed_nothing_is_noted(tmp_path: Path) -> None:
    (tmp_path / "weights.pt").mkdir()
    with pytest.raises(OSError):
        begin(tmp_path / "training", {"epochs": 3}, [tmp_path / "weights.pt"])
    assert not was_begun(tmp_path / "training", {"epochs": 3})


@pytest.mark.parametrize("note", ["", "{", "[]", '{"digest": 1}'])
def test_a_damaged_note_does_not_count(tmp_path: Path, note: str) -> None:
    begin(tmp_path, {"epochs": 3}, [])
    (tmp_path / NOTE).write_text(note)
    assert not was_begun(tmp_path, {"epochs": 3})
