"""Command: embed the catalogue's images and those to identify with each fold's model."""

from __future__ import annotations

from pathlib import Path

from tf_happywhale.cli import command
from tf_happywhale.config import Experiment

EXAMPLES = [
    "python -m tf_happywhale.embed configs/demo.yaml",
    "python -m tf_happywhale.embed configs/right_whale.yaml data.root=DIR fold=1",
]


def main(experiment: Experiment) -> None:
    """Write the embeddings of both splits for every fold that is not up to date."""
    from tf_happywhale.catalogue.dataset import load_data
    from tf_happywhale.files import digest, sha256
    from tf_happywhale.places import embeddings_file, output_folder, run_folder
    from tf_happywhale.records.plan import plan_records
    from tf_happywhale.stages import stage
    from tf_happywhale.training.run_folder import check_model

    data = load_data(experiment)
    records = plan_records(experiment, data).folder
    for fold in experiment.folds:
        model = run_folder(experiment, fold) / "model.keras"
        check_model(model)
        about = {
            "model": sha256(model),
            "fold": str(fold),
            "trained_on": f"{records.name}, all folds but {fold} of {experiment.data.folds}",
            "source": experiment.records.source,
            "view": "original",
            "preprocess": f"squashed to {experiment.image_size}",
        }
        for split in ("train", "test"):
            file = embeddings_file(experiment, fold, split)
            images = data.images if split == "train" else data.test_images
            identities = data.individual_ids if split == "train" else [""] * len(images)
            stage(
                output_folder(experiment),
                f"embed {experiment.name} fold {fold} {split}",
                depends_on={
                    "about": about,
                    "records": records.name,
                    "labels": digest([images, identities]),
                },
                outputs=[file],
                work=lambda args=(model, records, split, images, identities, about, file): (
                    embed_split(experiment, *args)
                ),
            )


def embed_split(
    experiment: Experiment,
    model: Path,
    records: Path,
    split: str,
    images: list[str],
    individual_ids: list[str],
    about: dict[str, str],
    file: Path,
) -> None:
    """Embed one split's images from the records and write the embeddings file."""
    import numpy as np

    from tf_happywhale.records.reader import evaluation_batches
    from tf_happywhale.retrieval.embeddings import Embeddings, save_embeddings
    from tf_happywhale.training.embedding import embed
    from tf_happywhale.training.run_folder import load_model

    batches = evaluation_batches(
        records, split, images, size=experiment.image_size, batch_size=experiment.embed.batch_size
    )
    embedding, names = embed(load_model(model), batches, len(images), f"embedding {split}")
    identity = dict(zip(images, individual_ids, strict=True))
    found = np.array([identity[name] for name in names], dtype=np.str_)
    save_embeddings(file, Embeddings(embedding, names, found, about))


if __name__ == "__main__":
    command(main, "embed", __doc__, EXAMPLES)
