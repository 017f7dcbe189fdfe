from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tf_happywhale.config import Rank
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.ensemble.standard_scores import Line
from tf_happywhale.retrieval.new_individual.thresholds import best_threshold, weighted_map
from tf_happywhale.retrieval.ranking.learned_file import load_learned, save_learned
from tf_happywhale.retrieval.search.candidates import rank_individuals
from tf_happywhale.retrieval.search.joined_rows import stack
from tf_happywhale.retrieval.search.scored import Scores
from tf_happywhale.retrieval.teaching.members import (
    WIDTHS,
    join_again,
    members_of,
    taught_shares,
)
from tf_happywhale.retrieval.teaching.questions import ask
from tf_happywhale.retrieval.teaching.says import sentences
from tf_happywhale.retrieval.teaching.taught import Taught, teach

WIDTH = 8


def animals(individuals: int, images: int, spread: float = 0.6, seed: int = 0) -> Embeddings:
    """Images scattered about their individual's centre."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(individuals), images)
    centre = rng.normal(size=(individuals, WIDTH))
    rows = centre[who] + spread * rng.normal(size=(len(who), WIDTH))
    return Embeddings(
        rows.astype(np.float32),
        np.array([f"{n}.jpg" for n in range(len(who))]),
        np.array([f"w{n:03d}" for n in who]),
    )


def taught_by(gallery: Embeddings, **settings) -> Taught:
    return teach(ask(gallery), Rank(**settings))


def test_p_new_holds_for_photographs_that_taught_nothing() -> None:
    """Of what is new with probability p, a share p is new, if half of the photographs are."""
    rng, everyone = np.random.default_rng(1), animals(160, 6)
    in_gallery = np.isin(everyone.individual_id, np.unique(everyone.individual_id)[::2])
    held_out = in_gallery & (rng.random(len(everyone)) < 0.3)
    gallery = everyone.take(in_gallery & ~held_out)
    taught = taught_by(gallery, new_share=0.5)
    p_new, is_new, weight = [], [], []
    for new, some in enumerate((everyone.take(held_out), everyone.take(~in_gallery))):
        ids = gallery.individual_id.tolist()
        found = rank_individuals(some.embedding, gallery.embedding, ids, 5)
        p_new.append(taught.learned.p_new(found.score))
        is_new.append(np.full(len(some), new))
        weight.append(np.full(len(some), 1 / len(some)))
    p_new, is_new, weight = map(np.concatenate, (p_new, is_new, weight))
    for low, high in ((0, 0.4), (0.4, 0.6), (0.6, 1)):
        rows = (p_new >= low) & (p_new < high)
        said, true = (np.average(part[rows], weights=weight[rows]) for part in (p_new, is_new))
        assert true == pytest.approx(said, abs=0.12)
    assert taught.calibration.error < 0.06
    assert 0.6 < taught.calibration.auroc < 1


def test_the_threshold_is_the_best_for_the_questions() -> None:
    gallery = animals(30, 4)
    asked = ask(gallery)
    both = asked.both(Line(1.0, 0.0))
    taught = teach(asked, Rank(new_share=0.3))
    for mode in ("first_or_second", "column"):
        best = best_threshold(both.ids, both.score, both.truth, 0.3, mode == "column")
        assert taught.learned.threshold[mode] == pytest.approx(best)
        rule = taught.learned.rule(Rank(new=mode), both.score)
        assert (rule.threshold, rule.anywhere) == (pytest.approx(best), mode == "column")


def test_a_rarer_new_individual_needs_a_lower_score_and_is_less_likely() -> None:
    gallery = animals(40, 4)
    score = np.array([[0.5, 0.4]])
    rare, often = (taught_by(gallery, new_share=share).learned for share in (0.05, 0.5))
    assert rare.threshold["column"] < often.threshold["column"]
    assert rare.p_new(score)[0] < often.p_new(score)[0]


def test_it_says_what_it_rests_on() -> None:
    gallery = animals(25, 3)
    alone = replace(gallery.take(np.arange(2)), image=np.array(["x", "y"]),
                    individual_id=np.array(["s1", "s2"]))  # fmt: skip
    both = Embeddings(
        np.concatenate([gallery.embedding, alone.embedding]),
        np.concatenate([gallery.image, alone.image]),
        np.concatenate([gallery.individual_id, alone.individual_id]),
    )
    taught = taught_by(both)
    assert (taught.questions, taught.individuals) == (75, 25)
    assert (taught.gallery_images, taught.gallery_individuals) == (77, 27)
    assert (taught.learned.queries, taught.learned.queries_new) == (75 + 77, 77)
    first, second = sentences(taught)
    assert first == (
        "The gallery teaches where new_individual stands among the candidates, and how likely an "
        "animal is new: 75 photographs of 25 individuals were asked of the others."
    )
    assert "candidate misses " in second
    assert ", at 20 candidates " in second


def test_seven_individuals_order_but_do_not_say_how_likely() -> None:
    taught = taught_by(animals(7, 3))
    assert taught.orders
    assert not taught.gives_numbers
    assert taught.learned.threshold["first_or_second"] > -1
    assert np.isnan(taught.learned.p_new(np.array([[0.5, 0.4]]))).all()
    assert np.isnan(taught.learned.p_right(np.array([[0.5, 0.4]]))).all()
    assert taught.calibration is None
    first, second = sentences(taught)
    assert "21 photographs of 7 individuals were asked of the others" in first
    assert "too few to say how likely an animal is new, which takes 8 individuals" in first
    assert "at 5 candidates " in second


def test_of_fewer_the_new_individual_is_always_second() -> None:
    taught = taught_by(animals(4, 3))
    score = np.array([[0.9, 0.1], [-0.9, -0.95]])
    rule = taught.learned.rule(Rank(), score)
    assert [(row[:1] > rule.threshold).sum() for row in score] == [1, 1]
    assert not rule.anywhere
    assert "So new_individual comes second" in sentences(taught)[0]


@pytest.mark.parametrize("individuals", [0, 1, 6, 30])
def test_a_gallery_of_single_images_teaches_nothing(individuals: int) -> None:
    gallery = animals(individuals, 1)
    taught = taught_by(gallery)
    assert (taught.questions, taught.individuals, list(taught.misses)) == (0, 0, [])
    (said,) = sentences(taught)
    assert said.startswith("The gallery teaches nothing: no individual has photographs of two")
    assert not taught.learned.rule(Rank(), np.zeros((2, 5))).anywhere


def test_one_individual_alone_harms_nothing() -> None:
    taught = taught_by(animals(1, 5))
    assert (taught.questions, taught.individuals, list(taught.misses)) == (5, 1, [])
    assert len(sentences(taught)) == 1


def test_recall_is_what_is_not_missed() -> None:
    taught = taught_by(animals(40, 3, spread=1.2))
    assert 0 < taught.recall[1] < taught.recall[5] < taught.recall[20] < 1
    assert taught.recall[5] == 1 - taught.misses[1].share


def test_what_was_learned_is_kept_in_a_file(tmp_path: Path) -> None:
    for gallery in (animals(25, 3), animals(12, 2)):
        learned = taught_by(gallery).learned
        save_learned(tmp_path / "learned.json", learned, "it")
        assert load_learned(tmp_path / "learned.json", "it") == learned


def joined(*members: Embeddings) -> Embeddings:
    """Models' embeddings side by side, with equal shares."""
    rows = stack([member.embedding for member in members]).tile(slice(None))
    widths = " ".join(str(member.embedding.shape[1]) for member in members)
    return replace(members[0], embedding=rows, about={WIDTHS: widths})


