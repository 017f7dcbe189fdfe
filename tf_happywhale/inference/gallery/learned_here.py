"""What is known about new individuals when photographs are ranked against a gallery."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tf_happywhale.config import Experiment
from tf_happywhale.inference.embedding.identifier import Identifier
from tf_happywhale.inference.matched.match_gallery import Matched
from tf_happywhale.inference.teaching.who_teaches import WhoTeaches
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.ranking.learned import Learned
from tf_happywhale.retrieval.search.encounter_split import count_sightings
from tf_happywhale.retrieval.search.only import only_of, restricted
from tf_happywhale.retrieval.search.scored import Scores, cosines
from tf_happywhale.retrieval.teaching.filter_worth import filter_worth, worth_sentence
from tf_happywhale.retrieval.teaching.questions import Questions, ask
from tf_happywhale.retrieval.teaching.says import sentences
from tf_happywhale.retrieval.teaching.taught import Taught, teach

BESIDE = 20  # individuals that teach beside a trained model; the limit was not measured
BY_COSINES = (
    "Matched points order the individuals. Where new_individual stands among them, and P(new), the "
    "model says by its cosines alone."
)
WITHOUT_FILTER = (
    "Where new_individual stands, and P(new), were learned without identify.only. A known animal "
    "all of whose images are left out looks new, which P(new) does not know."
)
LEFT_OUT = (
    "Where new_individual stands, and P(new), rest on matched points too, and on photographs that "
    "the model has left out of its training."
)


@dataclass(frozen=True)
class LearnedHere:
    """What is known about new individuals, and about missed matches.

    Attributes:
        learned: the threshold and P(new).
        said: sentences on what they rest on, or why they are not known.
        taught: what the gallery taught; None if the models' own catalogue teaches.
    """

    learned: Learned
    said: tuple[str, ...] = ()
    taught: Taught | None = None


def learned_here(
    identifier: Identifier,
    queries: Embeddings,
    gallery: Embeddings,
    experiment: Experiment,
    teacher: WhoTeaches,
    matched: Matched | None = None,
) -> LearnedHere:
    """Return what is known about new individuals.

    With matched pairs a gallery teaches beside a trained model too, by the images that the model
    has left out, if they are enough for P(new).

    Args:
        identifier: what its models' own catalogue has taught.
        queries: the animals to identify.
        gallery: the reference images, as they are compared.
        experiment: the sections rank and identify.
        teacher: see `who_teaches`.
        matched: fused scores; None: cosines.
    """
    said = teacher.said
    asked = teacher.asked if matched is None else matched.asked
    if asked is not None:
        taught = _taught(identifier, queries, gallery, experiment, asked, matched)
        if teacher.asked is not None:
            said += _worth(gallery, experiment, asked, matched)
            return LearnedHere(taught.learned, (*said, *sentences(taught)), taught)
        if taught.individuals >= BESIDE:
            said += _worth(gallery, experiment, asked, matched)
            return LearnedHere(taught.learned, (*said, LEFT_OUT, *sentences(taught)), taught)
    learned, unknown = identifier.learned, identifier.unknown
    if experiment.identify.only and not unknown:
        said += (WITHOUT_FILTER,)
    if matched is not None and not unknown:
        said += (BY_COSINES,)
    if unknown:
        said += (f"P(new) is not known, and new_individual comes last: {unknown}",)
    elif unsure := learned.unsure(experiment.rank):
        said += (unsure,)
    else:
        said += tuple(learned.cannot_tell)
    return LearnedHere(learned, said)


def _worth(
    gallery: Embeddings, experiment: Experiment, asked: np.ndarray, matched: Matched | None
) -> tuple[str, ...]:
    """Return a sentence on what `identify.only` is worth; none without it."""
    columns = experiment.identify.only
    if not columns:
        return ()
    both = (None, None) if matched is None else (matched.unfiltered, matched.fused.own)
    same_side = experiment.identify.sides != "ignore"
    best_of = experiment.rank.best_of
    found = filter_worth(
        gallery, columns, both[0], asked, both[1], best_of=best_of, same_side=same_side
    )
    return (worth_sentence(found),)


def _taught(
    identifier: Identifier,
    queries: Embeddings,
    gallery: Embeddings,
    experiment: Experiment,
    asked: np.ndarray,
    matched: Matched | None,
) -> Taught:
    """Return what a gallery teaches by some of its images, bool [m]."""
    same_side = experiment.identify.sides != "ignore"
    best_of, shares = experiment.rank.best_of, identifier.learned.shares

    only = only_of(gallery, gallery, experiment.identify.only)
    own = gallery.stack()

    def questions(scores: Scores | None) -> Questions:
        if only is not None:
            scores = restricted(scores or cosines(own, own), only)
        return ask(gallery, scores, asked, best_of=best_of, same_side=same_side)

    photographs = count_sightings(queries)
    if matched is None:
        return teach(questions(None), experiment.rank, shares, photographs)
    fused = questions(matched.fused.own)
    return teach(fused, experiment.rank, shares, photographs, by_cosine=questions(None))
