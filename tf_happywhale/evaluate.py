"""Command: measure validation folds and, where answers are known, predictions."""

from __future__ import annotations

from tf_happywhale.cli import command
from tf_happywhale.config import Experiment

EXAMPLES = [
    "python -m tf_happywhale.evaluate configs/demo.yaml",
    "python -m tf_happywhale.evaluate configs/right_whale.yaml data.root=DIR fold=all",
]


def main(experiment: Experiment) -> None:
    """Print the metrics and write them, with figures, to the output folder."""
    import json

    from tf_happywhale.catalogue.dataset import load_data
    from tf_happywhale.places import output_folder
    from tf_happywhale.records.plan import readable_data
    from tf_happywhale.retrieval.evaluation.measure_experiment import (
        figures_drawn,
        metrics_depend_on,
        write_metrics,
    )
    from tf_happywhale.retrieval.evaluation.metric_lines import print_metrics
    from tf_happywhale.retrieval.new_individual.thresholds import one_sided
    from tf_happywhale.retrieval.ranking.ranking import chooses
    from tf_happywhale.stages import stage

    data, output = readable_data(experiment, load_data(experiment)), output_folder(experiment)
    file = output / "metrics.json"
    stage(
        output,
        "evaluate",
        depends_on=metrics_depend_on(experiment, data),
        outputs=[file, *figures_drawn(file)],
        work=lambda: write_metrics(experiment, data),
    )
    metrics = json.loads(file.read_text(encoding="utf-8"))
    print_metrics(metrics)
    found = metrics.get("out_of_fold")
    if found and found["queries_new"] == found["queries"] and chooses(experiment.rank):
        print(one_sided(found["queries"], found["queries_new"]))


if __name__ == "__main__":
    command(main, "evaluate", __doc__, EXAMPLES)
