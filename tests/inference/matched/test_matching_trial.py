"""What is said of a trial of local matching beside a trained model."""

from __future__ import annotations

import pytest

from tf_happywhale.config import Match
from tf_happywhale.galleries.kept_trials import Trial
from tf_happywhale.inference.matched.matching_trial import trial_plan, trial_sentence
from tf_happywhale.retrieval.teaching.matching_pays import Pays

NAN = float("nan")


@pytest.mark.parametrize(
    ("pays", "said"),
    [
        (Pays(0.5, 0.6, 40, 0.01, 0.2, True), "Local matching counts beside"),
        (Pays(0.5, 0.6, 40, -0.01, 0.2, True), "does not pay beside"),
        (Pays(0.5, 0.6, 40, NAN, NAN, True), "fewer than 5 individuals do not tell"),
        (Pays(NAN, NAN, 0, NAN, NAN, True), "none has another one to be found by"),
    ],
)
def test_the_sentence_says_what_is_done_and_why(pays: Pays, said: str) -> None:
    for seconds in (1.5, NAN):
        sentence = trial_sentence(Trial(pays, 20, seconds))
        assert said in sentence and "nan" not in sentence


def test_few_images_are_matched_for_each_photograph() -> None:
    plan = trial_plan(Match(), 3_000)
    assert (plan.size, plan.questions) == (10, 400)
    assert trial_plan(Match(shortlist=50), 3_000).size == 50
    assert trial_plan(Match(pairs=1_000), 3_000).questions == 100
