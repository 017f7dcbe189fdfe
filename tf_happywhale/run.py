"""Command: run every step of one config, from photographs to predictions and a report."""

from __future__ import annotations

import time

from tf_happywhale.cli import command
from tf_happywhale.config import Experiment
from tf_happywhale.errors import ConfigError

EXAMPLES = [
    "python -m tf_happywhale.run configs/demo.yaml",
    "python -m tf_happywhale.run configs/right_whale.yaml data.root=DIR output=DIR",
    "python -m tf_happywhale.run configs/original_b0_512.yaml data.root=DIR fold=all",
]


def main(experiment: Experiment) -> None:
    """Do the stages that are not up to date."""
    from tf_happywhale.catalogue.dataset import load_data, reading_once
    from tf_happywhale.config import variants_of
    from tf_happywhale.devices.place import place
    from tf_happywhale.models.weights.weight_names import find_weights
    from tf_happywhale.places import output_folder, run_folder
    from tf_happywhale.retrieval.ranking.rank_experiment import why_no_submission
    from tf_happywhale.stages import locked_stage

    if place().workers > 1:
        raise ConfigError(
            "TF_CONFIG names several workers, who share the training only: start `python -m "
            "tf_happywhale.train` on each of them, and the other stages on one without TF_CONFIG."
        )
    started = time.monotonic()
    variants = variants_of(experiment)
    for variant in variants:
        find_weights(variant.model.backbone, variant.model.weights)
    with reading_once():
        reason = why_no_submission(experiment, load_data(experiment))
        with locked_stage(output_folder(experiment), "run"):
            _stages(experiment, variants, started)
    if len(variants) == 1 and len(experiment.folds) == 1:
        print(f"model: {run_folder(variants[0], experiment.folds[0])}")
    result = "predictions" if reason else "submission"
    print(f"{result}: {output_folder(experiment) / result}.csv")


def _stages(experiment: Experiment, variants: list[Experiment], started: float) -> None:
    from tf_happywhale import embed, evaluate, pseudo, rank, report, tfrecords, train

    for variant in variants:
        tfrecords.main("write", variant)
        for number in range(variant.round + 1):
            this = variant.in_round(number)
            if number:
                pseudo.main(this)
            train.main(this, started)
            embed.main(this)
    rank.main(experiment)
    evaluate.main(experiment)
    report.main(experiment)


if __name__ == "__main__":
    command(main, "run", __doc__, EXAMPLES, beam=True)
