"""Measure an experiment's folds and predictions, and write metrics.json and the figures."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from tf_happywhale.catalogue.dataset import DataSet
from tf_happywhale.catalogue.experiment_folds import find_bursts
from tf_happywhale.catalogue.tables.table import read_text_table
from tf_happywhale.config import Experiment, Rank
from tf_happywhale.disk.files import write_json
from tf_happywhale.disk.hashes import digest, sha256
from tf_happywhale.places import output_folder
from tf_happywhale.retrieval.ensemble.labelled_gallery import LabelledGallery
from tf_happywhale.retrieval.ensemble.left_out import ASKED
from tf_happywhale.retrieval.ensemble.members import (
    find_members,
    load_ensemble,
    load_labelled_gallery,
    member_files,
)
from tf_happywhale.retrieval.ensemble.out_of_fold import FoldScores, score_folds
from tf_happywhale.retrieval.ensemble.selection import best_members, score_folds_by_chosen
from tf_happywhale.retrieval.evaluation.figures import ADDED, draw_figures, figure_files
from tf_happywhale.retrieval.evaluation.fold_metrics import judge, measure
from tf_happywhale.retrieval.evaluation.members_added import measure_added
from tf_happywhale.retrieval.evaluation.members_alone import answer_alone, judge_members
from tf_happywhale.retrieval.evaluation.naive_split import naive_split, several_in_a_burst
from tf_happywhale.retrieval.evaluation.open_set import evaluate_pool
from tf_happywhale.retrieval.evaluation.pool import pool_folds
from tf_happywhale.retrieval.evaluation.training_gain import training_gains
from tf_happywhale.retrieval.ranking.learned import VERSION


def metrics_depend_on(experiment: Experiment, data: DataSet) -> dict:
    """Return everything that the metrics are made from, for the stage's stamp."""
    predictions = output_folder(experiment) / "predictions.csv"
    splits = ("train", "test") if data.answers else ("train",)
    bursts = find_bursts(experiment, data.catalogue, data.train_folder)
    together = {"bursts": digest(bursts.tolist())} if several_in_a_burst(bursts) else {}
    if len(find_members(experiment)) > 1:
        together |= {"members_added": 1}  # not measured by earlier versions
    if gains := training_gains(experiment):
        together |= {"training": gains}
    return together | {
        "learned": VERSION,
        "rank": experiment.rank.model_dump(mode="json"),
        "members": experiment.model_dump(mode="json", include={"members", "seed"}),
        "embeddings": [sha256(file) for file in member_files(experiment, splits)],
        "predictions": sha256(predictions) if predictions.is_file() else "none",
        "catalogue": digest([data.images, data.individual_ids, data.folds.tolist()]),
        "species": digest(list(data.catalogue["species"])),
        "answers": digest(data.answers),
    }


def figures_drawn(file: Path) -> list[Path]:
    """Return the figures that were drawn with the metrics written last; none if nothing was
    measured out of fold. A damaged file is removed."""
    if not file.is_file():
        return []
    try:
        metrics = dict(json.loads(file.read_text(encoding="utf-8")))
    except (ValueError, TypeError):
        file.unlink()
        return []
    if "out_of_fold" not in metrics:
        return []
    files = figure_files(file.parent / "figures")
    return [file for file in files if file.stem != ADDED or "members_added" in metrics]


def write_metrics(experiment: Experiment, data: DataSet) -> None:
    """Measure every fold by the models that were not trained on it, and the predictions by known
    answers; write metrics.json and the figures."""
    output, rank = output_folder(experiment), experiment.rank
    gallery = load_labelled_gallery(experiment, data)
    gallery.check_labels()
    taken = best_members(gallery, rank.members, rank)
    metrics: dict = {}
    reason = why_unmeasured(gallery.only(taken), rank)
    if reason:
        print(reason)
        for file in figure_files(output / "figures"):
            file.unlink(missing_ok=True)
    else:
        metrics = _measure_folds(experiment, data, gallery, taken)
    predictions = output / "predictions.csv"
    if data.answers and predictions.is_file():
        table = read_text_table(predictions, ("image", "rank", "individual_id"))
        ranked = table.groupby("image", sort=False)["individual_id"].agg(list).to_dict()
        metrics["test"] = judge(ranked, data.answers)
    if gains := training_gains(experiment):
        metrics["training"] = gains
    write_json(output / "metrics.json", metrics)


