"""Rank an experiment's test images, and write predictions.csv and submission.csv."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

from tf_happywhale.catalogue.animals.individuals import NEW_INDIVIDUAL
from tf_happywhale.catalogue.dataset import DataSet
from tf_happywhale.catalogue.kaggle.sample_submission import SAMPLE, rows_asked
from tf_happywhale.config import Experiment
from tf_happywhale.disk.files import write_csv
from tf_happywhale.disk.hashes import digest, sha256
from tf_happywhale.disk.temporary import remove
from tf_happywhale.errors import InputError
from tf_happywhale.places import data_root, output_folder
from tf_happywhale.retrieval.ensemble.members import (
    Member,
    find_members,
    load_ensemble,
    load_labelled_gallery,
    member_files,
)
from tf_happywhale.retrieval.ensemble.selection import best_members
from tf_happywhale.retrieval.ranking.learned import VERSION
from tf_happywhale.retrieval.ranking.original_rules import (
    not_honoured,
    rank_queries_by_original_rules,
)
from tf_happywhale.retrieval.ranking.ranking import Ranking, rank_queries
from tf_happywhale.retrieval.search.candidates import searched_by
from tf_happywhale.retrieval.search.on_beam import search_on_beam
from tf_happywhale.retrieval.submission import no_submission, pad, write_submission

SEARCHES = ".searches"  # in the output folder, until the ranking is written


def ranking_depends_on(experiment: Experiment, data: DataSet, whole: DataSet) -> dict:
    """Return everything that the ranking is made from, for the stage's stamp; `data` is the `whole`
    without unreadable images."""
    return {
        "rank": experiment.rank.model_dump(mode="json"),
        "learned": VERSION,
        "members": experiment.model_dump(mode="json", include={"members"}),
        "embeddings": [sha256(file) for file in member_files(experiment, ("train", "test"))],
        "catalogue": digest([data.images, data.individual_ids, data.folds.tolist()]),
        "species": digest(list(data.catalogue["species"])),
        "test_images": digest([whole.test_images, data.test_images]),
        **_sample_of_shards(experiment, whole),
    }


def _sample_of_shards(experiment: Experiment, data: DataSet) -> dict[str, str]:
    """Return the content of `sample_submission.csv` if the images come from TFRecords; those of a
    data folder are in its order already."""
    sample = data_root(experiment) / SAMPLE
    return {"sample": sha256(sample)} if data.shards and sample.is_file() else {}


def why_no_submission(experiment: Experiment, data: DataSet) -> str:
    """Return why no submission is written, in words; empty if one is.

    Raises:
        InputError: none is written, but a `sample_submission.csv` asks for one.
    """
    reason, sample = no_submission(data.order), data_root(experiment) / SAMPLE
    if reason and sample.is_file():
        raise InputError(
            f"{sample} asks for a submission, but {reason}: change the catalogue, or move that "
            "file away, and predictions.csv alone is written."
        )
    return reason


def write_ranking(experiment: Experiment, data: DataSet, asked: Sequence[str]) -> None:
    """Rank the test images and write predictions.csv and, if the ids allow it, submission.csv.

    The submission answers all images that were `asked`; an image that cannot be read gets the most
    frequent individuals.
    """
    rows = submission_rows(experiment, asked)
    output, options = output_folder(experiment), experiment.beam_options
    searches = output / SEARCHES
    with searched_by(search_on_beam(searches, options)) if options else nullcontext():
        ranking = _rank(experiment, data)
    write_csv(output / "predictions.csv", ranking.table(experiment.rank.candidates))
    if not why_no_submission(experiment, data):
        _submit(output / "submission.csv", ranking, rows)
    remove(searches)


def _submit(file: Path, ranking: Ranking, rows: Sequence[tuple[str, str]]) -> None:
    """Write submission.csv; see `submission_rows`."""
    answers = dict(zip(ranking.images.tolist(), ranking.ids(), strict=True))
    unread = pad(ranking.padding, [NEW_INDIVIDUAL])
    write_submission(
        file,
        [name for name, _ in rows],
        [answers.get(image, unread) for _, image in rows],
    )


def _rank(experiment: Experiment, data: DataSet) -> Ranking:
    """Return the ranking by the config's rules; print what a person should know about it."""
    rank, members = experiment.rank, find_members(experiment)
    gallery = load_labelled_gallery(experiment, data)
    queries = load_ensemble(experiment, "test", data.test_images)
    taken = best_members(gallery, rank.members, rank)
    gallery, queries = gallery.only(taken), queries.only(taken)
    own = [members[n] for n in taken]
    for sentence in blind_sentences([own[n].name for n in gallery.untold], experiment):
        print(sentence)
    if rank.preset == "original":
        for sentence in not_honoured(rank):
            print(sentence)
        ranking = rank_queries_by_original_rules(gallery, queries, rank)
    else:
        weights = [member.weight for member in own]
        ranking = rank_queries(gallery, queries, weights, rank, data.species_of)
    if ranking.unsure:
        print(ranking.unsure)
    _print_members(ranking, own, len(members))
    return ranking


def _print_members(ranking: Ranking, members: Sequence[Member], count: int) -> None:
    """Print which of `count` models rank, with what weights, and which scored each fold."""
    names = [members[n].name for n in ranking.members]
    if count > 1:
        weights = ranking.weights or [1.0] * len(names)
        shares = [f"{weight:.2f} {name}" for weight, name in zip(weights, names, strict=True)]
        print(f"{len(names)} of {count} models rank: {', '.join(shares)}")
    for part in ranking.scored:
        models = " ".join(names[n] for n in part.members)
        print(f"fold {part.fold}: {len(part.images)} images scored by {models}")


def submission_rows(experiment: Experiment, asked: Sequence[str]) -> list[tuple[str, str]]:
    """Return the names of the submission's rows, each with its image. If there is a
    `sample_submission.csv`, it decides names and order."""
    sample = data_root(experiment) / SAMPLE
    if not sample.is_file():
        return [(image, image) for image in asked]
    rows = rows_asked(sample, asked)
    if len(rows) < len(asked):
        print(f"{sample} does not list {len(asked) - len(rows)} images: they are not submitted")
    return rows


def blind_sentences(names: Sequence[str], experiment: Experiment) -> list[str]:
    """Return a sentence on members that do not say what they were trained on."""
    rank = experiment.rank
    if not names or rank.threshold is not None or rank.new == "target_share":
        return []
    return [
        f"The embeddings of {', '.join(names)} do not say what the model was trained on (the array "
        "trained_on), so nothing is learned about new individuals, and new_individual comes last. "
        "Save trained_on='nothing' if the model has seen none of these images, or set "
        "rank.threshold."
    ]
