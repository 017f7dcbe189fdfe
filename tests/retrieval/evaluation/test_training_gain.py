from __future__ import annotations

import json
import re

import pytest

from tf_happywhale.config import load_experiment
from tf_happywhale.retrieval.evaluation.training_gain import gain_sentence, training_gains

TOLD = {"frozen": 0.4, "trained": 0.9, "queries": 100, "kept": "trained", "start": "default"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "fold 0: training gains 0.500: mAP@5 0.900 after training, 0.400 of the frozen model"),
        ({"queries": 3}, "training gains 0.500: .* that is not sure"),
        ({"trained": 0.45}, "training gains 0.050: .* that is not sure"),
        ({"trained": 0.4, "kept": "frozen"}, "training gains nothing, so the frozen model is kept"),
        ({"trained": None, "frozen": None}, "what training gains is not known"),
    ],
)
def test_what_training_gains_is_a_sentence(changes: dict, said: str) -> None:
    sentence = gain_sentence("fold 0", TOLD | changes)
    assert re.search(said, sentence)
    assert ("not sure" in sentence) == ("not sure" in said)
    assert ("without a model" in sentence) == ("not sure" in said or "gains nothing" in said)


def test_the_gains_of_all_folds_are_read_from_their_run_folders(tmp_path) -> None:
    experiment = load_experiment(None, ["name=a", "fold=all", "data.folds=3", f"output={tmp_path}"])
    assert training_gains(experiment) == {}
    for fold, content in enumerate(({"against_frozen": TOLD}, {"map5_known": 1}, "damaged")):
        (tmp_path / "a" / f"fold{fold}").mkdir(parents=True)
        text = json.dumps(content) if fold < 2 else content
        (tmp_path / "a" / f"fold{fold}" / "metrics.json").write_text(text)
    assert training_gains(experiment) == {"a fold 0": TOLD}
