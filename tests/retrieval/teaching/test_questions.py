from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tf_happywhale.catalogue.animals.individuals import NEW_INDIVIDUAL
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.ensemble.standard_scores import Line
from tf_happywhale.retrieval.search.candidates import rank_individuals
from tf_happywhale.retrieval.search.joined_rows import stack
from tf_happywhale.retrieval.search.same_side import sides_of
from tf_happywhale.retrieval.search.scored import cosines, rank_scored
from tf_happywhale.retrieval.teaching.questions import Questions, ask

# Five images: A has two of different days, B two of one day, C one.
IDS = ["A", "A", "B", "B", "C"]
DAYS = ["2026-05-01", "2026-05-02", "2026-05-01", "2026-05-01", "2026-05-03"]
SCORES = np.array(
    [
        [1.0, 0.5, 0.9, 0.8, 0.6],  # A, first day: the second day's A comes after C
        [0.5, 1.0, 0.4, 0.3, 0.2],  # A, second day: A is best
        [0.9, 0.4, 1.0, 0.7, 0.1],  # B: no other day
        [0.8, 0.3, 0.7, 1.0, 0.2],
        [0.6, 0.2, 0.1, 0.2, 1.0],
    ],
    np.float32,
)
LINE = Line(2.0, 1.0)


def images(ids: list[str], **columns: list[str]) -> Embeddings:
    names = np.array([f"{n}.jpg" for n in range(len(ids))])
    return Embeddings(
        np.ones((len(ids), 1), np.float32),
        names,
        np.array(ids, np.str_),
        columns={name: np.array(column, np.str_) for name, column in columns.items()},
    )


def ask_scores(score: np.ndarray, gallery: Embeddings) -> Questions:
    return ask(gallery, lambda rows: score[rows])


def named(questions: Questions, row: int) -> list[str]:
    return [name for name in questions.ids[row].tolist() if name]


def test_each_image_is_asked_of_the_others_without_its_day() -> None:
    asked = ask_scores(SCORES, images(IDS, date=DAYS))
    assert named(asked, 0) == ["C", "A"]  # both of B's were taken on that day
    assert asked.score[0, :2].tolist() == pytest.approx([0.6, 0.5])
    assert named(asked, 1) == ["A", "B", "C"]
    assert named(asked, 2) == ["A", "C"]
    assert named(asked, 4) == ["A", "B"]
    assert asked.left.tolist() == [1, 1, 0, 0, 0]
    assert asked.rank.tolist() == [1, 0, -1, -1, -1]
    assert asked.known.tolist() == [True, True, False, False, False]
    assert asked.sightings.tolist() == [2, 2, 1, 1, 1]
    assert (asked.gallery_individuals, asked.gallery_images) == (3, 5)


def test_without_days_only_the_image_itself_is_left_out() -> None:
    asked = ask_scores(SCORES, images(IDS))
    assert named(asked, 0) == ["B", "C", "A"]
    assert asked.left.tolist() == [1, 1, 1, 1, 0]
    assert asked.sightings.tolist() == [2, 2, 2, 2, 1]
    assert asked.rank.tolist() == [2, 0, 1, 1, -1]


def test_known_questions_and_the_same_as_new_ones() -> None:
    both = ask_scores(SCORES, images(IDS, date=DAYS)).both(LINE)
    assert both.truth.tolist() == ["A", "A", *[NEW_INDIVIDUAL] * 5]
    assert both.individual_ids.tolist() == [*IDS, "A", "A"]  # known ones once more, as new ones
    assert both.is_new.tolist() == [False] * 2 + [True] * 5
    new = [[name for name in row if name] for row in both.ids[2:].tolist()]
    assert new == [["A", "C"], ["A", "C"], ["A", "B"], ["C"], ["B", "C"]]
    np.testing.assert_allclose(both.standard, 2 * both.score - 1)


