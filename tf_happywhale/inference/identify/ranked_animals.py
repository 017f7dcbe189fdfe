"""Animals ranked against a gallery, by cosines or by these together with matched points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from tf_happywhale.catalogue.animals.individuals import NEW_INDIVIDUAL, most_frequent
from tf_happywhale.config import Experiment
from tf_happywhale.galleries.decided_groups import DecidedGroups
from tf_happywhale.galleries.named_groups import NamedGroups
from tf_happywhale.inference.embedding.identifier import Identifier
from tf_happywhale.inference.gallery.gallery_candidates import Asked, alone, candidates_of
from tf_happywhale.inference.gallery.learned_here import LearnedHere, learned_here
from tf_happywhale.inference.identify.grouped_animals import Teachers, group_animals
from tf_happywhale.inference.matched.local_matching import LocalMatching
from tf_happywhale.inference.matched.match_gallery import Matched
from tf_happywhale.inference.matched.matching_that_pays import Matchable, match_if_it_pays
from tf_happywhale.inference.teaching.held_out import held_out
from tf_happywhale.inference.teaching.taught_shares import with_taught_shares
from tf_happywhale.inference.teaching.who_teaches import WhoTeaches, who_teaches
from tf_happywhale.messages import timed
from tf_happywhale.retrieval.centring import centred
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.ranking.learned import Learned
from tf_happywhale.retrieval.ranking.ranking import Ranking
from tf_happywhale.retrieval.search.encounter_split import judge_together, several_animals
from tf_happywhale.retrieval.search.only import ONLY, only_of


@dataclass(frozen=True)
class RankedAnimals:
    """Animals, ranked.

    Attributes:
        queries: the animals, with the column `together`.
        ranking: their individuals, with `new_individual` among them.
        apart: by key a sentence for each animal that is ranked alone although it is of an
            encounter.
        here: what is known about new individuals.
        matching: what matched their pictures with the gallery's; None: nothing did.
        filtered: what `identify.only` left out, in sentences; none without it.
        groups: of those that are probably nobody in the gallery.
    """

    queries: Embeddings
    ranking: Ranking
    apart: Mapping[str, str]
    here: LearnedHere
    matching: LocalMatching | None
    filtered: Sequence[str] = ()
    groups: NamedGroups = field(default_factory=NamedGroups)


def rank_photographs(
    queries: Embeddings,
    known: Embeddings,
    experiment: Experiment,
    identifier: Identifier,
    gallery: Path | None,
    decided: DecidedGroups | None = None,
    teacher: WhoTeaches | None = None,
) -> RankedAnimals:
    """Rank the individuals of a gallery for the animals in photographs, and print how.

    Args:
        queries: the animals, with the column encounter.
        known: the reference images.
        experiment: the sections rank, match and identify.
        identifier: has embedded both.
        gallery: the folder of the reference images, a saved gallery or a catalogue; None: unknown.
        decided: what a person has decided about groups of new animals; None: nothing.
        teacher: see `who_teaches`; None: as the reference images say.
    """
    asked, compared = centred(queries, known)  # what is written stays as the model gave it
    teacher = teacher or who_teaches(identifier, known)
    identifier, asked, compared = with_taught_shares(
        identifier, teacher, asked, compared, experiment.rank.best_of
    )
    found = match_if_it_pays(asked, Matchable(compared, experiment, identifier, teacher, gallery))
    matching, matched = found or (None, None)
    with timed(f"ranking {len(queries)} against {len(known)}"):
        here = learned_here(identifier, asked, compared, experiment, teacher, matched)
        sides, scores = experiment.identify.sides, matched and matched.fused.photographs
        only = only_of(asked, compared, experiment.identify.only)
        asked_for = Asked(asked, compared, experiment.rank, sides, scores, only)
        by_cosines = here.taught is None
        judged, ranking, apart = rank_animals(asked_for, here.learned, by_cosines)
    columns = dict(judged.columns)
    filtered: list[str] = []
    if only is not None:
        columns[ONLY] = np.array(only.words(), np.str_)
        filtered = only.sentences()
        print("\n".join(filtered))
    queries = replace(queries, columns=columns)
    groups = NamedGroups()
    if experiment.identify.groups != "none":
        asked = replace(asked, columns=judged.columns)
        unseen = _unseen(identifier, compared, teacher, matched)
        teachers = Teachers(compared, unseen, matched, matching)
        groups = _groups(asked, ranking, teachers, decided, experiment)
    return RankedAnimals(queries, ranking, apart, here, matching, filtered, groups)


def _groups(
    asked: Embeddings,
    ranking: Ranking,
    teachers: Teachers,
    decided: DecidedGroups | None,
    experiment: Experiment,
) -> NamedGroups:
    """Return the groups of the animals whose best answer is `new_individual`."""
    first = [ranking.with_new(n)[0] for n in range(len(asked))]
    is_new = np.array(first, np.str_) == NEW_INDIVIDUAL
    linkage = experiment.identify.groups
    return group_animals(asked, is_new, teachers, decided or DecidedGroups(), linkage)


def _unseen(
    identifier: Identifier, gallery: Embeddings, teacher: WhoTeaches, matched: Matched | None
) -> np.ndarray:
    """Return which images of a gallery no model was trained on, bool [m]."""
    if matched is not None:
        return matched.asked
    if teacher.asked is not None:
        return teacher.asked
    return held_out(identifier.models, gallery)


def rank_animals(
    asked: Asked, learned: Learned, by_cosines: bool = False
) -> tuple[Embeddings, Ranking, dict[str, str]]:
    """Rank the individuals of a gallery for each animal, with `new_individual` among them.
    Photographs of one encounter are ranked together if they may show one animal.

    Args:
        asked: the animals, with the column encounter, and the gallery.
        learned: what is known about new individuals.
        by_cosines: that is about cosines, also where other scores order the individuals. Then
            `new_individual` has the place that it has among the individuals by their cosines.

    Returns:
        See `RankedAnimals`: queries, ranking, apart.
    """
    plain = replace(asked, scores=None) if by_cosines else asked
    queries, apart = judge_together(asked.queries, alone(plain), learned.p_right)
    if several := several_animals(asked.queries):
        print(
            f"{several} animals are in photographs of an encounter that show several: each is "
            "ranked alone, since the photographs of an encounter show one animal"
        )
    found = judged = candidates_of(replace(asked, queries=queries))
    if plain.scores is not asked.scores:
        judged = candidates_of(replace(plain, queries=queries))
    beside = None
    if learned.by_cosine:
        beside = candidates_of(replace(asked, queries=queries, scores=None)).score[:, 0]
    ranking = Ranking(
        images=queries.image,
        candidates=judged,
        rule=learned.rule(asked.settings, judged.score),
        p_new=learned.p_new(judged.score, beside),
        gallery_images=asked.gallery.image,
        padding=most_frequent(asked.ids),
    )
    return queries, ranking if found is judged else ranking.reordered(found), apart
