"""Images that a model has left out, by what its run folder says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tf_happywhale.inference.teaching.held_out import held_out
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.training.resume.made_from import MadeFrom, write_made_from

GALLERY = Embeddings(
    np.eye(4, dtype=np.float32),
    np.array(["a.jpg", "b.jpg", "c.jpg#2", "d.jpg"]),
    np.array(["x", "x", "y", "z"]),
)


@dataclass(frozen=True)
class Model:
    folder: Path


def run(folder: Path, fold: int, parts: dict[str, int | str]) -> Model:
    pictures = tuple(
        (image, who, str(parts[image]), "p")
        for image, who in zip(GALLERY.image.tolist(), "xxyq", strict=True)
    )
    folder.mkdir()
    write_made_from(folder, MadeFrom({}, None, "", None, fold, pictures))
    return Model(folder)


def test_images_of_the_fold_left_out_are_honest(tmp_path: Path) -> None:
    one = run(tmp_path / "0", 0, {"a.jpg": 0, "b.jpg": 1, "c.jpg#2": 0, "d.jpg": 0})
    assert held_out([one], GALLERY).tolist() == [True, False, True, False]  # d is another's now
    other = run(tmp_path / "1", 2, {"a.jpg": 2, "b.jpg": 2, "c.jpg#2": 1, "d.jpg": "predicted"})
    assert held_out([one, other], GALLERY).tolist() == [True, False, False, False]


def test_a_run_folder_that_does_not_say_it_leaves_none(tmp_path: Path) -> None:
    assert not held_out([Model(tmp_path)], GALLERY).any()
    damaged = run(tmp_path / "0", 0, dict.fromkeys(GALLERY.image.tolist(), 0))
    (damaged.folder / "made_from.json").write_text("{")
    assert not held_out([damaged], GALLERY).any()