def test_a_model_whose_scores_are_spread_out_has_a_smaller_share() -> None:
    near, far = animals(20, 3, spread=0.1), animals(20, 3, spread=1.5, seed=3)
    both = joined(near, far)
    shares = taught_shares(both, [1.0, 1.0])
    assert shares[0] > 2 * shares[1]
    assert taught_shares(both, [1.0, 3.0])[1] == pytest.approx(3 * shares[1])
    again = join_again(both, shares)
    unit = [m.embedding / np.linalg.norm(m.embedding, axis=1, keepdims=True) for m in (near, far)]
    mean = sum(s * (u @ u.T) for s, u in zip(shares, unit, strict=True)) / sum(shares)
    np.testing.assert_allclose(again.embedding @ again.embedding.T, mean, atol=1e-5)
    assert teach(ask(again), Rank(), shares).learned.shares == tuple(shares)


def test_a_single_models_embeddings_stay_as_they_are() -> None:
    (alone,) = members_of(gallery := animals(3, 2))
    assert alone.embedding is gallery.embedding
    nothing = gallery.take(np.zeros(0, int))
    assert len(join_again(nothing, [1.0])) == 0


def test_a_gallery_in_which_nothing_can_be_told_says_so() -> None:
    lost = taught_by(animals(40, 3, spread=8.0))
    assert lost.learned.told.fails
    assert sentences(lost)[1].startswith("New animals cannot be told from known ones here: ")
    told = taught_by(animals(40, 3, spread=0.1))
    assert told.learned.told.auroc == told.calibration.auroc > 0.9
    assert not any(said.startswith("New animals") for said in sentences(told))


