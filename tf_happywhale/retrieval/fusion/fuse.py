"""A gallery's matched pairs calibrate the scores of photographs and of its own images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.fusion.compared import Compared
from tf_happywhale.retrieval.fusion.evidence import OwnUsual, own_usual, usual_of_questions
from tf_happywhale.retrieval.fusion.fused_scores import FusedScores
from tf_happywhale.retrieval.fusion.gallery_pairs import gallery_pairs
from tf_happywhale.retrieval.fusion.learn_calibration import Calibrations, learn_calibrations
from tf_happywhale.retrieval.search.only import Only
from tf_happywhale.retrieval.teaching.same_encounter import same_encounter


@dataclass(frozen=True)
class Lessons:
    """What a gallery's own pairs teach.

    Attributes:
        found: the pairs that were matched.
        usual: what they say is usual for the gallery's images.
        calibrations: of their scores.
        own: scores of the gallery's images for its own; each question's calibration has not seen
            its individual.
        pairs, same: how many pairs of the gallery calibrated them, and how many of one individual.
    """

    found: Compared
    usual: OwnUsual
    calibrations: Calibrations
    own: FusedScores
    pairs: int
    same: int


@dataclass(frozen=True)
class Fused:
    """Fused scores, and what they rest on.

    Attributes:
        photographs: of the gallery's images for the photographs.
        own, pairs, same: see `Lessons`.
        individuals: how many individuals have a pair.
    """

    photographs: FusedScores
    own: FusedScores
    pairs: int
    same: int
    individuals: int


def learn_from_pairs(
    gallery: Embeddings, own: Compared, rows: np.ndarray, only: Only | None = None
) -> Lessons:
    """Return what a gallery's own pairs teach.

    Args:
        gallery: the images, as their embeddings are compared.
        own: pairs of gallery images that were not taken together.
        rows: int64 [q], the gallery's images that were asked in `own`.
        only: which images may be compared with each other; None: all.
    """
    known = gallery.stack()
    said = own_usual(known, own, same_encounter(gallery).mask)
    usual = said.or_as(lambda: usual_of_questions(known, known, own))
    pairs = gallery_pairs(gallery, rows, own, usual, only)
    learned = learn_calibrations(pairs, len(np.unique(gallery.individual_id)))
    return lessons_of(gallery, own, said, learned, len(pairs.inputs), int(pairs.same.sum()))


def lessons_of(
    gallery: Embeddings,
    own: Compared,
    said: OwnUsual,
    learned: Calibrations,
    pairs: int,
    same: int,
) -> Lessons:
    """Return lessons by what was learned; see there."""
    known = gallery.stack()
    usual = said.or_as(lambda: usual_of_questions(known, known, own))
    who = np.unique(gallery.individual_id, return_inverse=True)[1]
    scores = FusedScores(known, known, own, usual, usual, learned.parts, learned.part_of(who))
    return Lessons(own, said, learned, scores, pairs, same)


def fuse(queries: Embeddings, gallery: Embeddings, matched: Compared, lessons: Lessons) -> Fused:
    """Return fused scores.

    Args:
        queries, gallery: the images, as their embeddings are compared.
        matched: pairs of queries and gallery images.
        lessons: of the gallery's own pairs.
    """
    asked, known = queries.stack(), gallery.stack()
    theirs = usual_of_questions(asked, known, matched)
    usual = lessons.usual.or_as(lambda: theirs)
    whole = np.zeros(len(queries), np.int64)
    learned = lessons.calibrations
    scores = FusedScores(asked, known, matched, theirs, usual, [learned.whole], whole)
    return Fused(scores, lessons.own, lessons.pairs, lessons.same, learned.individuals)
