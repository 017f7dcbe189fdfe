"""Animals that are nobody's, grouped by animal: with what scores, and by which threshold."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tf_happywhale.catalogue.tables.dates_of_images import known_day
from tf_happywhale.galleries.decided_groups import DecidedGroups
from tf_happywhale.galleries.named_groups import NamedGroups, name_groups
from tf_happywhale.inference.matched.local_matching import LocalMatching
from tf_happywhale.inference.matched.match_gallery import PHOTOGRAPHS, Matched
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.fusion.compared import compared
from tf_happywhale.retrieval.fusion.fuse import learn_from_pairs
from tf_happywhale.retrieval.fusion.fused_scores import FusedScores
from tf_happywhale.retrieval.fusion.match_plan import plan_matching
from tf_happywhale.retrieval.fusion.planned_pairs import own_pairs
from tf_happywhale.retrieval.groups.grouping import join_images
from tf_happywhale.retrieval.groups.linkage import Linkage
from tf_happywhale.retrieval.groups.links import links_of_photographs
from tf_happywhale.retrieval.groups.pair_scores import cosine_pairs, fused_pairs
from tf_happywhale.retrieval.groups.threshold import LearnedThreshold, learn_threshold
from tf_happywhale.retrieval.search.encounter_split import together_of

GUESS = 2.5  # deviations above the mean of all pairs, where no known animal teaches a threshold
LIKELY = 0.5  # the same if scores are probabilities
TIMES = 3  # without any known animal: so many times 1/n, the chance of any two of n pictures


@dataclass(frozen=True)
class Teachers:
    """Known animals that teach where groups end.

    Attributes:
        images: as their embeddings are compared.
        asked: bool [m], those that no model was trained on; None: none of them.
        matched: their scores with matched points, and those of the photographs; None: cosines are
            compared, or there are no known animals.
        matching: matches pictures; None: they are not matched.
    """

    images: Embeddings
    asked: np.ndarray | None = None
    matched: Matched | None = None
    matching: LocalMatching | None = None

    def threshold(self, count: int, linkage: Linkage) -> LearnedThreshold | None:
        """Return what they teach for so many images; None if they are too few, or if they were not
        compared by what photographs are compared by."""
        if self.asked is None or (self.matched is None) != (self.matching is None):
            return None
        rows = one_a_sighting(self.images, np.flatnonzero(self.asked), self.matched is not None)
        if self.matched is None:
            pairs = cosine_pairs(self.images.embedding[rows])
        else:
            pairs = fused_pairs(self.matched.fused.own, rows)
        return learn_threshold(pairs, self.images.individual_id[rows], count, linkage)


def group_animals(
    queries: Embeddings,
    is_new: np.ndarray,
    teachers: Teachers,
    decided: DecidedGroups,
    linkage: Linkage = "average",
) -> NamedGroups:
    """Group the animals that nobody knows.

    Args:
        queries: the animals, as their embeddings are compared, with the column together.
        is_new: bool [n], those that are probably nobody in the gallery.
        teachers: see there.
        decided: what a person has decided.
        linkage: `identify.groups`.

    Raises:
        InputError: decisions contradict each other, or an encounter.
    """
    rows = np.flatnonzero(decided.grouped(queries.image.tolist(), is_new))
    if not len(rows):
        return NamedGroups()
    some, names = queries.take(rows), queries.image[rows].tolist()
    matching = teachers.matching
    if matching is None or len(some) < 2:
        pairs = cosine_pairs(some.embedding)
    else:
        pairs = _matched_pairs(some, rows, teachers.matched, matching)
    links = links_of_photographs(names, together_of(some)) + decided.links(names)
    learned = teachers.threshold(len(rows), linkage)
    threshold = learned.threshold if learned else _guess(pairs, teachers)
    groups = join_images(names, pairs, links, linkage).cut(threshold)
    return name_groups(groups, decided, _worth(learned))


def _matched_pairs(
    some: Embeddings, rows: np.ndarray, matched: Matched | None, matching: LocalMatching
) -> np.ndarray:
    """Return fused scores of pairs of photographs, on the scale of those of the gallery; without
    one by what is expected before any gallery is seen."""
    settings = matching.settings
    plan = plan_matching(len(rows), len(rows), settings.pairs, settings.shortlist)
    columns = {name: some.column(name) for name in ("viewpoint", "species")}
    _, pairs, _ = own_pairs(replace(some, columns=columns), plan)  # of one day too
    features = matching.features(some, some, pairs, "new animals", PHOTOGRAPHS)
    found, first = compared(len(rows), pairs, features), np.zeros(len(rows), np.int64)
    if matched is None:
        several = replace(some, individual_id=some.image)  # of no two it is known that they are one
        every = np.arange(len(rows))
        return fused_pairs(learn_from_pairs(several, found, every).own, every)
    photographs = matched.fused.photographs
    own, usual = some.stack(), photographs.asked.of(rows)
    scores = FusedScores(own, own, found, usual, usual, photographs.calibrations, first)
    return fused_pairs(scores, np.arange(len(rows)))


def one_a_sighting(images: Embeddings, rows: np.ndarray, days: bool = False) -> np.ndarray:
    """Return rows of images without further ones of an individual in one encounter: photographs
    that were taken together are more alike than those that are to be found.

    Args:
        images: with the columns encounter and date, as far as they are known.
        rows: int64 [n].
        days: without an encounter the day counts, as where only pictures of two days are matched.
    """
    seen: set[tuple[str, str]] = set()
    kept = []
    who, encounter = images.individual_id.tolist(), images.column("encounter").tolist()
    date = images.column("date").tolist()
    for row in rows.tolist():
        sighting = who[row], encounter[row] or (known_day(date[row]) if days else "")
        if not sighting[1] or sighting not in seen:
            kept.append(row)
        seen.add(sighting)
    return np.array(kept, np.int64)


def _guess(pairs: np.ndarray, teachers: Teachers) -> float:
    """Return a threshold that nobody has taught."""
    if teachers.matching is not None:
        return LIKELY if teachers.matched is not None else min(LIKELY, TIMES / len(pairs))
    values = pairs[np.triu_indices(len(pairs), 1)]
    return float(values.mean() + GUESS * values.std()) if len(values) else 1.0


def _worth(learned: LearnedThreshold | None) -> str:
    """Return what the groups rest on, in words."""
    if learned is None:
        return (
            "From which similarity on two animals are one group is a guess: it is learned from "
            "known individuals, and no 3 of them have two images that no model was trained on."
        )
    right = ""
    if not np.isnan(learned.precision):
        right = f"; {learned.precision:.0%} of the pairs that it put together were right"
    return (
        f"Where groups end was learned from {learned.individuals} known individuals. Tried on "
        f"others of them, it found {learned.recall:.0%} of the pairs of one animal{right}."
    )
