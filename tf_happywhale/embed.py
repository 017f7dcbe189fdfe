"""Command: embed the catalogue's images and those to identify with each fold's model."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tf_happywhale.cli import command
from tf_happywhale.config import Experiment, variants_of

if TYPE_CHECKING:
    from tf_happywhale.catalogue.dataset import DataSet

EXAMPLES = [
    "python -m tf_happywhale.embed configs/demo.yaml",
    "python -m tf_happywhale.embed configs/right_whale.yaml data.root=DIR fold=1",
    "python -m tf_happywhale.embed configs/demo.yaml embed.mirrored=true",
]


def main(experiment: Experiment) -> None:
    """Write both splits' embeddings by the experiment, or its variants, that are not up to date."""
    for variant in variants_of(experiment):
        embed_folds(variant)


def embed_folds(experiment: Experiment) -> None:
    """Write the embeddings of both splits for every fold that is not up to date."""
    from tf_happywhale.catalogue.dataset import load_data
    from tf_happywhale.disk.hashes import digest, sha256
    from tf_happywhale.inference.trained_models import preprocess
    from tf_happywhale.places import embeddings_file, output_folder, run_folder, run_name
    from tf_happywhale.records.manifest import skipped_images
    from tf_happywhale.records.plan import plan_records
    from tf_happywhale.retrieval.ensemble.trained_on import all_but
    from tf_happywhale.run_folders.contents import check_model, read_trained_on, settle
    from tf_happywhale.stages import stage

    data = load_data(experiment)
    plan = plan_records(experiment, data)
    records = plan.folder
    data = data.without(skipped_images(records))
    folds = data.fold_of
    views = ("original", "mirrored") if experiment.embed.mirrored else ("original",)
    for fold in experiment.folds:
        run = run_folder(experiment, fold)
        model = run / "model.keras"
        settle(run)
        check_model(model)
        trained_on, order = read_trained_on(run) or (
            all_but(fold, records.name, folds),
            data.order,
        )
        about = {
            "model": sha256(model),
            "fold": str(fold),
            "trained_on": trained_on,
            "source": experiment.records.embed_source or experiment.records.source,
            "preprocess": preprocess(experiment.image_size, experiment.embed.precision),
        }
        for split, view in product(("train", "test"), views):
            seen, labels = about | {"view": view}, _labels(data, split)
            made_from = {"about": seen, "labels": digest(labels)}
            stage(
                output_folder(experiment),
                f"embed {run_name(experiment)} fold {fold} {split}{_suffix(view)}",
                depends_on={**made_from, "pictures": digest(plan.pictures(split, list(labels)))},
                older=[{**made_from, "records": records.name}],
                outputs=[embeddings_file(experiment, fold, split, view)],
                work=lambda what=(fold, split, seen, order): embed_locked(
                    experiment, data, records, *what
                ),
            )


def embed_locked(
    experiment: Experiment, data: DataSet, records: Path, fold: int, *what: Any
) -> None:
    """`embed_split`, while no process trains the fold.

    Raises:
        InputError: another process trains it, or has just trained it.
    """
    from tf_happywhale.disk.hashes import sha256
    from tf_happywhale.disk.locks import locked
    from tf_happywhale.disk.swap import AT_WORK
    from tf_happywhale.errors import InputError
    from tf_happywhale.places import run_folder

    run, about = run_folder(experiment, fold), what[1]
    with locked(run, AT_WORK):
        if sha256(run / "model.keras") != about["model"]:
            raise InputError(f"{run} was trained again meanwhile: run embed again.")
        embed_split(experiment, data, records, fold, *what)


def embed_split(
    experiment: Experiment,
    data: DataSet,
    records: Path,
    fold: int,
    split: str,
    about: dict[str, str],
    order: list[str],
) -> None:
    """Embed one split's images from the records and write the embeddings file, with the centres of
    the model's head, which are `order`'s."""
    import numpy as np

    from tf_happywhale.inference.embed_batches import embed
    from tf_happywhale.inference.runtimes import choose
    from tf_happywhale.models.whitened import among_embeddings
    from tf_happywhale.places import embeddings_file, run_folder
    from tf_happywhale.records.evaluation_reader import evaluation_batches
    from tf_happywhale.records.pipeline import checked
    from tf_happywhale.retrieval.embeddings import Embeddings, save_embeddings
    from tf_happywhale.run_folders.model_files import load_model

    labels, run = _labels(data, split), run_folder(experiment, fold)
    settings, each = experiment.embed, []
    model = choose(run, experiment.image_size, settings.engine, settings.precision)
    for source in sources(experiment):
        batches = evaluation_batches(
            records,
            split,
            list(labels),
            size=experiment.image_size,
            batch_size=experiment.embed.batch_size,
            source=source,
        )
        found = checked(batches, records)
        label, mirrored = f"embedding {split}{_suffix(about['view'])}", about["view"] == "mirrored"
        embedding, names = embed(model, found, len(labels), label, mirrored=mirrored)
        each.append(embedding)
    if len(each) > 1:
        lengths = [np.linalg.norm(one, axis=1, keepdims=True) for one in each]
        embedding = np.mean([one / n for one, n in zip(each, lengths, strict=True)], axis=0)
    head = load_model(run / "classifier.keras").get_layer("arcface")
    embeddings = Embeddings(
        embedding,
        names,
        np.array([labels[name] for name in names], dtype=np.str_),
        about,
        among_embeddings(load_model(run / "model.keras"), np.asarray(head.centre)),
        np.repeat(np.array(order, dtype=np.str_), head.subcentres),
    )
    save_embeddings(embeddings_file(experiment, fold, split, about["view"]), embeddings)


def _suffix(view: str) -> str:
    return "" if view == "original" else f" {view}"


def sources(experiment: Experiment) -> list[str | None]:
    """The crops of an image that are embedded, None for the primary; of several the mean counts."""
    records = experiment.records
    if records.embed_source == "all":
        return [records.source, *records.more_sources]
    return [records.embed_source]


def _labels(data: DataSet, split: str) -> dict[str, str]:
    """The individual_id of each image of a split, empty if it is to be found."""
    if split == "train":
        return data.individual_of
    return dict.fromkeys(data.test_images, "")


if __name__ == "__main__":
    command(main, "embed", __doc__, EXAMPLES)
