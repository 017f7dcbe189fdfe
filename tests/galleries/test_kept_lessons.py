"""What a gallery's pairs have taught, kept in a file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tf_happywhale.galleries.kept_lessons import (
    FILE,
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


def test_other_and_damaged_lessons_are_none_and_the_next_home_counts(tmp_path: Path) -> None:
    images, homes = gallery(), [tmp_path / "a", tmp_path / "b"]
    assert load_lessons(homes, "key", images) is None
    for home in homes:
        keep_lessons([home], "key", itself(images))
    assert load_lessons(homes, "other key", images) is None
    whole = (homes[0] / FILE).read_bytes()
    for broken in (b"", b"PK", whole[:-9], whole[: len(whole) // 2], b"[" + whole[1:]):
        (homes[0] / FILE).write_bytes(broken)
        assert load_lessons(homes[:1], "key", images) is None
        assert load_lessons(homes, "key", images) is not None
    few = images.take(np.arange(11))
    assert load_lessons(homes[1:], "key", few) is None


def test_new_lessons_take_the_place_of_old_ones(tmp_path: Path) -> None:
    images = gallery()
    for key in ("first", "second"):
        keep_lessons([tmp_path], key, itself(images))
    assert [file.name for file in tmp_path.iterdir()] == [FILE]
    assert load_lessons([tmp_path], "first", images) is None
    assert load_lessons([tmp_path], "second", images) is not None


def test_the_key_is_of_everything_that_lessons_depend_on() -> None:
    one, all_ = gallery(), np.ones(12, bool)
    keys = [lessons_key(one, None, PLAN, "way"), lessons_key(one, all_, PLAN, "way")]
    keys += [lessons_key(one, all_, PLAN, "other way"), lessons_key(one, ~all_, PLAN, "way")]
    keys += [lessons_key(one, all_, MatchPlan(*plan), "way") for plan in ((6, 12), (5, 11))]
    keys.append(lessons_key(gallery(days=3), all_, PLAN, "way"))
    moved = replace(one, individual_id=np.roll(one.individual_id, 1))
    turned = replace(one, embedding=one.embedding[::-1].copy())
    keys += [lessons_key(other, all_, PLAN, "way") for other in (moved, turned)]
    assert len(set(keys)) == len(keys)
    assert lessons_key(gallery(), None, PLAN, "way") == keys[0]
