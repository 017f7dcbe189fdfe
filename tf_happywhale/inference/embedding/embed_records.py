"""Embeddings of the records: which files each fold's model has to write."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from tf_happywhale.catalogue.dataset import DataSet, load_data
from tf_happywhale.config import Experiment, as_trained
from tf_happywhale.disk.hashes import digest
from tf_happywhale.disk.locks import locked
from tf_happywhale.disk.swap import AT_WORK
from tf_happywhale.inference.which_model.trained_models import TrainedModel
from tf_happywhale.places import embeddings_file, output_folder, run_folder, run_name
from tf_happywhale.records.manifest import skipped_images
from tf_happywhale.records.plan import RecordsPlan, plan_records
from tf_happywhale.retrieval.ensemble.members import find_members
from tf_happywhale.retrieval.ensemble.trained_on import all_but
from tf_happywhale.run_folders.contents import check_model, read_trained_on, settle
from tf_happywhale.stages import stage


@dataclass(frozen=True)
class ToEmbed:
    """What the embeddings of one model say, and where they are written.

    Attributes:
        name: the model, as a person reads it.
        folder: the folder of the embeddings files.
        fold: the fold that it has left out; empty: none.
        trained_on: see `retrieval/ensemble/trained_on.py`.
        order: individuals in the order of the classes of its head; empty if it has none.
    """

    name: str
    folder: Path
    fold: str
    trained_on: str
    order: list[str]


def embed_folds(experiment: Experiment) -> None:
    """Write the embeddings of both splits for every fold that is not up to date. If published
    models are members, only for the folds whose models are members too.

    Raises:
        InputError: a model is missing, or a process trains it.
    """
    experiment = as_trained(experiment)
    folds = _folds(experiment)
    if not folds:
        return
    data = load_data(experiment)
    plan = plan_records(experiment, data)
    data = data.without(skipped_images(plan.folder))
    for fold in folds:
        _embed_fold(experiment, data, plan, fold)


def _folds(experiment: Experiment) -> list[int]:
    members = find_members(experiment) if experiment.members else []
    if not any(member.published for member in members):
        return experiment.folds
    runs = {member.run.resolve() for member in members}
    return [fold for fold in experiment.folds if run_folder(experiment, fold).resolve() in runs]


def _embed_fold(experiment: Experiment, data: DataSet, plan: RecordsPlan, fold: int) -> None:
    """Write the embeddings of both splits by the model of one fold."""
    model = TrainedModel(run_folder(experiment, fold), experiment, embed=experiment.embed)
    settle(model.folder)
    check_model(model.file)
    trained_on, order = read_trained_on(model.folder) or (
        all_but(fold, plan.folder.name, data.fold_of),
        data.order,
    )
    name = f"{run_name(experiment)} fold {fold}"
    folder = embeddings_file(experiment, fold, "train").parent
    embed_splits(model, data, plan, ToEmbed(name, folder, str(fold), trained_on, order))


def embed_splits(model: TrainedModel, data: DataSet, plan: RecordsPlan, what: ToEmbed) -> None:
    """Write the embeddings of both splits by one model, unless they are up to date."""
    experiment = model.experiment
    views = ("original", "mirrored") if experiment.embed.mirrored else ("original",)
    for split, view in product(("train", "test"), views):
        target = what.folder / f"{split}{'' if view == 'original' else f'-{view}'}.npz"
        labels = _labels(data, split)
        made_by = model.about | {"fold": what.fold, "trained_on": what.trained_on, "view": view}
        made_by["preprocess"] = made_by["preprocess"].removeprefix("smoothly ")  # by the records
        names = ("model", "fold", "trained_on", "source", "preprocess", "view")  # as in the file
        about = {name: made_by[name] for name in names}
        made_from = {"about": about, "labels": digest(labels)}
        stage(
            output_folder(experiment),
            f"embed {what.name} {target.stem.replace('-', ' ')}",
            depends_on={**made_from, "pictures": digest(plan.pictures(split, list(labels)))},
            older=[{**made_from, "records": plan.folder.name}],
            outputs=[target],
            work=lambda it=(split, labels, about, what.order, target): _write(
                model, plan.folder, *it
            ),
        )


def _labels(data: DataSet, split: str) -> dict[str, str]:
    """Return the individual_id of each image of a split; empty if it is to be identified."""
    if split == "train":
        return dict(zip(data.images, data.individual_ids, strict=True))
    return dict.fromkeys(data.test_images, "")


def _write(model: TrainedModel, records: Path, *what) -> None:
    """Do what `write_embeddings` does, while no process trains the model."""
    # Imported here, since TensorFlow takes seconds, and mostly everything is up to date.
    from tf_happywhale.inference.embedding.embed_split import write_embeddings

    with nullcontext() if model.published else locked(model.folder, AT_WORK):
        write_embeddings(model, records, *what)
