"""What a filter of candidates is worth, by a gallery's questions about its own images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.search.only import only_of, restricted
from tf_happywhale.retrieval.search.scored import Scores, cosines
from tf_happywhale.retrieval.teaching.matching_pays import precision_of
from tf_happywhale.retrieval.teaching.questions import MOST, Questions, ask
from tf_happywhale.retrieval.teaching.same_encounter import same_encounter

FILTERS = ("species", "viewpoint", "place")


@dataclass(frozen=True)
class Worth:
    """A gallery's answers to questions about its own images, with a filter and without.

    Attributes:
        columns: of the filter.
        questions: how many have a right answer among images that were not taken together with them.
        without, within: mAP@5 of these; NaN if there are none.
        cut: of how many of these the filter leaves out every image that is a right answer.
        left_out: the share of the images that the filter leaves out, over all questions.
    """

    columns: tuple[str, ...]
    questions: int
    without: float
    within: float
    cut: int
    left_out: float


def filter_worth(
    gallery: Embeddings,
    columns: Sequence[str],
    scores: Scores | None = None,
    asked: np.ndarray | None = None,
    within: Scores | None = None,
    *,
    best_of: int = 1,
    same_side: bool = True,
    most: int = MOST,
) -> Worth:
    """Return what a filter is worth in a gallery.

    Args:
        gallery: with these columns, and encounter and date, as far as they are known.
        columns: of the filter, see `only_of`.
        scores, asked, best_of, same_side, most: see `ask`.
        within: scores with the filter, where they were learned with it; None: `scores`.
    """
    only, own = only_of(gallery, gallery, columns), gallery.stack()
    plain = scores or cosines(own, own)

    def questions(some: Scores) -> Questions:
        return ask(gallery, some, asked, best_of=best_of, same_side=same_side, most=most)

    without, filtered = questions(plain), questions(restricted(within or plain, only))
    rows = without.row[without.known]
    if not len(rows):
        return Worth(tuple(columns), 0, float("nan"), float("nan"), 0, 0.0)
    out, ids = only.out(rows), gallery.individual_id
    right = (ids[rows][:, None] == ids) & ~same_encounter(gallery).mask(rows)
    return Worth(
        tuple(columns),
        len(rows),
        float(precision_of(without).mean()),
        float(precision_of(filtered).mean()),
        int((~(right & ~out).any(axis=1)).sum()),
        float(out.mean()),
    )


def worth_sentence(worth: Worth) -> str:
    """Return what a filter is worth, in a sentence."""
    named = f"identify.only=[{', '.join(worth.columns)}]"
    if not worth.questions:
        return f"What {named} is worth is not known: the gallery has no question with an answer."
    return (
        f"What {named} is worth: asked about {worth.questions} of its own photographs, the gallery "
        f"answers with mAP@5 {worth.without:.3f} without it and {worth.within:.3f} with it. It "
        f"leaves out {worth.left_out:.0%} of the images, and for {worth.cut} photographs "
        f"({worth.cut / worth.questions:.0%}) every image of the right individual."
    )


def worth_of_filters(gallery: Embeddings, asked: np.ndarray | None, best_of: int) -> list[Worth]:
    """Return what each filter is worth that leaves out anything in a gallery.

    Args:
        gallery, asked, best_of: see `filter_worth`.
    """
    found = (filter_worth(gallery, [name], None, asked, best_of=best_of) for name in FILTERS)
    return [worth for worth in found if worth.left_out > 0]
