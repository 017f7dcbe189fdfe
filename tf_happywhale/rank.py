"""Command: rank the individuals for each image, and write predictions.csv and submission.csv."""

from __future__ import annotations

from tf_happywhale.cli import command
from tf_happywhale.config import Experiment

EXAMPLES = [
    "python -m tf_happywhale.rank configs/demo.yaml",
    "python -m tf_happywhale.rank configs/demo.yaml rank.preset=original      # the original rules",
    "python -m tf_happywhale.rank configs/demo.yaml rank.new=column       # new at any rank",
    "python -m tf_happywhale.rank configs/demo.yaml --runner=FlinkRunner --flink_master=HOST:8081",
]


def main(experiment: Experiment) -> None:
    """Rank with the experiment's members, or its folds' models, unless that is up to date."""
    from tf_happywhale.catalogue.dataset import load_data
    from tf_happywhale.places import output_folder
    from tf_happywhale.records.plan import readable_data
    from tf_happywhale.retrieval.ranking.rank_experiment import (
        ranking_depends_on,
        why_no_submission,
        write_ranking,
    )
    from tf_happywhale.stages import stage

    whole, output = load_data(experiment), output_folder(experiment)
    data = readable_data(experiment, whole)
    reason = why_no_submission(experiment, data)
    submission = [] if reason else [output / "submission.csv"]
    stage(
        output,
        "rank",
        depends_on=ranking_depends_on(experiment, data, whole),
        outputs=[output / "predictions.csv", *submission],
        work=lambda: write_ranking(experiment, data, whole.test_images),
    )
    if reason:
        old = output / "submission.csv"
        stale = f"; {old} is of an earlier ranking" if old.is_file() else ""
        print(f"there is no submission: {reason}{stale}")


if __name__ == "__main__":
    command(main, "rank", __doc__, EXAMPLES, beam=True)
