"""What training has gained over the model that it started from, in words."""

from __future__ import annotations

import json
import math
from typing import Any

from tf_happywhale.config import Experiment, variants_of
from tf_happywhale.places import run_folder, run_name

# Of 66 seals: .551 by the trained model with matching, .647 by the untrained one with matching.
WITHOUT = ". `identify` without a model compares the marks on the skin: try that too"


def training_gains(experiment: Experiment) -> dict[str, dict[str, Any]]:
    """Return what `gain_sentence` takes, of each fold that was trained with `train.against_frozen`,
    by its name."""
    found = {}
    for one in variants_of(experiment):
        for fold in one.folds:
            try:
                text = (run_folder(one, fold) / "metrics.json").read_text(encoding="utf-8")
                told = json.loads(text).get("against_frozen")
            except (OSError, ValueError, AttributeError):
                continue
            if told:
                found[f"{run_name(one)} fold {fold}"] = told
    return found


def gain_sentence(fold: str, told: dict[str, Any]) -> str:
    """Return a sentence on what a training has gained.

    Args:
        fold: its name, such as `fold 0`.
        told: `against_frozen` of a run folder's metrics.json: `frozen` and `trained` (mAP@5 of
            known individuals; None if the fold has none), `queries`, `kept` and `start`.
    """
    before, after, count = told["frozen"], told["trained"], told["queries"]
    if before is None or after is None:
        return (
            f"{fold} shows no individual that the others show too: what training gains is not known"
        )
    figures = (
        f"mAP@5 {after:.3f} after training, {before:.3f} of the frozen model with whitening "
        f"({told['start']}), {count} images of known individuals"
    )
    if told["kept"] == "frozen":
        return f"{fold}: training gains nothing, so the frozen model is kept: {figures}{WITHOUT}"
    few = after - before < 1 / math.sqrt(count)
    unsure = f"; on so few images, or by so little, that is not sure{WITHOUT}" if few else ""
    return f"{fold}: training gains {after - before:.3f}: {figures}{unsure}"
