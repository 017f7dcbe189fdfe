"""Command: train one model for each fold, and keep the epoch that retrieves best on that fold."""

from __future__ import annotations

import time

from tf_happywhale.cli import command
from tf_happywhale.config import Experiment, variants_of

VERBS = {
    "train": "train the folds that are not up to date; resume one that was stopped (the default)",
    "finish": "end a training that was stopped: model.keras is made from its best epoch so far",
}
EXAMPLES = [
    "python -m tf_happywhale.train configs/demo.yaml",
    "python -m tf_happywhale.train configs/right_whale.yaml data.root=DIR fold=1",
    "python -m tf_happywhale.train configs/original_b0_512.yaml fold=all train.learning_rate=1e-4",
    "python -m tf_happywhale.train finish configs/original_b0_512.yaml",
]


def main(experiment: Experiment, started: float | None = None) -> None:
    """Train the folds of the experiment, or of its variants, that are not up to date.

    `train.max_hours` counts from `started` (a time of `time.monotonic()`; now if it is not given).
    """
    started = time.monotonic() if started is None else started
    from tf_happywhale.training.every_fold import train_folds

    for variant in variants_of(experiment):
        train_folds(variant, started)


def finish(experiment: Experiment) -> None:
    """Make a model of the best epoch so far of each unfinished training.

    Raises:
        InputError: there is none, none of its epochs was validated yet, or it has learned from
            other photographs or labels than there are now.
    """
    from tf_happywhale.errors import InputError
    from tf_happywhale.training.every_fold import finish_folds

    finished = [finish_folds(variant) for variant in variants_of(experiment)]
    if not any(finished):
        raise InputError(
            "There is no unfinished training: `train` starts one, and resumes one that was stopped."
        )


def handle(verb: str, experiment: Experiment) -> None:
    """Train, or finish, as the verb says."""
    {"train": main, "finish": finish}[verb](experiment)


if __name__ == "__main__":
    command(handle, "train", __doc__, EXAMPLES, VERBS)
