"""Small trainings of the coloured squares: their settings, their log, how they are killed."""

from __future__ import annotations

import json
from pathlib import Path

from tf_happywhale.config import Experiment, load_experiment
from tf_happywhale.training import trainer

SETTINGS = [
    "image_size=32",
    "data.folds=2",
    "fold=1",
    "model.embedding_size=8",
    "train.epochs=2",
    "train.batch_size=4",
    "train.learning_rate=1e-2",
    "train.min_learning_rate=1e-4",
    "embed.batch_size=8",
]
HARD = ["train.average=0.9", "train.accumulate=2", "augment.mixup_p=0.5", "model.dropout=0.3"]
TIMED = {"seconds", "images_per_second"}


def experiment(*overrides: str) -> Experiment:
    return load_experiment(None, [*SETTINGS, *overrides])


def entries(run: Path) -> list[dict]:
    lines = (run / "log.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


class Killed(BaseException):
    """As if the process were gone: nothing is tidied up."""


def killed_after(monkeypatch, steps: int) -> None:
    """Steps of which one more than so many is never taken."""
    make = trainer.make_step

    def make_step(*arguments):
        step, taken = make(*arguments), []

        def take(number, *rest):
            if len(taken) == steps:
                raise Killed
            taken.append(number)
            return step(number, *rest)

        take.state = step.state
        return take

    monkeypatch.setattr(trainer, "make_step", make_step)


def untimed(run: Path) -> list[dict]:
    return [{k: v for k, v in line.items() if k not in TIMED} for line in entries(run)]
