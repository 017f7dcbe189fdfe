"""Command: rank the individuals for each image, and write predictions.csv and submission.csv."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tf_happywhale.cli import command
from tf_happywhale.config import Experiment

if TYPE_CHECKING:
    from tf_happywhale.catalogue.dataset import DataSet

EXAMPLES = [
    "python -m tf_happywhale.rank configs/demo.yaml",
    "python -m tf_happywhale.rank configs/demo.yaml rank.engine=sklearn   # the reference",
    "python -m tf_happywhale.rank configs/demo.yaml rank.preset=original      # the original rules",
    "python -m tf_happywhale.rank configs/demo.yaml rank.new=column       # new at any rank",
]


def main(experiment: Experiment) -> None:
    """Rank with the experiment's members, or its folds' models, unless that is up to date."""
    from tf_happywhale.catalogue.dataset import load_data
    from tf_happywhale.disk.hashes import digest, sha256
    from tf_happywhale.places import output_folder
    from tf_happywhale.records.plan import readable_data
    from tf_happywhale.retrieval.ensemble.members import member_files
    from tf_happywhale.stages import stage

    whole, output = load_data(experiment), output_folder(experiment)
    data = readable_data(experiment, whole)
    reason = why_no_submission(experiment, data)
    submission = [] if reason else [output / "submission.csv"]
    stage(
        output,
        "rank",
        depends_on={
            "rank": experiment.rank.model_dump(mode="json"),
            "members": experiment.model_dump(mode="json", include={"members"}),
            "embeddings": [sha256(file) for file in member_files(experiment, ("train", "test"))],
            "catalogue": digest([data.images, data.individual_ids, data.folds.tolist()]),
            "species": digest(list(data.catalogue["species"])),
            "test_images": digest([whole.test_images, data.test_images]),
            **sample_of_shards(experiment, whole),
        },
        outputs=[output / "predictions.csv", *submission],
        work=lambda: write_ranking(experiment, data, whole.test_images),
    )
    if reason:
        old = output / "submission.csv"
        stale = f"; {old} is of an earlier ranking" if old.is_file() else ""
        print(f"there is no submission: {reason}{stale}")


def why_no_submission(experiment: Experiment, data: DataSet) -> str:
    """Why no submission is written, in words; empty if one is.

    Raises:
        InputError: none is written, but a `sample_submission.csv` asks for one.
    """
    from tf_happywhale.catalogue.kaggle.sample_submission import SAMPLE
    from tf_happywhale.errors import InputError
    from tf_happywhale.places import data_root
    from tf_happywhale.retrieval.submission import no_submission

    reason, sample = no_submission(data.order), data_root(experiment) / SAMPLE
    if reason and sample.is_file():
        raise InputError(
            f"{sample} asks for a submission, but {reason}: change the catalogue, or move that "
            "file away, and predictions.csv alone is written."
        )
    return reason


def write_ranking(experiment: Experiment, data: DataSet, asked: Sequence[str]) -> None:
    """Rank the test images and write predictions.csv and, if the ids allow it, submission.csv. It
    answers all images that were `asked`; one that cannot be read gets the most frequent
    individuals.
    """
    from tf_happywhale.catalogue.animals.individuals import NEW_INDIVIDUAL
    from tf_happywhale.disk.files import write_csv
    from tf_happywhale.places import output_folder
    from tf_happywhale.retrieval.ensemble.members import find_members, load_ensemble
    from tf_happywhale.retrieval.ensemble.out_of_fold import untold
    from tf_happywhale.retrieval.ensemble.selection import best_members
    from tf_happywhale.retrieval.ranking.original_rules import (
        not_honoured,
        rank_queries_by_original_rules,
    )
    from tf_happywhale.retrieval.ranking.ranking import rank_queries
    from tf_happywhale.retrieval.submission import pad, write_submission

    rows = submission_rows(experiment, asked)
    gallery = load_ensemble(experiment, "train", data.images)
    queries = load_ensemble(experiment, "test", data.test_images)
    folds = data.fold_of
    taken = best_members(
        gallery, data.individual_ids, folds, experiment.rank.members, experiment.rank
    )
    gallery, queries = gallery.only(taken), queries.only(taken)
    members = find_members(experiment)
    for sentence in blind_sentences([members[taken[n]].name for n in untold(gallery)], experiment):
        print(sentence)
    if experiment.rank.preset == "original":
        for sentence in not_honoured(experiment.rank):
            print(sentence)
        ranking = rank_queries_by_original_rules(
            gallery, queries, data.individual_ids, folds, experiment.rank
        )
    else:
        weights = [members[n].weight for n in taken]
        ranking = rank_queries(
            gallery,
            queries,
            data.individual_ids,
            folds,
            weights,
            experiment.rank,
            data.species_of,
        )
    if ranking.unsure:
        print(ranking.unsure)
    names = [members[taken[n]].name for n in ranking.members]
    if len(members) > 1:
        weights = ranking.weights or [1.0] * len(names)
        shares = [f"{weight:.2f} {name}" for weight, name in zip(weights, names, strict=True)]
        print(f"{len(names)} of {len(members)} models rank: {', '.join(shares)}")
    for part in ranking.scored:
        models = " ".join(names[n] for n in part.members)
        print(f"fold {part.fold}: {len(part.images)} images scored by {models}")
    output = output_folder(experiment)
    write_csv(output / "predictions.csv", ranking.table(experiment.rank.candidates))
    if why_no_submission(experiment, data):
        return
    answers = dict(zip(ranking.images.tolist(), ranking.ids(), strict=True))
    unread = pad(ranking.padding, [NEW_INDIVIDUAL])
    write_submission(
        output / "submission.csv",
        [name for name, _ in rows],
        [answers.get(image, unread) for _, image in rows],
    )


def sample_of_shards(experiment: Experiment, data: DataSet) -> dict[str, str]:
    """The content of `sample_submission.csv` if the images come from TFRecords; those of a data
    folder are in its order already."""
    from tf_happywhale.catalogue.kaggle.sample_submission import SAMPLE
    from tf_happywhale.disk.hashes import sha256
    from tf_happywhale.places import data_root

    sample = data_root(experiment) / SAMPLE
    return {"sample": sha256(sample)} if data.shards and sample.is_file() else {}


def submission_rows(experiment: Experiment, asked: Sequence[str]) -> list[tuple[str, str]]:
    """The names of the submission's rows, each with its image. If there is a
    `sample_submission.csv`, it decides names and order."""
    from tf_happywhale.catalogue.kaggle.sample_submission import SAMPLE, rows_asked
    from tf_happywhale.places import data_root

    sample = data_root(experiment) / SAMPLE
    if not sample.is_file():
        return [(image, image) for image in asked]
    rows = rows_asked(sample, asked)
    if len(rows) < len(asked):
        print(f"{sample} does not list {len(asked) - len(rows)} images: they are not submitted")
    return rows


def blind_sentences(names: Sequence[str], experiment: Experiment) -> list[str]:
    """A sentence on members that do not say what they were trained on."""
    rank = experiment.rank
    if not names or rank.threshold is not None or rank.new == "target_share":
        return []
    return [
        f"The embeddings of {', '.join(names)} do not say what the model was trained on (the array "
        "trained_on), so nothing is learned about new individuals, and new_individual comes last. "
        "Save trained_on='nothing' if the model has seen none of these images, or set "
        "rank.threshold."
    ]


if __name__ == "__main__":
    command(main, "rank", __doc__, EXAMPLES)