def test_p_new_places_new_individual_where_the_lead_tells_more() -> None:
    """Each photograph has its own level, as if some were dark: only what stands out can tell."""
    gallery = animals(60, 4, spread=0.5)
    rng = np.random.default_rng(4)
    rows = gallery.embedding / np.linalg.norm(gallery.embedding, axis=1, keepdims=True)
    level = rng.normal(size=len(rows)).astype(np.float32)
    asked = ask(gallery, lambda some: rows[some] @ rows.T + 3 * level[some][:, None])
    taught = teach(asked, Rank(new_share=0.5))
    assert len(taught.learned.weights) == 1
    rule = taught.learned.rule(Rank(), asked.score)
    assert rule.lead == pytest.approx(taught.learned.threshold["p_new"])
    assert taught.learned.rule(Rank(new="first_or_second"), asked.score).lead is None


def probabilities(gallery: Embeddings, seed: int = 3) -> Scores:
    """Of two images, how likely they show one individual, by something that cosines do not see."""
    who = gallery.individual_id
    same = who[:, None] == who
    evidence = 3.0 * same - 4 + np.random.default_rng(seed).normal(size=same.shape)
    found = (1 / (1 + np.exp(-2 * evidence))).astype(np.float32)
    return lambda rows: found[rows]


def test_matched_pairs_are_learned_from_as_odds_and_beside_the_cosine() -> None:
    gallery = animals(60, 4)
    fused, plain = ask(gallery, probabilities(gallery)), ask(gallery)
    both = teach(fused, Rank(), by_cosine=plain)
    assert both.learned.odds and both.learned.by_cosine
    assert both.calibration.auroc > teach(plain, Rank()).calibration.auroc + 0.02
    assert both.calibration.error < 0.05
    # a probability of .999 is as far above .99 as .99 is above .9
    line = both.learned.line
    steps = np.diff(line.standard(np.array([0.9, 0.99, 0.999])))
    assert steps[0] == pytest.approx(steps[1], rel=0.05)
    rule = both.learned.rule(Rank(), fused.score)
    assert 0 < rule.threshold < 1 and rule.lead is None
    p_new = both.learned.p_new(np.array([[0.99, 0.1], [0.1, 0.05]]), np.array([0.9, 0.3]))
    assert p_new[0] < p_new[1]


def test_the_threshold_of_odds_is_the_best_for_the_probabilities() -> None:
    gallery = animals(40, 4)
    fused = ask(gallery, probabilities(gallery))
    taught = teach(fused, Rank(new_share=0.3), by_cosine=ask(gallery))
    seen = fused.both(Line(1.0, 0.0))
    found = taught.learned.threshold["first_or_second"]
    best = best_threshold(seen.ids, seen.score, seen.truth, 0.3)
    measured = [weighted_map(seen.ids, seen.score, seen.truth, each, 0.3) for each in (found, best)]
    assert measured[0] == pytest.approx(measured[1])
