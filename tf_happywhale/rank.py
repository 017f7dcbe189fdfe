"""Command: rank the individuals for each image, and write predictions.csv and submission.csv."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tf_happywhale.cli import command
from tf_happywhale.config import Experiment

if TYPE_CHECKING:
    from tf_happywhale.catalogue.dataset import DataSet

EXAMPLES = [
    "python -m tf_happywhale.rank configs/demo.yaml",
    "python -m tf_happywhale.rank configs/demo.yaml rank.engine=sklearn   # the reference",
    "python -m tf_happywhale.rank configs/demo.yaml rank.preset=seed      # the original rules",
]


def main(experiment: Experiment) -> None:
    """Rank with the models of all the experiment's folds, unless that is up to date."""
    from tf_happywhale.catalogue.dataset import load_data
    from tf_happywhale.files import digest, sha256
    from tf_happywhale.places import embeddings_file, output_folder
    from tf_happywhale.retrieval.embeddings import check_embeddings
    from tf_happywhale.stages import stage

    data, output = load_data(experiment), output_folder(experiment)
    files = [
        embeddings_file(experiment, fold, split)
        for fold in experiment.folds
        for split in ("train", "test")
    ]
    for file in files:
        check_embeddings(file)
    stage(
        output,
        "rank",
        depends_on={
            "rank": experiment.rank.model_dump(mode="json"),
            "embeddings": [sha256(file) for file in files],
            "catalogue": digest([data.images, data.individual_ids, data.folds.tolist()]),
            "test_images": digest(data.test_images),
        },
        outputs=[output / "predictions.csv", output / "submission.csv"],
        work=lambda: write_ranking(experiment, data),
    )


def write_ranking(experiment: Experiment, data: DataSet) -> None:
    """Rank all test images and write both files."""
    from tf_happywhale.files import write_csv
    from tf_happywhale.places import embeddings_file, output_folder
    from tf_happywhale.retrieval.embeddings import load_embeddings, load_gallery
    from tf_happywhale.retrieval.ranking import rank_queries
    from tf_happywhale.retrieval.submission import write_submission

    rank, folds = experiment.rank, experiment.folds
    ranking = rank_queries(
        [
            load_gallery(
                embeddings_file(experiment, fold, "train"), data.images, data.individual_ids
            )
            for fold in folds
        ],
        [
            load_embeddings(embeddings_file(experiment, fold, "test")).reorder(data.test_images)
            for fold in folds
        ],
        folds,
        dict(zip(data.images, data.folds.tolist(), strict=True)),
        **rank.model_dump(),
    )
    output = output_folder(experiment)
    write_csv(output / "predictions.csv", ranking.table(rank.candidates))
    write_submission(output / "submission.csv", ranking.images, ranking.ids())


if __name__ == "__main__":
    command(main, "rank", __doc__, EXAMPLES)
