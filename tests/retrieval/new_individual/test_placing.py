from __future__ import annotations

import numpy as np

from tf_happywhale.retrieval.new_individual.placing import lead_to_pass, placing_lead
from tf_happywhale.retrieval.new_individual.probability import fit_new_probability

NEW = "new_individual"


def queries(individuals: int, lead_tells: bool, seed: int = 0) -> dict:
    """Scores of four images of each individual, a third of them new. Known ones are found first.
    Either the lead tells new from known, or the level does."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(individuals), 4)
    is_new = who % 3 == 0
    tells = np.where(is_new, 0.0, 1.0) + rng.normal(size=len(who)) * 0.2
    tells_not = rng.normal(size=len(who))
    lead = np.maximum(1 + (tells if lead_tells else tells_not) / 2, 0.0)
    level = tells_not if lead_tells else tells
    spread = rng.random((len(who), 1)) * np.array([0.45, 0.15, -0.15, -0.45])  # its mean is 0
    scores = np.concatenate([level[:, None], (level - lead)[:, None] + spread], axis=1)
    names = who.astype(str)
    ids = np.stack([np.where(is_new, "x1", names), *np.full((4, len(who)), "x2")], axis=1)
    truth = np.where(is_new, NEW, names)
    return {"ids": ids, "scores": scores, "truth": truth, "individual_ids": names}


def placed(individuals: int, lead_tells: bool, seed: int = 0) -> float | None:
    asked = queries(individuals, lead_tells, seed)
    is_new, scores = asked["truth"] == NEW, asked["scores"]
    new = fit_new_probability(scores, scores / 10, is_new, asked["individual_ids"])
    return placing_lead(new, **asked, new_share=0.3)


def test_p_new_places_where_the_lead_tells_more_than_the_level() -> None:
    needed = placed(60, lead_tells=True)
    assert 1.1 < needed < 1.4  # new ones lead by 1, known ones by 1.5
    asked = queries(60, lead_tells=True)
    assert needed == lead_to_pass(asked["ids"], asked["scores"], asked["truth"], 0.3)


def test_a_threshold_places_where_the_level_tells_more() -> None:
    assert placed(60, lead_tells=False) is None


def test_a_probability_that_is_not_calibrated_does_not_place() -> None:
    asked = queries(3, lead_tells=True)  # one new individual: nothing can be tried
    scores, is_new = asked["scores"], asked["truth"] == NEW
    new = fit_new_probability(scores, scores / 10, is_new, asked["individual_ids"])
    assert not new.calibrated
    assert placing_lead(new, **asked, new_share=0.3) is None