def test_equal_scores_are_in_the_order_of_ids() -> None:
    score = np.full((4, 4), 0.5, np.float32)
    asked = ask_scores(score, images(["C", "B", "A", "B"]))
    assert named(asked, 0) == ["A", "B"]
    assert named(asked, 1) == ["A", "B", "C"]
    assert asked.rank.tolist() == [-1, 1, -1, 1]


def test_what_was_not_compared_is_no_candidate() -> None:
    score = np.full((4, 4), np.nan, np.float32)
    score[0, 2], score[2, 3] = 0.3, 0.9
    asked = ask_scores(score, images(["A", "A", "B", "B"]))
    assert named(asked, 0) == ["B"]
    assert named(asked, 1) == []
    assert asked.rank.tolist() == [1, 1, 0, 1]  # A is missed however far one looks
    assert np.isneginf(asked.score[1]).all()


@pytest.mark.parametrize(
    ("columns", "left"),
    [
        ({"encounter": ["e", "e", "f"]}, [1, 1, 2]),
        ({"encounter": ["e", "e", ""], "date": ["2026-01-01"] * 3}, [0, 0, 0]),
        ({"encounter": ["e", "f", "g"], "date": ["2026-01-01"] * 3}, [2, 2, 2]),
        ({"date": ["2026-01-01 08:00:00", "2026-01-01T17:30", "2026-01-02"]}, [1, 1, 2]),
        ({"date": ["2026", "2026", "2026"]}, [2, 2, 2]),
        ({"content": ["x", "y", "x"]}, [1, 2, 1]),
    ],
)
def test_what_was_taken_together(columns: dict[str, list[str]], left: list[int]) -> None:
    asked = ask_scores(np.ones((3, 3), np.float32), images(["A"] * 3, **columns))
    assert asked.left.tolist() == left


def test_animals_of_one_photograph_do_not_answer_for_each_other() -> None:
    gallery = Embeddings(
        np.ones((3, 1), np.float32), np.array(["p.jpg", "p.jpg#2", "q.jpg"]), np.array(list("ABA"))
    )
    asked = ask_scores(np.ones((3, 3), np.float32), gallery)
    assert named(asked, 0) == ["A"]
    assert asked.left.tolist() == [1, 0, 1]


def herd(seed: int, count: int = 60, individuals: int = 12) -> Embeddings:
    rng = np.random.default_rng(seed)
    who = rng.integers(0, individuals, count)
    centre = rng.normal(size=(individuals, 6))
    return Embeddings(
        (centre[who] + 0.8 * rng.normal(size=(count, 6))).astype(np.float32),
        np.array([f"{n}.jpg" for n in range(count)]),
        np.array([f"w{n:02d}" for n in who]),
        columns={"date": np.array([f"2026-01-{n:02d}" for n in rng.integers(1, 9, count)])},
    )


@pytest.mark.parametrize("best_of", [1, 3])
@pytest.mark.parametrize("seed", range(3))
def test_a_question_is_what_searching_the_rest_gives(seed: int, best_of: int) -> None:
    """By the search that answers new photographs; so no question sees its own day."""
    gallery = herd(seed)
    asked = ask(gallery, best_of=best_of)
    day, who = gallery.column("date"), gallery.individual_id
    for row in range(len(gallery)):
        rest = gallery.take(day != day[row])
        query = gallery.embedding[row : row + 1]
        found = rank_individuals(
            query, rest.embedding, rest.individual_id.tolist(), asked.ids.shape[1], best_of=best_of
        )
        assert asked.ids[row].tolist() == found.individual_id[0].tolist()
        np.testing.assert_allclose(asked.score[row], found.score[0], atol=1e-5)
        left = int((rest.individual_id == who[row]).sum())
        assert asked.left[row] == left
        ranked = found.individual_id[0].tolist()
        assert asked.rank[row] == (ranked.index(who[row]) if left else -1)
        without = rest.take(rest.individual_id != who[row])
        new = rank_individuals(
            query, without.embedding, without.individual_id.tolist(), 5, best_of=best_of
        )
        both = asked.both(LINE)
        own = len(asked) + int(asked.known[:row].sum()) if left else row
        assert both.is_new[own] and both.individual_ids[own] == who[row]
        assert both.ids[own, :5].tolist() == new.individual_id[0].tolist()


