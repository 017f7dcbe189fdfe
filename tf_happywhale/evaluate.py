"""Command: measure validation folds and, where answers are known, predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tf_happywhale.cli import command
from tf_happywhale.config import Experiment

if TYPE_CHECKING:
    from tf_happywhale.catalogue.dataset import DataSet

EXAMPLES = [
    "python -m tf_happywhale.evaluate configs/demo.yaml",
    "python -m tf_happywhale.evaluate configs/right_whale.yaml data.root=DIR fold=all",
]


def main(experiment: Experiment) -> None:
    """Print the metrics and write them to the output folder."""
    import json

    from tf_happywhale.catalogue.dataset import load_data
    from tf_happywhale.files import digest, sha256
    from tf_happywhale.places import embeddings_file, output_folder
    from tf_happywhale.retrieval.embeddings import check_embeddings
    from tf_happywhale.stages import stage

    data, output = load_data(experiment), output_folder(experiment)
    files = [embeddings_file(experiment, fold, "train") for fold in experiment.folds]
    for file in files:
        check_embeddings(file)
    predictions = output / "predictions.csv"
    stage(
        output,
        "evaluate",
        depends_on={
            "new_share": experiment.rank.new_share,
            "embeddings": [sha256(file) for file in files],
            "predictions": sha256(predictions) if predictions.is_file() else "none",
            "catalogue": digest([data.images, data.individual_ids, data.folds.tolist()]),
            "answers": digest(data.answers),
        },
        outputs=[output / "metrics.json"],
        work=lambda: write_metrics(experiment, data),
    )
    for name, part in json.loads((output / "metrics.json").read_text(encoding="utf-8")).items():
        print(f"{name}: " + ", ".join(f"{key} {_short(value)}" for key, value in part.items()))


def write_metrics(experiment: Experiment, data: DataSet) -> None:
    """Measure every fold's validation images, and the predictions against known answers."""
    from tf_happywhale.catalogue.table import read_text_table
    from tf_happywhale.files import write_json
    from tf_happywhale.places import embeddings_file, output_folder
    from tf_happywhale.retrieval.embeddings import load_gallery
    from tf_happywhale.retrieval.validation import judge, validate

    output = output_folder(experiment)
    metrics = {}
    for fold in experiment.folds:
        file = embeddings_file(experiment, fold, "train")
        everything = load_gallery(file, data.images, data.individual_ids)
        held_out = data.folds == fold
        metrics[f"fold{fold}"] = validate(
            everything.take(~held_out), everything.take(held_out), experiment.rank.new_share
        )
    predictions = output / "predictions.csv"
    if data.answers and predictions.is_file():
        table = read_text_table(predictions, ("image", "rank", "individual_id"))
        ranked = table.groupby("image", sort=False)["individual_id"].agg(list).to_dict()
        metrics["test"] = judge(ranked, data.answers)
    write_json(output / "metrics.json", metrics)


def _short(value: float) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    command(main, "evaluate", __doc__, EXAMPLES)
