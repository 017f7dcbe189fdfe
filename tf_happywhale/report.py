"""Command: write the pages on which a person judges the matches."""

from __future__ import annotations

from tf_happywhale.cli import command
from tf_happywhale.config import Experiment

EXAMPLES = [
    "python -m tf_happywhale.report configs/demo.yaml",
    "python -m tf_happywhale.report configs/demo.yaml report.queries=50 report.thumbnail=320",
]


def main(experiment: Experiment) -> None:
    """Write report.html and report/ from predictions.csv, unless they are up to date."""
    from tf_happywhale.review.experiment_report import report_experiment

    report_experiment(experiment)


if __name__ == "__main__":
    command(main, "report", __doc__, EXAMPLES)
