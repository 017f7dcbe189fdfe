from __future__ import annotations

from pathlib import Path

import pytest

from tf_happywhale.config import load_experiment
from tf_happywhale.detection.all_photographs import find_photographs, hash_contents
from tf_happywhale.disk.hashes import sha256
from tf_happywhale.errors import InputError


def touch(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(name.encode())


def test_photographs_of_both_folders_without_a_catalogue(tmp_path: Path) -> None:
    touch(tmp_path, "train_images/b.jpg", "train_images/2020/a.JPG", "test_images/0.png")
    touch(tmp_path, "train_images/notes.txt")
    experiment = load_experiment(None, [f"data.root={tmp_path}", f"output={tmp_path / 'out'}"])
    found = find_photographs(experiment)
    assert list(found) == ["2020/a.JPG", "b.jpg", "0.png"]
    assert found["0.png"] == tmp_path / "test_images" / "0.png"
    assert hash_contents(experiment, found)["b.jpg"] == sha256(found["b.jpg"])


def test_one_folder_is_enough_and_may_be_named_twice(tmp_path: Path) -> None:
    touch(tmp_path, "images/a.jpg")
    places = ["data.train_images=images", "data.test_images=images"]
    found = find_photographs(load_experiment(None, [f"data.root={tmp_path}", *places]))
    assert list(found) == ["a.jpg"]


def test_none_and_ambiguous_ones_are_one_sentence(tmp_path: Path) -> None:
    experiment = load_experiment(None, [f"data.root={tmp_path}"])
    with pytest.raises(InputError, match="There are no photographs in"):
        find_photographs(experiment)
    touch(tmp_path, "train_images/a.jpg", "test_images/a.jpg")
    with pytest.raises(InputError, match=r"a\.jpg is in .* rename one of them"):
        find_photographs(experiment)
