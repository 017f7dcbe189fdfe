"""Identification: photographs are embedded, ranked against a gallery, and written as tables."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from tf_happywhale.catalogue.animals.animal_key import key_columns
from tf_happywhale.catalogue.animals.individuals import most_frequent
from tf_happywhale.catalogue.photographs.own_output import mark_new_output
from tf_happywhale.config import Experiment, Quality, Rank
from tf_happywhale.detection.detector import find_detector
from tf_happywhale.disk.files import write_csv
from tf_happywhale.errors import Incomplete
from tf_happywhale.galleries.queries import save_queries
from tf_happywhale.inference.box_source import with_source
from tf_happywhale.inference.gallery_candidates import candidates_of, search_of
from tf_happywhale.inference.how_identified import gallery_note, how_identified
from tf_happywhale.inference.identifier import Identifier, damage_sentences
from tf_happywhale.inference.learned_here import learned_here
from tf_happywhale.inference.local_matching import LocalMatching
from tf_happywhale.inference.photographs import embed_photographs, find_animals, find_photographs
from tf_happywhale.inference.reference_images import load_gallery
from tf_happywhale.inference.who_teaches import who_teaches
from tf_happywhale.messages import timed
from tf_happywhale.pictures.quality import CropQuality, warnings
from tf_happywhale.places import output_folder
from tf_happywhale.retrieval.centring import centred
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.ranking.learned import Learned
from tf_happywhale.retrieval.ranking.ranking import Ranking
from tf_happywhale.retrieval.search.encounter_split import judge_together, several_animals
from tf_happywhale.retrieval.teaching.taught import Taught


@dataclass(frozen=True)
class Identification:
    """The animals in photographs, ranked against a gallery.

    Attributes:
        queries: the embedded animals.
        gallery: the reference images.
        predictions: the candidates of each animal, see `Ranking.table`.
        warnings: what is wrong with each animal's picture, by its key.
        failed: why a photograph could not be read, by name.
        not_compared: why a reference image could not be read, by image.
        matching: what matched the photographs with the gallery's images; None: nothing did.
        notes: how the animals were identified, and what the gallery holds and has taught.
        taught: what the gallery taught about new individuals and missed matches; None if the
            models' own catalogue teaches.
    """

    queries: Embeddings
    gallery: Embeddings
    predictions: pd.DataFrame
    warnings: Mapping[str, Sequence[str]]
    failed: Mapping[str, str]
    not_compared: Mapping[str, str]
    matching: LocalMatching | None = None
    notes: Sequence[str] = ()
    taught: Taught | None = None


def identify_photographs(
    experiment: Experiment, identifier: Identifier, gallery: Path, given: Sequence[str]
) -> Identification:
    """Identify the animals in photographs. Write `predictions.csv`, `photographs.csv` and
    `queries.npz` to the output folder, and print how long each step took.

    Args:
        experiment: the settings.
        identifier: embeds the photographs.
        gallery: a saved gallery or a catalogue folder.
        given: photographs, and folders of them.

    Raises:
        InputError: there is no photograph or no gallery that can be used.
    """
    output = output_folder(experiment)
    photos, not_read = find_photographs(given, experiment)
    mark_new_output(output)
    identifier = with_source(identifier, experiment, gallery, photos)
    detector = find_detector(experiment, identifier.home)
    with timed(f"boxes of {len(photos)} photographs"):
        shots = find_animals(experiment, identifier, photos, detector)
    with timed("embedding the gallery"):
        known, not_compared = load_gallery(gallery, identifier, experiment, detector)
    with timed("embedding the photographs"):
        queries, failed = embed_photographs(identifier, shots, photos)
    for image, reason in [*sorted(not_compared.items()), *sorted(failed.items())]:
        print(f"left out: {image}: {reason}")
    for sentence in damage_sentences(queries):
        print(sentence)
    asked, compared = centred(queries, known)  # what is written stays as the model gave it
    with timed(f"ranking {len(queries)} against {len(known)}"):
        teacher = who_teaches(identifier, known)
        here = learned_here(identifier, asked, compared, experiment, teacher)
        asked, ranking, apart = rank_animals(
            asked, compared, experiment.rank, here.learned, experiment.identify.sides
        )
    queries = replace(queries, columns=asked.columns)
    for sentence in here.said:
        print(sentence)
    for sentence in dict.fromkeys(apart.values()):
        print(sentence)
    warned = _quality_warnings(queries, experiment.quality)
    warned |= {key: [sentence, *warned[key]] for key, sentence in apart.items()}
    predictions = ranking.table(experiment.rank.candidates)
    write_csv(output / "predictions.csv", predictions)
    save_queries(output, queries)
    write_csv(output / "photographs.csv", _photographs_table(queries, warned, not_read | failed))
    notes = [
        how_identified(identifier.models[0].taught, matched=False),
        gallery_note(known.individual_id.tolist()),
        *here.said,
    ]
    return Identification(
        queries, known, predictions, warned, failed, not_compared, notes=notes, taught=here.taught
    )


def rank_animals(
    queries: Embeddings,
    gallery: Embeddings,
    settings: Rank,
    learned: Learned,
    sides: str = "same_first",
) -> tuple[Embeddings, Ranking, dict[str, str]]:
    """Rank the individuals of a gallery for each animal, with `new_individual` among them.
    Photographs of one encounter are ranked together if they may show one animal.

    Args:
        queries: the animals, with the column encounter.
        gallery: the reference images.
        settings: the config's section.
        learned: what is known about new individuals.
        sides: `identify.sides`.

    Returns:
        The queries with the column `together`; the ranking; and by key a sentence for each animal
        that is ranked alone although it is of an encounter.
    """
    queries, gallery = centred(queries, gallery)
    ids, search = gallery.individual_id.tolist(), search_of(gallery, settings)
    queries, apart = judge_together(queries, search, learned.p_right)
    if several := several_animals(queries):
        print(
            f"{several} animals are in photographs of an encounter that show several: each is "
            "ranked alone, since the photographs of an encounter show one animal"
        )
    found = candidates_of(queries, gallery, settings, search, sides)
    ranking = Ranking(
        images=queries.image,
        candidates=found,
        rule=learned.rule(settings, found.score),
        p_new=learned.p_new(found.score),
        gallery_images=gallery.image,
        padding=most_frequent(ids),
    )
    return queries, ranking, apart


def check_complete(found: Identification, table: Path) -> None:
    """Raise Incomplete if photographs have no answer, or reference images were not compared.

    Args:
        found: the result.
        table: where the reasons are written.
    """
    parts = []
    if found.failed:
        parts.append(f"{len(found.failed)} of the photographs have no answer ({table} says why)")
    if found.not_compared:
        parts.append(f"{len(found.not_compared)} of the gallery's images were not compared")
    if parts:
        raise Incomplete(
            f"{' and '.join(parts)}, since they cannot be read; the others are done. Replace the "
            "files listed above, or take them out, and run this again."
        )


def _quality_warnings(queries: Embeddings, limits: Quality) -> dict[str, list[str]]:
    """Return the warnings about each animal's crop, by its key."""
    names = ("side", "sharpness", "confidence", "damage")
    columns = [queries.column(name).tolist() for name in names]
    return {
        image: [damage] * bool(damage)
        + warnings(CropQuality(int(side), float(sharp), float(sure or math.nan)), limits)
        for image, side, sharp, sure, damage in zip(queries.image.tolist(), *columns, strict=True)
    }


def _photographs_table(
    queries: Embeddings, warned: Mapping[str, Sequence[str]], not_read: Mapping[str, str]
) -> pd.DataFrame:
    """Return photographs.csv: a row for each animal, with the box that was used and what is wrong
    with its picture, and a row for each photograph that was not read."""
    names = ["encounter", "date", "viewpoint", "box", "side", "sharpness", "confidence"]
    keys = key_columns(queries.image.tolist())
    table = pd.DataFrame({**keys, **{name: queries.column(name) for name in names}})
    table["warnings"] = [" ".join(warned[image]) for image in queries.image.tolist()]
    rows = [{"image": image, "warnings": reason} for image, reason in not_read.items()]
    return pd.concat([table, pd.DataFrame(rows)]).fillna("").replace({"confidence": {"nan": ""}})