def test_many_images_are_asked_block_by_block(monkeypatch: pytest.MonkeyPatch) -> None:
    gallery = herd(5)
    whole = ask(gallery)
    monkeypatch.setattr("tf_happywhale.retrieval.teaching.questions.CELLS", 130)
    parts = ask(gallery)
    assert whole.ids.tolist() == parts.ids.tolist()
    assert whole.rank.tolist() == parts.rank.tolist()


def test_of_a_large_gallery_the_same_images_are_drawn_each_time() -> None:
    gallery = herd(6)
    some, again = ask(gallery, most=20), ask(gallery, most=20)
    assert len(some) == 20
    assert some.row.tolist() == again.row.tolist() == sorted(set(some.row.tolist()))
    assert some.ids.tolist() == ask(gallery).ids[some.row].tolist()


def test_only_the_images_that_may_be_asked_are_questions() -> None:
    gallery = herd(7)
    unseen = gallery.individual_id == "w03"
    asked = ask(gallery, asked=unseen)
    assert set(asked.individual_ids.tolist()) == {"w03"}
    assert len(asked) == unseen.sum()
    assert asked.gallery_individuals == 12


def test_a_gallery_without_images_asks_nothing() -> None:
    nothing = Embeddings(np.zeros((0, 3), np.float32), np.zeros(0, "U1"), np.zeros(0, "U1"))
    assert len(ask(nothing)) == 0
    assert len(ask_scores(np.zeros((0, 0), np.float32), nothing).both(LINE)) == 0


def test_individuals_known_from_the_same_side_come_first() -> None:
    """As for new photographs. C is known only from the other side."""
    sides = ["left", "right", "left", "", "right"]
    asked = ask_scores(SCORES, images(IDS, viewpoint=sides))
    assert named(asked, 0) == ["B", "C", "A"]
    assert asked.score[0].tolist() == pytest.approx([0.9, 0.6, 0.5])
    assert asked.rank[0] == 2
    assert named(asked, 1) == ["B", "C", "A"]  # A is known only from the left without image 1
    assert asked.score[1].tolist() == pytest.approx([0.4, 0.2, 0.5])
    assert asked.rank.tolist() == [2, 2, 1, 1, -1]
    ignored = ask(images(IDS, viewpoint=sides), lambda rows: SCORES[rows], same_side=False)
    assert named(ignored, 1) == ["A", "B", "C"]
    assert ignored.rank.tolist() == [2, 0, 1, 1, -1]


def test_sides_are_ranked_as_those_of_photographs() -> None:
    gallery, random = herd(4), np.random.default_rng(4)
    sides = np.array(["left", "right", ""])[random.integers(0, 3, len(gallery))]
    gallery = replace(gallery, columns=gallery.columns | {"viewpoint": sides})
    asked, day = ask(gallery), gallery.column("date")
    for row in range(0, len(gallery), 7):
        rest, query = gallery.take(day != day[row]), gallery.take(np.array([row]))
        scores = cosines(stack([query.embedding]), stack([rest.embedding]))
        ids, k = rest.individual_id.tolist(), len(set(rest.individual_id.tolist()))
        found = rank_scored(scores, ids, [""], k, sides=sides_of(query, rest))
        assert asked.ids[row, :k].tolist() == found.individual_id[0].tolist()
        np.testing.assert_allclose(asked.score[row, :k], found.score[0], atol=1e-5)
        own = gallery.individual_id[row]
        if own in ids:
            assert asked.rank[row] == found.individual_id[0].tolist().index(own)
