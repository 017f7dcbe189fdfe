"""Animals ranked against a gallery, by cosines or by these together with matched points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from tf_happywhale.catalogue.animals.individuals import most_frequent
from tf_happywhale.config import Experiment
from tf_happywhale.inference.gallery_candidates import Asked, alone, candidates_of
from tf_happywhale.inference.held_out import held_out
from tf_happywhale.inference.identifier import Identifier
from tf_happywhale.inference.learned_here import LearnedHere, learned_here
from tf_happywhale.inference.local_matching import LocalMatching
from tf_happywhale.inference.match_gallery import Matched, match_gallery
from tf_happywhale.inference.matching_in_use import matching_in_use
from tf_happywhale.inference.taught_shares import with_taught_shares
from tf_happywhale.inference.who_teaches import who_teaches
from tf_happywhale.messages import timed
from tf_happywhale.retrieval.centring import centred
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.ranking.learned import Learned
from tf_happywhale.retrieval.ranking.ranking import Ranking
from tf_happywhale.retrieval.search.encounter_split import judge_together, several_animals
from tf_happywhale.retrieval.teaching.matching_pays import matching_pays


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
    """

    queries: Embeddings
    ranking: Ranking
    apart: Mapping[str, str]
    here: LearnedHere
    matching: LocalMatching | None


def rank_photographs(
    queries: Embeddings,
    known: Embeddings,
    experiment: Experiment,
    identifier: Identifier,
    gallery: Path | None,
) -> RankedAnimals:
    """Rank the individuals of a gallery for the animals in photographs, and print how.

    Args:
        queries: the animals, with the column encounter.
        known: the reference images.
        experiment: the sections rank, match and identify.
        identifier: has embedded both.
        gallery: the folder of the reference images, a saved gallery or a catalogue; None: unknown.
    """
    asked, compared = centred(queries, known)  # what is written stays as the model gave it
    teacher, photographs, own = who_teaches(identifier, known), None, None
    identifier, asked, compared = with_taught_shares(
        identifier, teacher, asked, compared, experiment.rank.best_of
    )
    matching = matching_in_use(
        experiment.match, teacher, identifier.home, gallery, (asked, compared)
    )
    if matching is not None:
        honest = teacher.asked if teacher.asked is not None else held_out(identifier.models, known)
        with timed(f"matching {len(queries)} with {len(known)}"):
            matched = match_gallery(asked, compared, matching, honest)
        for image, reason in sorted(matching.failed.items()):
            print(f"not matched: {image}: {reason}")
        if experiment.match.use == "always" or _pays(matched, compared, experiment.rank.best_of):
            photographs, own = matched.fused.photographs, matched.fused.own
            if teacher.asked is not None:
                teacher = replace(teacher, asked=matched.asked)
        else:
            matching = None
    with timed(f"ranking {len(queries)} against {len(known)}"):
        here = learned_here(identifier, asked, compared, experiment, teacher, own)
        sides = experiment.identify.sides
        asked_for = Asked(asked, compared, experiment.rank, sides, photographs)
        judged, ranking, apart = rank_animals(asked_for, here.learned)
    return RankedAnimals(replace(queries, columns=judged.columns), ranking, apart, here, matching)


def _pays(matched: Matched, gallery: Embeddings, best_of: int) -> bool:
    """Return whether matching helps in this gallery, and print it if not."""
    pays = matching_pays(gallery, matched.fused.own, matched.asked, best_of)
    if not pays:
        print(
            f"Matching does not help here, so features alone count: asked about {pays.questions} "
            f"of its own photographs, the gallery answers with mAP@5 {pays.alone:.3f} without it "
            f"and {pays.matched:.3f} with it. match.use=never saves the time, match.use=always "
            "uses it all the same."
        )
    return bool(pays)


def rank_animals(asked: Asked, learned: Learned) -> tuple[Embeddings, Ranking, dict[str, str]]:
    """Rank the individuals of a gallery for each animal, with `new_individual` among them.
    Photographs of one encounter are ranked together if they may show one animal.

    Args:
        asked: the animals, with the column encounter, and the gallery.
        learned: what is known about new individuals.

    Returns:
        See `RankedAnimals`: queries, ranking, apart.
    """
    queries, apart = judge_together(asked.queries, alone(asked), learned.p_right)
    if several := several_animals(queries):
        print(
            f"{several} animals are in photographs of an encounter that show several: each is "
            "ranked alone, since the photographs of an encounter show one animal"
        )
    found = candidates_of(replace(asked, queries=queries))
    ranking = Ranking(
        images=queries.image,
        candidates=found,
        rule=learned.rule(asked.settings, found.score),
        p_new=learned.p_new(found.score),
        gallery_images=asked.gallery.image,
        padding=most_frequent(asked.ids),
    )
    return queries, ranking, apart
