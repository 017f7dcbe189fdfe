from __future__ import annotations

import numpy as np
import pytest

from tests.retrieval.conftest import Herd
from tf_happywhale.config import Rank
from tf_happywhale.retrieval.ensemble.ensemble_embeddings import make_ensemble
from tf_happywhale.retrieval.ensemble.labelled_gallery import LabelledGallery
from tf_happywhale.retrieval.evaluation import naive_split as module
from tf_happywhale.retrieval.evaluation.metric_lines import naive_sentence
from tf_happywhale.retrieval.evaluation.naive_split import naive_split, several_in_a_burst

# Of each image its burst. Fold 0 asks a, b and e; e's individual has one burst only.
ROWS = {
    "a.jpg": ("001", 0, 0, "day1"),
    "b.jpg": ("001", 1, 0, "day1"),
    "c.jpg": ("001", 30, 1, "day2"),
    "d.jpg": ("002", 10, 1, "day3"),
    "e.jpg": ("003", 200, 0, "day4"),
    "f.jpg": ("003", 201, 0, "day4"),
}


def measured(rows: dict[str, tuple], folds: tuple[int, ...] = (0,), **settings) -> dict:
    herd = Herd([(image, *row[:3]) for image, row in rows.items()])
    ensemble = make_ensemble([herd.gallery(fold) for fold in folds], herd.images)
    gallery = LabelledGallery(ensemble, herd.ids, herd.folds)
    bursts = np.array([row[3] for row in rows.values()])
    return naive_split(gallery, [1.0] * len(folds), bursts, Rank(**settings))


def test_a_burst_answers_for_itself_unless_it_is_left_out_by_hand() -> None:
    found = measured(ROWS)
    # a and b find one another; without their day, 002 is nearer than the 001 of the other day
    assert found == {"naive": 1.0, "honest": 0.5, "queries": 2, "kept": True}


def test_an_image_never_answers_for_itself() -> None:
    far = ROWS | {"b.jpg": ("001", 60, 0, "day1")}
    found = measured(far)
    # a: 002 at 10 is nearer than c at 30. b: c at 30 is nearer than d at 10, with or without a
    assert (found["naive"], found["honest"]) == (0.75, 0.75)


def test_images_of_the_same_fold_on_other_days_may_answer() -> None:
    near = ROWS | {"c.jpg": ("001", 5, 0, "day2")}
    assert measured(near)["honest"] == 1.0  # d at 10 would be before the training images' 001


def test_a_burst_in_two_folds_is_noticed_and_the_sentence_says_at_most() -> None:
    torn = ROWS | {"b.jpg": ("001", 1, 1, "day1")}
    found = measured(torn)
    assert (found["kept"], found["queries"]) == (False, 1)
    assert naive_sentence(found).startswith("These folds tear encounters or days apart")
    assert "at most" in naive_sentence(found)
    assert "data.fold_by=burst" in naive_sentence(found)


def test_the_sentence_names_both_figures() -> None:
    said = naive_sentence({"naive": 0.71, "honest": 0.52, "queries": 40, "kept": True})
    assert said.startswith(
        "A split that ignores encounters and days would have promised 0.710 (honest: 0.520)"
    )


def test_without_a_question_there_is_nothing_to_say() -> None:
    once = {image: (*row[:3], row[0]) for image, row in ROWS.items()}
    assert measured(once) == {}
    assert not several_in_a_burst(np.array(["a", "b"]))
    assert several_in_a_burst(np.array(["a", "a"]))


def random_rows(seed: int) -> dict[str, tuple]:
    rng = np.random.default_rng(seed)
    return {
        f"{n}.jpg": (f"i{rng.integers(5)}", float(rng.uniform(0, 90)), int(n % 2), f"d{n // 3}")
        for n in range(40)
    }


@pytest.mark.parametrize("seed", range(4))
def test_it_is_what_searching_the_rest_gives(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = random_rows(seed)
    whole = measured(rows, (0, 1))
    monkeypatch.setattr(module, "CELLS", 1)  # one question at a time
    assert measured(rows, (0, 1)) == whole
    precision: dict[str, list[float]] = {"naive": [], "honest": []}
    for image, (who, angle, _, burst) in rows.items():
        if not any(row[0] == who and row[3] != burst for row in rows.values()):
            continue
        for name, kept in precision.items():
            best: dict[str, float] = {}
            for other, row in rows.items():
                if other != image and not (name == "honest" and row[3] == burst):
                    cosine = np.cos(np.radians(row[1] - angle))
                    best[row[0]] = max(best.get(row[0], -1.0), cosine)
            place = sorted(best, key=lambda own: -best[own]).index(who)
            kept.append(1 / (place + 1) if place < 5 else 0.0)
    assert whole["queries"] == len(precision["naive"])
    assert whole["naive"] == pytest.approx(np.mean(precision["naive"]))
    assert whole["honest"] == pytest.approx(np.mean(precision["honest"]))


def test_the_mean_of_the_best_counts_as_in_ranking() -> None:
    assert measured(ROWS, best_of=2)["queries"] == 2