def why_unmeasured(gallery: LabelledGallery, rank: Rank) -> str:
    """Return a sentence on why nothing can be measured out of fold; empty if it can."""
    if rank.preset == "original":
        return (
            "rank.preset=original is not measured out of fold: add rank.preset=default to measure "
            "the default rules."
        )
    if gallery.untold:
        return (
            "Nothing is measured out of fold: a model's embeddings do not say what it was trained "
            "on (the array trained_on)."
        )
    if rank.threshold is not None and not gallery.every_member_judges():
        return (
            "Nothing is measured out of fold: a model was trained on every fold, or on other folds."
        )
    return ""


def _measure_folds(
    experiment: Experiment, data: DataSet, everyone: LabelledGallery, taken: list[int]
) -> dict:
    """Return the metrics of each fold, of all folds together, and of each member; draw the
    figures."""
    rank, count = experiment.rank, len(everyone.embeddings.members)
    scored = _scored(experiment, everyone.only(taken), taken)
    metrics: dict = {
        f"fold{part.fold}": measure(part.candidates, part.truth, rank.new_share) for part in scored
    }
    pool = pool_folds(scored, data.individual_ids, data.species_of)
    found = evaluate_pool(pool, rank, data.species_of, experiment.seed)
    metrics["out_of_fold"] = found
    if len(taken) < count:
        found["chosen"] = f"{len(taken)} of {count} models"
    found |= _split_ignoring_days(experiment, data, everyone.only(taken), taken)
    if count > 1:
        metrics["members"] = _measure_members(experiment, data, everyone, data.species_of)
        added = _measure_added(experiment, everyone, list(metrics["members"].values()))
        metrics |= {"members_added": added} if added else {}
    draw_figures(output_folder(experiment) / "figures", pool, found, metrics.get("members_added"))
    return metrics


def _measure_added(
    experiment: Experiment, gallery: LabelledGallery, alone: list[dict[str, dict]]
) -> dict[str, list[dict]]:
    """Return what each further member adds, as `measure_added`."""
    members = find_members(experiment)
    return measure_added(
        gallery,
        [member.weight for member in members],
        [member.name for member in members],
        alone,
        experiment.rank,
        experiment.seed,
    )


def _split_ignoring_days(
    experiment: Experiment, data: DataSet, gallery: LabelledGallery, taken: list[int]
) -> dict:
    """Return what a split that ignores days would promise, as `naive_split`; nothing where no two
    images are known to have been taken together."""
    bursts = find_bursts(experiment, data.catalogue, data.train_folder)
    if not several_in_a_burst(bursts):
        return {}
    if experiment.rank.centre_share:
        gallery = gallery.with_unseen()
    members = find_members(experiment)
    weights = [members[n].weight for n in taken]
    found = naive_split(gallery, weights, bursts, experiment.rank)
    return {"naive_split": found} if found else {}


def _scored(experiment: Experiment, gallery: LabelledGallery, taken: list[int]) -> list[FoldScores]:
    """Return the folds' scores by the members that rank."""
    rank = experiment.rank
    if rank.centre_share:
        gallery = gallery.with_unseen()
    if rank.weights == "chosen":
        return score_folds_by_chosen(gallery, ASKED, rank)
    members = find_members(experiment)
    return score_folds(gallery, [members[n].weight for n in taken], ASKED, rank)[0]


def _measure_members(
    experiment: Experiment, data: DataSet, gallery: LabelledGallery, species: Mapping[str, str]
) -> dict[str, dict]:
    """Return each member alone, by number and name: on its own folds, and on known answers."""
    found = judge_members(gallery, experiment.rank)
    if data.answers:
        queries = load_ensemble(experiment, "test", data.test_images)
        tests = answer_alone(gallery, queries, experiment.rank, species, data.answers)
        found = [own | {"test": test} for own, test in zip(found, tests, strict=True)]
    members = enumerate(find_members(experiment), start=1)
    names = [f"{number} {member.name}" for number, member in members]
    return dict(zip(names, found, strict=True))
