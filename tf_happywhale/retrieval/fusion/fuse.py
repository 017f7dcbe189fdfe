"""A gallery's matched pairs calibrate the scores of photographs and of its own images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.fusion.compared import Compared
from tf_happywhale.retrieval.fusion.evidence import usual_of_gallery, usual_of_questions
from tf_happywhale.retrieval.fusion.fused_scores import FusedScores
from tf_happywhale.retrieval.fusion.gallery_pairs import gallery_pairs
from tf_happywhale.retrieval.fusion.learn_calibration import learn_calibrations
from tf_happywhale.retrieval.search.joined_rows import stack
from tf_happywhale.retrieval.teaching.same_encounter import same_encounter


@dataclass(frozen=True)
class Fused:
    """Fused scores, and what they rest on.

    Attributes:
        photographs: of the gallery's images for the photographs.
        own: of the gallery's images for its own; each question's calibration has not seen its
            individual.
        pairs, same: how many pairs of the gallery calibrated them, and how many of one individual.
        individuals: how many individuals have such a pair.
    """

    photographs: FusedScores
    own: FusedScores
    pairs: int
    same: int
    individuals: int


def fuse(
    queries: Embeddings,
    gallery: Embeddings,
    matched: Compared,
    own: Compared,
    rows: np.ndarray,
) -> Fused:
    """Return fused scores.

    Args:
        queries, gallery: the images, as their embeddings are compared.
        matched: pairs of queries and gallery images.
        own: pairs of gallery images that were not taken together.
        rows: int64 [q], the gallery's images that were asked in `own`.
    """
    asked, known = stack([queries.embedding]), stack([gallery.embedding])
    theirs = usual_of_questions(asked, known, matched)
    usual = usual_of_gallery(known, own, theirs, same_encounter(gallery).mask)
    pairs = gallery_pairs(gallery, rows, own, usual)
    ids, who = np.unique(gallery.individual_id, return_inverse=True)
    learned = learn_calibrations(pairs, len(ids))
    whole = np.zeros(len(queries), np.int64)
    return Fused(
        FusedScores(asked, known, matched, theirs, usual, [learned.whole], whole),
        FusedScores(known, known, own, usual, usual, learned.parts, learned.part_of(who)),
        len(pairs.inputs),
        int(pairs.same.sum()),
        learned.individuals,
    )
