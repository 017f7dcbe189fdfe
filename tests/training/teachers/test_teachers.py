from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tf_happywhale.config import Experiment, load_experiment
from tf_happywhale.errors import InputError
from tf_happywhale.retrieval.embeddings import Embeddings, save_embeddings
from tf_happywhale.training.teachers.teachers import Teachers, load_teachers

RNG = np.random.default_rng(0)
IMAGES = [f"{n}.jpg" for n in range(8)]
TEST = [f"t{n}.jpg" for n in range(4)]
ROWS = [RNG.normal(size=(12, width)).astype(np.float32) for width in (3, 5)]


def write(run: Path, rows: np.ndarray, images: list[str] = IMAGES) -> None:
    for split, names, part in (("train", images, rows[:8]), ("test", TEST, rows[8:])):
        part = part[: len(names)]
        made = Embeddings(part, np.array(names), np.array([""] * len(names)))
        save_embeddings(run / "embeddings" / f"{split}.npz", made)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for name, rows in zip(("one", "two"), ROWS, strict=True):
        write(tmp_path / name, rows)
    return tmp_path


def experiment(home: Path, weight: float = 1) -> Experiment:
    named = f"{{path: {home}/one, weight: {weight}}}, {{path: {home}/two}}"
    return load_experiment(None, [f"train.teachers=[{named}]"])


def load(home: Path, weight: float = 1, more: list[str] = TEST) -> Teachers:
    return load_teachers(experiment(home, weight), 0, IMAGES[::-1], more)


def test_they_stand_side_by_side_as_they_rank(home: Path):
    """The cosine of two images is the weighted mean of the teachers' cosines; here around the mean
    of all images that are trained on."""
    units = [rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in ROWS]
    joined = np.concatenate([units[0] * np.sqrt(3 / 4), units[1] * np.sqrt(1 / 4)], axis=1)
    joined = np.concatenate([joined[:8][::-1], joined[8:]])
    wanted = joined - joined.mean(axis=0)
    wanted /= np.linalg.norm(wanted, axis=1, keepdims=True)
    found = load(home, 3).targets
    assert found.shape == (12, 8)
    np.testing.assert_allclose(found @ found.T, wanted @ wanted.T, atol=1e-5)
    assert load(home, 3, []).targets.shape == (8, 7)


def test_nobody_teaches_where_nobody_is_named():
    assert load_teachers(load_experiment(None, ["seed=1"]), 0, IMAGES, []) is None


def test_an_image_that_a_teacher_has_not_seen_is_an_error(home: Path):
    write(home / "two", ROWS[1], IMAGES[:6])
    with pytest.raises(InputError, match=r"two.embeddings.train\.npz lacks 2 images .*'7\.jpg'"):
        load(home)
    with pytest.raises(InputError, match=r"lacks 1 image .*'unknown\.jpg'"):
        load_teachers(experiment(home), 0, IMAGES[:6], ["unknown.jpg"])


def test_what_they_say_of_these_images_counts_and_nothing_else(home: Path):
    before = load(home, more=TEST[:2]).content
    changed = ROWS[1].copy()
    changed[11] += 1  # of an image that is not trained on
    write(home / "two", changed)
    assert load(home, more=TEST[:2]).content == before
    changed[3, 0] += 1e-6
    write(home / "two", changed)
    assert load(home, more=TEST[:2]).content != before
    write(home / "two", ROWS[1])
    assert load(home, 2, TEST[:2]).content != before


def test_teachers_to_whom_all_images_are_the_same_teach_nothing(home: Path):
    for name in ("one", "two"):
        write(home / name, np.ones((12, 3), np.float32))
    with pytest.raises(InputError, match="the same embedding, which teaches nothing"):
        load(home).targets  # noqa: B018
