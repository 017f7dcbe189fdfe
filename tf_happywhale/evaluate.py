"""Command: measure validation folds and, where answers are known, predictions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tf_happywhale.cli import command
from tf_happywhale.config import Experiment, Rank

if TYPE_CHECKING:
    from pathlib import Path

    from tf_happywhale.catalogue.dataset import DataSet
    from tf_happywhale.retrieval.ensemble.ensemble_embeddings import EnsembleEmbeddings

EXAMPLES = [
    "python -m tf_happywhale.evaluate configs/demo.yaml",
    "python -m tf_happywhale.evaluate configs/right_whale.yaml data.root=DIR fold=all",
]


def main(experiment: Experiment) -> None:
    """Print the metrics and write them, with figures, to the output folder."""
    import json

    from tf_happywhale.catalogue.dataset import load_data
    from tf_happywhale.disk.hashes import digest, sha256
    from tf_happywhale.places import output_folder
    from tf_happywhale.records.plan import readable_data
    from tf_happywhale.retrieval.ensemble.members import member_files
    from tf_happywhale.retrieval.evaluation.figures import figure_files
    from tf_happywhale.retrieval.new_individual.thresholds import one_sided
    from tf_happywhale.retrieval.ranking.ranking import chooses
    from tf_happywhale.stages import stage

    data, output = readable_data(experiment, load_data(experiment)), output_folder(experiment)
    predictions = output / "predictions.csv"
    splits = ("train", "test") if data.answers else ("train",)
    drawn = was_measured(output / "metrics.json")
    stage(
        output,
        "evaluate",
        depends_on={
            "rank": experiment.rank.model_dump(mode="json"),
            "members": experiment.model_dump(mode="json", include={"members", "seed"}),
            "embeddings": [sha256(file) for file in member_files(experiment, splits)],
            "predictions": sha256(predictions) if predictions.is_file() else "none",
            "catalogue": digest([data.images, data.individual_ids, data.folds.tolist()]),
            "species": digest(list(data.catalogue["species"])),
            "answers": digest(data.answers),
        },
        outputs=[output / "metrics.json", *(figure_files(output / "figures") if drawn else ())],
        work=lambda: write_metrics(experiment, data),
    )
    metrics = json.loads((output / "metrics.json").read_text(encoding="utf-8"))
    print_metrics(metrics)
    found = metrics.get("out_of_fold")
    unsure = one_sided(found["queries"], found["queries_new"]) if found else ""
    if unsure and chooses(experiment.rank):
        print(unsure)


def was_measured(file: Path) -> bool:
    """Whether the metrics written last are out of fold, so that figures were drawn beside them.
    Damaged ones are removed."""
    import json

    if not file.is_file():
        return False
    try:
        return "out_of_fold" in dict(json.loads(file.read_text(encoding="utf-8")))
    except (ValueError, TypeError):
        file.unlink()
        return False


def write_metrics(experiment: Experiment, data: DataSet) -> None:
    """Measure every fold by the models that have not seen it, and predictions by known answers."""
    from tf_happywhale.catalogue.tables.table import read_text_table
    from tf_happywhale.disk.files import write_json
    from tf_happywhale.places import output_folder
    from tf_happywhale.retrieval.ensemble.ensemble_embeddings import check_labels
    from tf_happywhale.retrieval.ensemble.members import find_members, load_ensemble
    from tf_happywhale.retrieval.ensemble.out_of_fold import mark_unseen, score_folds
    from tf_happywhale.retrieval.ensemble.selection import best_members, score_folds_by_chosen
    from tf_happywhale.retrieval.evaluation.figures import draw_figures, figure_files
    from tf_happywhale.retrieval.evaluation.fold_metrics import judge, measure
    from tf_happywhale.retrieval.evaluation.open_set import evaluate_pool, pool_folds
    from tf_happywhale.retrieval.submission import IDS

    output, rank = output_folder(experiment), experiment.rank
    everyone = load_ensemble(experiment, "train", data.images)
    check_labels(everyone.members, everyone, data.individual_ids)
    folds = data.fold_of
    metrics: dict = {}
    taken = best_members(everyone, data.individual_ids, folds, rank.members, rank)
    gallery, count = everyone.only(taken), len(everyone.members)
    reason = why_unmeasured(gallery, folds, rank)
    if reason:
        print(reason)
        for file in figure_files(output / "figures"):
            file.unlink(missing_ok=True)
    else:
        if rank.centre_share:
            gallery = mark_unseen(gallery, data.individual_ids, folds)
        if rank.weights == "chosen":
            scored = score_folds_by_chosen(gallery, data.individual_ids, folds, IDS, rank)
        else:
            members = find_members(experiment)
            weights = [members[n].weight for n in taken]
            scored, _ = score_folds(gallery, data.individual_ids, folds, weights, IDS, rank)
        metrics |= {
            f"fold{part.fold}": measure(part.candidates, part.truth, rank.new_share)
            for part in scored
        }
        species = data.species_of
        pool = pool_folds(scored, data.individual_ids, species)
        metrics["out_of_fold"] = evaluate_pool(pool, rank, species, experiment.seed)
        if len(taken) < count:
            metrics["out_of_fold"]["chosen"] = f"{len(taken)} of {count} models"
        if count > 1:
            metrics["members"] = measure_members(experiment, data, everyone, species)
        draw_figures(output / "figures", pool, metrics["out_of_fold"])
    predictions = output / "predictions.csv"
    if data.answers and predictions.is_file():
        table = read_text_table(predictions, ("image", "rank", "individual_id"))
        ranked = table.groupby("image", sort=False)["individual_id"].agg(list).to_dict()
        metrics["test"] = judge(ranked, data.answers)
    write_json(output / "metrics.json", metrics)


def measure_members(
    experiment: Experiment, data: DataSet, gallery: EnsembleEmbeddings, species: Mapping[str, str]
) -> dict[str, dict]:
    """Each member alone, by number and name: on the folds it has not seen, and on known answers."""
    from tf_happywhale.retrieval.ensemble.members import find_members, load_ensemble
    from tf_happywhale.retrieval.evaluation.members_alone import answer_alone, judge_members

    folds = data.fold_of
    known = data.individual_ids, folds, experiment.rank
    found = judge_members(gallery, *known)
    if data.answers:
        queries = load_ensemble(experiment, "test", data.test_images)
        tests = answer_alone(gallery, queries, *known, species, data.answers)
        found = [own | {"test": test} for own, test in zip(found, tests, strict=True)]
    members = enumerate(find_members(experiment), start=1)
    names = [f"{number} {member.name}" for number, member in members]
    return dict(zip(names, found, strict=True))


def why_unmeasured(gallery: EnsembleEmbeddings, folds: Mapping[str, int], rank: Rank) -> str:
    """Why nothing can be measured out of fold, in a sentence; empty if it can."""
    from tf_happywhale.retrieval.ensemble.out_of_fold import may_judge, untold

    if rank.preset == "original":
        return (
            "rank.preset=original is not measured out of fold: leave it out to measure the default."
        )
    if untold(gallery):
        return (
            "Nothing is measured out of fold: a model's embeddings do not say what it was trained "
            "on (the array trained_on)."
        )
    if rank.threshold is not None and not may_judge(gallery, folds):
        return "Nothing is measured out of fold: a model has seen every fold, or other folds."
    return ""


def print_metrics(metrics: dict) -> None:
    """The metrics as lines and a table."""
    for name, part in metrics.items():
        if name not in ("out_of_fold", "members"):
            print(f"{name}: " + ", ".join(f"{key} {_short(value)}" for key, value in part.items()))
    print_members(metrics)
    if "out_of_fold" not in metrics:
        return
    found = metrics["out_of_fold"]
    print(
        f"out of fold: {found['queries']} images, {found['queries_new']} of them of "
        f"{found['new_individuals']} new individuals; 95% intervals by individual"
    )
    if "chosen" in found:
        print(f"  by the {found['chosen']} that are best on these very images: the figures flatter")
    rows = [
        *((f"mAP@5, new={mode}", part) for mode, part in found["modes"].items()),
        *((f"mAP@5, oracle threshold, {kind}", part) for kind, part in found["oracle"].items()),
        *((f"rank-{k} of known, without new", part) for k, part in found["ranks"].items()),
        ("balanced accuracy, known (BAKS)", found["balanced_accuracy_known"]),
        ("balanced accuracy, new (BAUS)", found["balanced_accuracy_new"]),
        ("AUROC known/new", found["auroc"]),
        *((f"mAP@5, {kind}", part) for kind, part in found["species"].items()),
        *(
            (f"mAP@5, {count} image{'' if count == '1' else 's'} in the gallery", part)
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
        print(f"  {name:44}{value}   {low:.3f} to {high:.3f}   {count}{_group(part)}")
    if found["p_new"]:
        before, after = found["p_new"]["error_before"], found["p_new"]["error_after"]
        print(
            f"  expected calibration error of P(new): {before:.3f} for one minus the cosine, "
            f"{after:.3f} calibrated"
        )


def print_members(metrics: dict) -> None:
    """Each member's mAP@5 beside that of all together, on the same images."""
    for member, parts in metrics.get("members", {}).items():
        said = []
        for name, part in parts.items():
            answered = name == "test"
            key, what = ("map5", "answers") if answered else ("map5_known", f"{name}, known")
            together = metrics.get(name, {}).get(key)
            said.append(f"{what} {_short(part[key])} (together {_short(together)})")
        print(f"model {member} alone: mAP@5 of " + ", ".join(said))


def _group(part: dict) -> str:
    """What else is known of a species, or of a number of gallery images."""
    names = {
        "rank1": "rank-1", "balanced_accuracy_known": "BAKS", "balanced_accuracy_new": "BAUS",
        "auroc": "AUROC",
    }  # fmt: skip
    found = [f"{said} {_short(part[name]['value'])}" for name, said in names.items()
             if part.get(name, {}).get("value") is not None]  # fmt: skip
    return "; " + ", ".join(found) if found else ""


def _short(value: float | None) -> str:
    if value is None:
        return "n/a"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    command(main, "evaluate", __doc__, EXAMPLES)
