"""A gallery is matched with itself, which calibrates scores, and photographs with the gallery."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tf_happywhale.galleries.kept_lessons import (
    MatchedItself,
    keep_lessons,
    lessons_key,
    load_lessons,
)
from tf_happywhale.inference.matched.crop_points import crops_of
from tf_happywhale.inference.matched.local_matching import LocalMatching
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.fusion.compared import Compared, compared
from tf_happywhale.retrieval.fusion.fuse import Fused, fuse, learn_from_pairs
from tf_happywhale.retrieval.fusion.match_plan import MatchPlan, plan_matching
from tf_happywhale.retrieval.fusion.planned_pairs import own_pairs, photograph_pairs
from tf_happywhale.retrieval.search.only import Only
from tf_happywhale.retrieval.search.scored import Scores

PHOTOGRAPHS, GALLERY = 0, 1  # numbers of the homes in which new points and pairs are kept


@dataclass(frozen=True)
class Matched:
    """Fused scores.

    Attributes:
        fused: of the gallery's images, for the photographs and for its own.
        asked: bool [m], the gallery's images that were matched with others.
        unfiltered: scores of the gallery's images for its own, learned without `identify.only`;
            None: there is no such filter.
    """

    fused: Fused
    asked: np.ndarray
    unfiltered: Scores | None = None


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
    itself = match_itself(gallery, matching, plan, asked)
    return match_photographs(queries, gallery, matching, plan, itself)


def match_itself(
    gallery: Embeddings,
    matching: LocalMatching,
    plan: MatchPlan,
    asked: np.ndarray | None = None,
    only: Only | None = None,
) -> MatchedItself:
    """Match a gallery's images with one another, unless what they teach is kept.

    Args:
        gallery, matching, asked: see `match_gallery`.
        plan: how many pairs.
        only: which images may be compared with each other; None: all.
    """
    if only is not None:
        return _match_itself(gallery, matching, plan, asked, only)
    crops = [crop.key for crop in crops_of(gallery)]
    key = lessons_key(gallery, crops, asked, plan, matching.way)
    itself = load_lessons(matching.homes, key, gallery)
    if itself is None or not _as_readable(itself.lessons.found, gallery, matching):
        itself = _match_itself(gallery, matching, plan, asked)
        if _as_readable(itself.lessons.found, gallery, matching):
            keep_lessons(matching.homes, key, itself)
    return itself


def _as_readable(found: Compared, gallery: Embeddings, matching: LocalMatching) -> bool:
    """Return whether pairs of a gallery's images would have the same features now: each one without
    features still has a picture that cannot be read. It may be readable again after some time."""
    pairs = np.stack(found.of(np.arange(len(gallery)))[:2], axis=1)
    unknown = pairs[np.isnan(found.features).any(axis=1)]
    rows = np.unique(unknown)
    keys = matching.look_at(gallery.take(rows), "gallery", GALLERY)
    failed = rows[[not key for key in keys]]
    return bool(np.isin(unknown, failed).any(axis=1).all())


def _match_itself(
    gallery: Embeddings,
    matching: LocalMatching,
    plan: MatchPlan,
    asked: np.ndarray | None,
    only: Only | None = None,
) -> MatchedItself:
    rows, pairs, kept = own_pairs(gallery, plan, asked, only)
    features = matching.features(gallery, gallery, pairs, "gallery", GALLERY)
    found = compared(len(gallery), pairs, features)
    return MatchedItself(learn_from_pairs(gallery, found, rows, only), rows, kept)


def match_photographs(
    queries: Embeddings,
    gallery: Embeddings,
    matching: LocalMatching,
    plan: MatchPlan,
    itself: MatchedItself,
    only: Only | None = None,
) -> Matched:
    """Match photographs with a gallery's images, and print what is compared and what the scores
    rest on.

    Args:
        queries, gallery, matching: see `match_gallery`.
        plan: how many pairs.
        itself: the gallery, matched with itself.
        only: which images each photograph may be compared with; None: all.
    """
    left = "" if only is None else ", as far as identify.only leaves them"
    print(_plan_sentence(plan, queries, gallery, itself) + left, flush=True)
    pairs = photograph_pairs(queries, gallery, plan.size, only)
    features = matching.features(queries, gallery, pairs, "photographs", PHOTOGRAPHS)
    found = compared(len(queries), pairs, features)
    fused = fuse(queries, gallery, found, itself.lessons)
    print(_calibration_sentence(fused, len(itself.rows)))
    return Matched(fused, itself.asked)


def _plan_sentence(
    plan: MatchPlan, queries: Embeddings, gallery: Embeddings, itself: MatchedItself
) -> str:
    """Return what is matched, in words."""
    if plan.size >= len(gallery):
        return f"matching {len(queries)} animals with all {len(gallery)} images of the gallery"
    said = (
        f"matching each of {len(queries)} animals with the {plan.size} nearest of "
        f"{len(gallery)} images of the gallery"
    )
    if not np.isnan(itself.kept):
        said += (
            f"; of {len(itself.rows)} of the gallery's own images, {itself.kept:.1%} of those with "
            "a right answer have one among so many"
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
