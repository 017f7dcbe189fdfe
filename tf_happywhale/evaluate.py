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
    """Print the metrics and write them, with figures, to the output folder."""
    import json

    from tf_happywhale.catalogue.dataset import load_data
    from tf_happywhale.files import digest, sha256
    from tf_happywhale.places import output_folder
    from tf_happywhale.retrieval.figures import figure_files
    from tf_happywhale.retrieval.members import member_files
    from tf_happywhale.stages import stage

    data, output = load_data(experiment), output_folder(experiment)
    predictions = output / "predictions.csv"
    stage(
        output,
        "evaluate",
        depends_on={
            "rank": experiment.rank.model_dump(mode="json"),
            "members": experiment.model_dump(mode="json", include={"members", "seed"}),
            "embeddings": [sha256(file) for file in member_files(experiment, ("train",))],
            "predictions": sha256(predictions) if predictions.is_file() else "none",
            "catalogue": digest([data.images, data.individual_ids, data.folds.tolist()]),
            "species": digest(list(data.catalogue["species"])),
            "answers": digest(data.answers),
        },
        outputs=[output / "metrics.json", *figure_files(output / "figures")],
        work=lambda: write_metrics(experiment, data),
    )
    print_metrics(json.loads((output / "metrics.json").read_text(encoding="utf-8")))


def write_metrics(experiment: Experiment, data: DataSet) -> None:
    """Measure every fold by the models that have not seen it, and predictions by known answers."""
    from tf_happywhale.catalogue.table import read_text_table
    from tf_happywhale.files import write_json
    from tf_happywhale.places import output_folder
    from tf_happywhale.retrieval.evaluation import evaluate_pool, pool_folds
    from tf_happywhale.retrieval.figures import draw_figures
    from tf_happywhale.retrieval.members import find_members, load_side
    from tf_happywhale.retrieval.out_of_fold import score_folds
    from tf_happywhale.retrieval.side import check_labels
    from tf_happywhale.retrieval.submission import IDS
    from tf_happywhale.retrieval.validation import judge, measure
    from tf_happywhale.retrieval.weights import choose_weights

    output, rank = output_folder(experiment), experiment.rank
    gallery = load_side(experiment, "train", data.images)
    check_labels(gallery.members, gallery, data.individual_ids)
    folds = dict(zip(data.images, data.folds.tolist(), strict=True))
    weights = [member.weight for member in find_members(experiment)]
    if rank.weights == "chosen":
        weights = choose_weights(gallery, data.individual_ids, folds, rank)
    scored, _ = score_folds(gallery, data.individual_ids, folds, weights, IDS, rank)
    metrics: dict = {
        f"fold{part.fold}": measure(part.candidates, part.truth, rank.new_share) for part in scored
    }
    catalogue = data.catalogue
    species = dict(zip(catalogue["individual_id"], catalogue["species"], strict=True))
    pool = pool_folds(scored, data.individual_ids, species)
    metrics["out_of_fold"] = evaluate_pool(pool, rank, species, experiment.seed)
    predictions = output / "predictions.csv"
    if data.answers and predictions.is_file():
        table = read_text_table(predictions, ("image", "rank", "individual_id"))
        ranked = table.groupby("image", sort=False)["individual_id"].agg(list).to_dict()
        metrics["test"] = judge(ranked, data.answers)
    draw_figures(output / "figures", pool, metrics["out_of_fold"])
    write_json(output / "metrics.json", metrics)


def print_metrics(metrics: dict) -> None:
    """The metrics as lines and a table."""
    for name, part in metrics.items():
        if name != "out_of_fold":
            print(f"{name}: " + ", ".join(f"{key} {_short(value)}" for key, value in part.items()))
    found = metrics["out_of_fold"]
    print(
        f"out of fold: {found['queries']} images, {found['queries_new']} of them of "
        f"{found['new_individuals']} new individuals; 95% intervals by individual"
    )
    rows = [
        *((f"mAP@5, new={mode}", part) for mode, part in found["modes"].items()),
        *((f"mAP@5, oracle threshold, {kind}", part) for kind, part in found["oracle"].items()),
        *((f"rank-{k} of known, without new", part) for k, part in found["ranks"].items()),
        ("balanced accuracy, known (BAKS)", found["balanced_accuracy_known"]),
        ("balanced accuracy, new (BAUS)", found["balanced_accuracy_new"]),
        ("AUROC known/new", found["auroc"]),
        *((f"mAP@5, {kind}", part) for kind, part in found["species"].items()),
        *(
            (f"mAP@5, {count} images in the gallery", part)
            for count, part in sorted(
                found["gallery_images"].items(),
                key=lambda item: int(item[0].strip("+").split("-")[0]),
            )
        ),
    ]
    for name, part in rows:
        low, high = part["interval"]
        value = "   n/a" if part["value"] is None else f"{part['value']:6.3f}"
        count = f"{part['queries']} images, {part['queries_new']} new"
        print(f"  {name:44}{value}   {low:.3f} to {high:.3f}   {count}")
    if found["p_new"]:
        before, after = found["p_new"]["error_before"], found["p_new"]["error_after"]
        print(
            f"  expected calibration error of P(new): {before:.3f} for one minus the cosine, "
            f"{after:.3f} calibrated"
        )


def _short(value: float) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    command(main, "evaluate", __doc__, EXAMPLES)
