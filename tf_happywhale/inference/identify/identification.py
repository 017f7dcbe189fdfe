"""Identification: photographs are embedded, ranked against a gallery, and written as tables."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from tf_happywhale.catalogue.animals.animal_key import key_columns
from tf_happywhale.catalogue.photographs.own_output import mark_new_output
from tf_happywhale.catalogue.tables.fact_columns import FACTS
from tf_happywhale.config import Experiment, Quality
from tf_happywhale.detection.detector import find_detector
from tf_happywhale.disk.files import write_csv
from tf_happywhale.errors import Incomplete
from tf_happywhale.galleries.decisions import decided_before
from tf_happywhale.galleries.named_groups import GROUPS, NamedGroups
from tf_happywhale.galleries.queries import save_queries
from tf_happywhale.inference.embedding.box_source import with_source
from tf_happywhale.inference.embedding.identifier import Identifier, damage_sentences
from tf_happywhale.inference.gallery.gallery_candidates import side_notes
from tf_happywhale.inference.gallery.indexed_gallery import IndexedGallery, indexed_gallery
from tf_happywhale.inference.gallery.reference_images import load_gallery
from tf_happywhale.inference.identify.encounters_made import with_made_encounters
from tf_happywhale.inference.identify.from_nothing import group_everything, is_nothing
from tf_happywhale.inference.identify.how_identified import gallery_note, how_identified
from tf_happywhale.inference.identify.photographs import (
    embed_photographs,
    find_animals,
    find_photographs,
)
from tf_happywhale.inference.identify.ranked_animals import rank_photographs
from tf_happywhale.inference.matched.local_matching import LocalMatching
from tf_happywhale.messages import timed
from tf_happywhale.pictures.quality import CropQuality, warnings
from tf_happywhale.places import output_folder
from tf_happywhale.retrieval.embeddings import Embeddings
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
        groups: of animals that are probably nobody in the gallery.
        gallery_size: how many images were searched, in words, if `gallery` has some of them only.
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
    groups: NamedGroups = field(default_factory=NamedGroups)
    gallery_size: str = ""


def identify_photographs(
    experiment: Experiment, identifier: Identifier, gallery: Path, given: Sequence[str]
) -> Identification:
    """Identify the animals in photographs. Write `predictions.csv`, `photographs.csv`,
    `groups.csv` and `queries.npz` to the output folder, and print how long each step took.

    Args:
        experiment: the settings.
        identifier: embeds the photographs.
        gallery: a saved gallery, a catalogue folder, or `none`.
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
    known, not_compared = None, {}
    indexed = indexed_gallery(gallery, identifier, experiment)
    if indexed is None and not is_nothing(gallery):
        with timed("embedding the gallery"):
            known, not_compared = load_gallery(gallery, identifier, experiment, detector)
    with timed("embedding the photographs"):
        queries, failed = embed_photographs(identifier, shots, photos)
    queries = with_made_encounters(queries, experiment.identify, output)
    for image, reason in [*sorted(not_compared.items()), *sorted(failed.items())]:
        print(f"left out: {image}: {reason}")
    for sentence in damage_sentences(queries):
        print(sentence)
    decided = decided_before(experiment, queries)
    if indexed is not None:
        with timed(f"searching {indexed.index.images} images by the index"):
            known = indexed.known(queries)
        ranked = rank_photographs(
            queries, known, indexed.experiment, identifier, gallery, decided, indexed.teacher(known)
        )
        print(indexed.note(known))
    elif known is None:
        known = queries.take(np.zeros(0, np.int64))
        ranked = group_everything(queries, experiment, identifier, decided)
    else:
        ranked = rank_photographs(queries, known, experiment, identifier, gallery, decided)
    queries, apart = ranked.queries, ranked.apart
    sides = side_notes(queries, known, experiment.identify)
    groups = ranked.groups
    for sentence in [*sides, *ranked.here.said, *groups.said, *dict.fromkeys(apart.values())]:
        print(sentence)
    warned = _quality_warnings(queries, experiment.quality)
    warned |= {key: [sentence, *warned[key]] for key, sentence in apart.items()}
    predictions = ranked.ranking.table(experiment.rank.candidates)
    write_csv(output / "predictions.csv", predictions)
    save_queries(output, queries)
    write_csv(output / "photographs.csv", _photographs_table(queries, warned, not_read | failed))
    write_csv(output / GROUPS, groups.table())
    notes = [
        how_identified(identifier.models[0].taught, matched=ranked.matching is not None),
        *_gallery_notes(known, indexed),
        *sides,
        *ranked.filtered,
        *ranked.here.said,
        *groups.said,
    ]
    return Identification(
        queries=queries,
        gallery=known,
        predictions=predictions,
        warnings=warned,
        failed=failed,
        not_compared=not_compared,
        matching=ranked.matching,
        notes=notes,
        taught=ranked.here.taught,
        groups=groups,
        gallery_size=indexed.size(known) if indexed else "",
    )


def _gallery_notes(known: Embeddings, indexed: IndexedGallery | None) -> list[str]:
    """Return what the gallery holds, or how its index was used, in sentences."""
    if indexed is not None:
        return [indexed.note(known)]
    return [gallery_note(known.individual_id.tolist())] if len(known) else []


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
    names = [*FACTS, "camera", "box", "side", "sharpness", "confidence"]
    keys = key_columns(queries.image.tolist())
    table = pd.DataFrame({**keys, **{name: queries.column(name) for name in names}})
    table["warnings"] = [" ".join(warned[image]) for image in queries.image.tolist()]
    rows = [{"image": image, "warnings": reason} for image, reason in not_read.items()]
    return pd.concat([table, pd.DataFrame(rows)]).fillna("").replace({"confidence": {"nan": ""}})
