"""Photographs are matched with a gallery, and the gallery with itself, which calibrates both."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tf_happywhale.inference.local_matching import LocalMatching
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.fusion.compared import compared
from tf_happywhale.retrieval.fusion.fuse import Fused, fuse
from tf_happywhale.retrieval.fusion.match_plan import MatchPlan, plan_matching
from tf_happywhale.retrieval.fusion.planned_pairs import own_pairs, photograph_pairs

PHOTOGRAPHS, GALLERY = 0, 1  # numbers of the homes in which new points and pairs are kept


@dataclass(frozen=True)
class Matched:
    """Fused scores.

    Attributes:
        fused: of the gallery's images, for the photographs and for its own.
        asked: bool [m], the gallery's images that were matched with others.
    """

    fused: Fused
    asked: np.ndarray


def match_gallery(
    queries: Embeddings,
    gallery: Embeddings,
    matching: LocalMatching,
    asked: np.ndarray | None = None,
) -> Matched:
    """Match photographs with a gallery's images, and these with one another, and print what is
    compared and what the scores rest on.

    Args:
        queries: the animals in the photographs.
        gallery: the reference images.
        matching: its first home keeps what is found about photographs, its last one about the
            gallery.
        asked: bool [m], the gallery's images that may be asked themselves, since no model was
            trained on them; None: all.
    """
    matching.look_at(queries, "photographs", PHOTOGRAPHS)
    matching.look_at(gallery, "gallery", GALLERY)
    settings = matching.settings
    plan = plan_matching(len(queries), len(gallery), settings.pairs, settings.shortlist)
    pairs = photograph_pairs(queries, gallery, plan.size)
    rows, own, kept = own_pairs(gallery, plan, asked)
    print(_plan_sentence(plan, queries, gallery, len(rows), kept), flush=True)
    features = matching.features(queries, gallery, pairs, "photographs", PHOTOGRAPHS)
    found = compared(len(queries), pairs, features)
    own_features = matching.features(gallery, gallery, own, "gallery", GALLERY)
    own_found = compared(len(gallery), own, own_features)
    fused = fuse(queries, gallery, found, own_found, rows)
    print(_calibration_sentence(fused, len(rows)))
    was_asked = np.zeros(len(gallery), bool)
    was_asked[rows] = True
    return Matched(fused, was_asked)


def _plan_sentence(
    plan: MatchPlan,
    queries: Embeddings,
    gallery: Embeddings,
    questions: int,
    kept: float,
) -> str:
    """Return what is matched, in words."""
    if plan.size >= len(gallery):
        said = f"matching {len(queries)} animals with all {len(gallery)} images of the gallery"
    else:
        said = (
            f"matching each of {len(queries)} animals with the {plan.size} nearest of "
            f"{len(gallery)} images of the gallery"
        )
        if not np.isnan(kept):
            said += (
                f"; of {questions} of the gallery's own images, {kept:.1%} of those with a right "
                "answer have one among so many"
            )
    return said


def _calibration_sentence(fused: Fused, questions: int) -> str:
    """Return what the scores rest on, in words."""
    if fused.same:
        return (
            f"scores are calibrated on {fused.pairs} pairs of the gallery, {fused.same} of them of "
            f"one individual ({fused.individuals} individuals)"
        )
    why = "the gallery has no individual with two images that were not taken together"
    if not questions:
        why = "the model was trained on all of the gallery's images"
    return f"{why}: scores are good for the order, but as probabilities they are a guess"
