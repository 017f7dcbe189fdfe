"""What a gallery's pairs have taught, kept in a file."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tf_happywhale.galleries.kept_lessons import (
    LESSONS,
    MOST,
    MatchedItself,
    keep_lessons,
    lessons_key,
    load_lessons,
)
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.fusion.compared import compared
from tf_happywhale.retrieval.fusion.fuse import learn_from_pairs
from tf_happywhale.retrieval.fusion.match_plan import MatchPlan

PLAN = MatchPlan(5, 12)
PAIRS = np.array([(a, b) for a in range(12) for b in range(a + 1, 12)])


def gallery(days: int = 12) -> Embeddings:
    """Twelve images of four animals, on as many days."""
    random = np.random.default_rng(3)
    who = np.repeat(np.arange(4), 3)
    rows = np.eye(4, 8)[who] + random.normal(0, 0.4, (12, 8))
    return Embeddings(
        rows.astype(np.float32),
        np.array([f"{n}.jpg" for n in range(12)]),
        np.array([f"0{n}" for n in who]),
        columns={"date": np.array([f"2026-01-{1 + n % days:02d}" for n in range(12)])},
    )


def itself(images: Embeddings, nothing: bool = False) -> MatchedItself:
    features = np.random.default_rng(4).uniform(0, 9, (len(PAIRS), 3)).astype(np.float32)
    if nothing:
        features[:] = np.nan
    rows = np.arange(12)
    return MatchedItself(learn_from_pairs(images, compared(12, PAIRS, features), rows), rows, 0.5)


@pytest.mark.parametrize("days", [12, 1])
@pytest.mark.parametrize("nothing", [False, True])
def test_lessons_are_read_as_they_were_kept(tmp_path: Path, days: int, nothing: bool) -> None:
    """Also where no pair says what is usual, since all images or no pictures could be compared."""
    images = gallery(days)
    one = itself(images, nothing)
    keep_lessons([tmp_path / "a", tmp_path / "b"], "key", one)
    other = load_lessons([tmp_path / "a", tmp_path / "b"], "key", images)
    assert not (tmp_path / "a").exists() and other is not None
    rows = np.arange(12)
    assert np.array_equal(one.lessons.own(rows), other.lessons.own(rows))
    assert np.array_equal(one.asked, other.asked) and other.kept == 0.5
    said = [(x.pairs, x.same, x.calibrations.individuals) for x in (one.lessons, other.lessons)]
    assert said[0] == said[1]
    for cohort in ("cosine", "counts"):
        both = [getattr(x.lessons.usual, cohort) for x in (one, other)]
        assert (both[0] is None) == (both[1] is None)


def file_of(home: Path) -> Path:
    (file,) = (home / LESSONS).iterdir()
    return file


def test_other_and_damaged_lessons_are_none_and_the_next_home_counts(tmp_path: Path) -> None:
    images, homes = gallery(), [tmp_path / "a", tmp_path / "b"]
    assert load_lessons(homes, "key", images) is None
    for home in homes:
        keep_lessons([home], "key", itself(images))
    assert load_lessons(homes, "other key", images) is None
    whole = file_of(homes[0]).read_bytes()
    for broken in (b"", b"PK", whole[:-9], whole[: len(whole) // 2], b"[" + whole[1:]):
        file_of(homes[0]).write_bytes(broken)
        assert load_lessons(homes[:1], "key", images) is None
        assert load_lessons(homes, "key", images) is not None
    few = images.take(np.arange(11))
    assert load_lessons(homes[1:], "key", few) is None


def put(array: np.ndarray, place: tuple, value: float) -> np.ndarray:
    array = array.copy()
    array[place] = value
    return array


WRONG = {
    "image": [lambda a: put(a, 0, 12), lambda a: put(a, 0, -1), lambda a: a.astype(float)],
    "start": [lambda a: a[:-1], lambda a: a[::-1], lambda a: a + 1, lambda a: put(a, -1, 99)],
    "features": [
        *(lambda a: a[:-1], lambda a: a[:, :2], lambda a: -a - 1, lambda a: a.astype(str)),
        lambda a: put(a, (0, 0), np.inf),
    ],
    "calibrations": [
        *(lambda a: a[:1], lambda a: a[:-1], lambda a: a[:, :5], lambda a: a.astype(str)),
        lambda a: put(a, (0, 0), np.nan),
    ],
    "cosine": [
        *(lambda a: a[:1], lambda a: a[:, :-1], lambda a: a[..., :0]),
        *(lambda a: put(a, (1, 0, 0), 0), lambda a: put(a, (0, 3, 0), np.nan)),
    ],
    "counts": [lambda a: a[..., :1], lambda a: np.tile(a, 3), lambda a: put(a, (1, 2, 1), -1)],
    "rows": [
        *(lambda a: a[::-1], lambda a: a - 1, lambda a: a + 0.5, lambda a: a[None]),
        lambda a: put(a, 1, 0),
    ],
    "numbers": [lambda a: a[:2], lambda a: -a - 1, lambda a: a + 0.5],
    "kept": [lambda a: np.array(np.inf), lambda a: np.array([0.5]), lambda a: np.array("much")],
}


@pytest.mark.parametrize("name", WRONG)
def test_arrays_of_other_lessons_are_learned_again(tmp_path: Path, name: str) -> None:
    images = gallery()
    keep_lessons([tmp_path], "key", itself(images))
    file = file_of(tmp_path)
    arrays = dict(np.load(file))
    np.savez(file, **arrays)
    assert load_lessons([tmp_path], "key", images) is not None
    for wrong in WRONG[name]:
        np.savez(file, **arrays | {name: wrong(arrays[name])})
        assert load_lessons([tmp_path], "key", images) is None
    np.savez(file, **{key: array for key, array in arrays.items() if key != name})
    assert load_lessons([tmp_path], "key", images) is None


def test_the_latest_lessons_are_kept_beside_one_another(tmp_path: Path) -> None:
    images, keys = gallery(), [f"{n}{'-' * 20}" for n in range(MOST + 2)]
    for age, key in enumerate(keys):
        keep_lessons([tmp_path], key, itself(images))
        file = tmp_path / LESSONS / f"{key[:16]}.npz"
        os.utime(file, ns=(age, age))  # all before the next one, whatever the clock says
    there = [load_lessons([tmp_path], key, images) is not None for key in keys]
    assert there == [False, False] + [True] * MOST


def test_lessons_that_cannot_be_written_are_not_kept(tmp_path: Path) -> None:
    images = gallery()
    (tmp_path / LESSONS).write_text("a file in place of the folder")
    keep_lessons([tmp_path], "key", itself(images))
    assert load_lessons([tmp_path], "key", images) is None
    assert (tmp_path / LESSONS).read_text() == "a file in place of the folder"


def test_the_key_is_of_everything_that_lessons_depend_on() -> None:
    one, all_, crops = gallery(), np.ones(12, bool), [f"crop {n}" for n in range(12)]
    keys = [lessons_key(one, crops, all_, PLAN, way) for way in ("way", "other way")]
    keys += [lessons_key(one, crops, ~all_, PLAN, "way")]
    keys += [lessons_key(one, crops, all_, MatchPlan(*plan), "way") for plan in ((6, 12), (5, 11))]
    keys += [lessons_key(one, [*crops[1:], "changed"], all_, PLAN, "way")]
    keys.append(lessons_key(gallery(days=3), crops, all_, PLAN, "way"))
    moved = replace(one, individual_id=np.roll(one.individual_id, 1))
    turned = replace(one, embedding=one.embedding[::-1].copy())
    keys += [lessons_key(other, crops, all_, PLAN, "way") for other in (moved, turned)]
    assert len(set(keys)) == len(keys)
    assert lessons_key(gallery(), crops, None, PLAN, "way") == keys[0]


def test_an_empty_gallery_has_a_key() -> None:
    none = gallery().take(np.zeros(0, int))
    assert lessons_key(none, [], None, PLAN, "way") != lessons_key(none, [], None, PLAN, "other")
