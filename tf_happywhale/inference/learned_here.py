"""What is known about new individuals when photographs are ranked against a gallery."""

from __future__ import annotations

from dataclasses import dataclass

from tf_happywhale.config import Experiment
from tf_happywhale.inference.identifier import Identifier
from tf_happywhale.inference.who_teaches import WhoTeaches
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.ranking.learned import Learned
from tf_happywhale.retrieval.search.encounter_split import count_sightings
from tf_happywhale.retrieval.search.scored import Scores
from tf_happywhale.retrieval.teaching.questions import ask
from tf_happywhale.retrieval.teaching.says import sentences
from tf_happywhale.retrieval.teaching.taught import Taught, teach

BY_COSINES = (
    "Matched points order the individuals. Where new_individual stands among them, and P(new), the "
    "model says by its cosines alone."
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
    scores: Scores | None = None,
) -> LearnedHere:
    """Return what is known about new individuals.

    Args:
        identifier: what its models' own catalogue has taught.
        queries: the animals to identify.
        gallery: the reference images, as they are compared.
        experiment: the sections rank and identify.
        teacher: see `who_teaches`.
        scores: of the gallery's images for its own, see `ask`; None: cosines.
    """
    rank, said = experiment.rank, teacher.said
    if teacher.asked is not None:
        same_side = experiment.identify.sides != "ignore"
        asked = ask(gallery, scores, teacher.asked, best_of=rank.best_of, same_side=same_side)
        shares = identifier.learned.shares
        taught = teach(asked, rank, shares, count_sightings(queries))
        return LearnedHere(taught.learned, (*said, *sentences(taught)), taught)
    learned, unknown = identifier.learned, identifier.unknown
    if scores is not None and not unknown:
        said += (BY_COSINES,)
    if unknown:
        said += (f"P(new) is not known, and new_individual comes last: {unknown}",)
    elif unsure := learned.unsure(rank):
        said += (unsure,)
    else:
        said += tuple(learned.cannot_tell)
    return LearnedHere(learned, said)
