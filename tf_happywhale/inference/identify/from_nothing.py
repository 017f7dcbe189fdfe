"""A catalogue from nothing: nobody is known, so that all animals are new, and grouped."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from tf_happywhale.config import Experiment
from tf_happywhale.galleries.decided_groups import DecidedGroups
from tf_happywhale.galleries.named_groups import NamedGroups
from tf_happywhale.galleries.new_catalogue import FROM_NOTHING, NOTHING
from tf_happywhale.inference.embedding.identifier import Identifier
from tf_happywhale.inference.gallery.learned_here import LearnedHere
from tf_happywhale.inference.identify.grouped_animals import Teachers, group_animals
from tf_happywhale.inference.identify.ranked_animals import RankedAnimals
from tf_happywhale.inference.matched.matching_in_use import can_match, load_matching
from tf_happywhale.inference.teaching.held_out import held_out
from tf_happywhale.messages import timed
from tf_happywhale.retrieval.centring import centred
from tf_happywhale.retrieval.embeddings import Embeddings, load_embeddings
from tf_happywhale.retrieval.new_individual.rule import NewRule
from tf_happywhale.retrieval.ranking.ranking import Ranking
from tf_happywhale.retrieval.search.candidates import nobody
from tf_happywhale.retrieval.search.encounter_split import TOGETHER, together_of

WHY = "Nobody is known yet, so every animal is new; photographs are grouped by animal."


def is_nothing(gallery: Path) -> bool:
    """Return whether the word GALLERY says that there is none."""
    return str(gallery) == NOTHING and not gallery.exists()


def group_everything(
    queries: Embeddings,
    experiment: Experiment,
    identifier: Identifier,
    decided: DecidedGroups,
) -> RankedAnimals:
    """Return animals of whom each is new, and their groups.

    Pictures are matched if the model was not taught individuals. The threshold comes from the
    images that a trained model has left out.

    Args:
        queries: the animals, with the column encounter.
        experiment: the sections match and identify.
        identifier: has embedded them.
        decided: what a person has decided.
    """
    together = np.array(together_of(queries), np.str_)
    queries = replace(
        queries,
        columns=queries.columns | {TOGETHER: together},
        about=queries.about | {FROM_NOTHING: NOTHING},
    )
    asked, _ = centred(queries, queries)
    count, use, groups = len(queries), experiment.match.use, NamedGroups()
    taught = all(model.taught for model in identifier.models)
    matching = None
    if can_match(queries) and (use == "always" or (use == "auto" and not taught)):
        matching = load_matching(experiment.match, [identifier.home])
    if experiment.identify.groups != "none":
        with timed(f"grouping {count}"):
            teachers = _own_teachers(identifier) or Teachers(asked.take(np.zeros(0, np.int64)))
            teachers = replace(teachers, matching=matching)
            everybody, linkage = np.ones(count, bool), experiment.identify.groups
            groups = group_animals(asked, everybody, teachers, decided, linkage)
    ranking = Ranking(
        images=queries.image,
        candidates=nobody(count, 1),
        rule=NewRule(0.0),
        p_new=np.ones(count),
        gallery_images=np.zeros(1, np.str_),
        padding=[],
        places=np.zeros(count, np.int64),
    )
    here = LearnedHere(identifier.learned, (WHY,))
    return RankedAnimals(queries, ranking, {}, here, matching, groups=groups)


def _own_teachers(identifier: Identifier) -> Teachers | None:
    """Return the images that a trained model has left out of its own catalogue; None if there are
    none, or several models embed together."""
    file = identifier.models[0].folder / "embeddings" / "train.npz"
    if len(identifier.models) > 1 or not file.is_file():
        return None
    own = load_embeddings(file)
    return Teachers(own, held_out(identifier.models, own))
