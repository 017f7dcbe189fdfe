"""The pairs that are matched: of photographs with gallery images, and of these with one another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.fusion.match_plan import MatchPlan
from tf_happywhale.retrieval.fusion.shortlist import kept_share, shortlist
from tf_happywhale.retrieval.search.encounter_split import together_of
from tf_happywhale.retrieval.search.joined_rows import Stack
from tf_happywhale.retrieval.search.only import Only
from tf_happywhale.retrieval.search.same_side import sides_of
from tf_happywhale.retrieval.search.scored import encounter_blocks
from tf_happywhale.retrieval.teaching.same_encounter import same_encounter

CELLS = 2**24  # cosines in memory at a time
SEED = 0x9A17
NO_PAIRS = np.zeros((0, 2), np.int64)


def photograph_pairs(
    queries: Embeddings, gallery: Embeddings, size: int, only: Only | None = None
) -> np.ndarray:
    """Return the pairs of photographs and gallery images that are matched, int64 [p, 2].

    The photographs of an encounter are matched with the same images, those nearest to any of them,
    since their scores are added up.

    Args:
        queries, gallery: with the columns encounter, viewpoint and species, as far as they are
            known.
        size: images for each photograph: those with the highest cosines. Images that may show the
            same side and the same species come before the others.
        only: which images each photograph may be compared with; None: all.
    """
    preferred, found = _Preferred(queries, gallery), [NO_PAIRS]
    asked, known = queries.stack(), gallery.stack()
    whole, step = known.tile(slice(None)).T, max(1, CELLS // max(len(gallery), 1))
    for rows, block in encounter_blocks(together_of(queries), step):
        heads = np.flatnonzero(np.diff(block, prepend=-1))
        nearest = np.maximum.reduceat(asked.tile(rows) @ whole, heads, axis=0)
        first = np.logical_or.reduceat(preferred(rows), heads, axis=0)
        counts = _allowed(only, rows, len(gallery))
        allowed = np.logical_or.reduceat(counts, heads, axis=0)
        taken = np.zeros(nearest.shape, bool)
        taken[tuple(shortlist(nearest, size, allowed, first).T)] = True
        pairs = np.argwhere(taken[block] & counts)
        found.append(np.stack([rows[pairs[:, 0]], pairs[:, 1]], axis=1))
    return np.concatenate(found)


def own_pairs(
    gallery: Embeddings,
    plan: MatchPlan,
    asked: np.ndarray | None = None,
    only: Only | None = None,
) -> tuple[np.ndarray, np.ndarray, float]:
    """Return the pairs of a gallery's own images that are matched.

    Each question is an image of the gallery. It is matched as a photograph is, with the images that
    were not taken together with it.

    Args:
        gallery: with the columns encounter, date, viewpoint and species, as far as they are known.
        plan: how many.
        asked: bool [m], which images may be questions; None: all.
        only: which images each image may be compared with; None: all.

    Returns:
        rows int64 [q] of the questions, ascending; pairs int64 [p, 2] of question's row and image;
        and the share of the questions with an answer whose shortlist has one (NaN: no question has
        an answer).
    """
    rows = np.arange(len(gallery)) if asked is None else np.flatnonzero(asked)
    if len(rows) > plan.questions:
        random = np.random.default_rng(SEED)
        rows = np.sort(random.choice(rows, plan.questions, replace=False))
    together, preferred = same_encounter(gallery), _Preferred(gallery, gallery)
    who = gallery.individual_id
    known, found, shares, weights = gallery.stack(), [NO_PAIRS], [], []
    for some, cosine in _blocks(known, known, rows):
        allowed = ~together.mask(some) & _allowed(only, some, len(gallery))
        pairs = shortlist(cosine, plan.size, allowed, preferred(some))
        right = allowed & (who[some][:, None] == who)
        shares.append(kept_share(pairs, right))
        weights.append(right.any(axis=1).sum())
        found.append(np.stack([some[pairs[:, 0]], pairs[:, 1]], axis=1))
    total = sum(weights)
    kept = sum(share * count for share, count in zip(shares, weights, strict=True) if count)
    return rows, np.concatenate(found), kept / total if total else float("nan")


def _blocks(
    questions: Stack, gallery: Stack, rows: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield some of the rows at a time, with their cosines [b, m]."""
    whole, step = gallery.tile(slice(None)).T, max(1, CELLS // max(len(gallery), 1))
    for start in range(0, len(rows), step):
        some = rows[start : start + step]
        yield some, questions.tile(some) @ whole


def _allowed(only: Only | None, rows: np.ndarray, images: int) -> np.ndarray:
    """Return which images may be compared with the questions in these rows, bool [b, m]."""
    return np.ones((len(rows), images), bool) if only is None else ~only.out(rows)


class _Preferred:
    """Which images may show the side and the species that a question shows."""

    def __init__(self, questions: Embeddings, gallery: Embeddings) -> None:
        self.sides = sides_of(questions, gallery)
        self.species = [_codes(part.column("species").tolist()) for part in (questions, gallery)]

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """Return them for some questions, bool [b, m]."""
        asked, known = self.species[0][rows][:, None], self.species[1]
        other = (asked != known) & (asked != "") & (known != "")
        return ~(other | self.sides.other(rows))


def _codes(names: Sequence[str]) -> np.ndarray:
    return np.array([name.strip().casefold() for name in names], np.str_)
