"""Which photographs of an encounter are judged together: those that may show one animal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from tf_happywhale.catalogue.animals.animal_key import count_animals, judged_together, photograph_of
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.search.candidates import Candidates

TOGETHER = "together"  # a column: the encounter that a photograph is judged with; empty: alone
CERTAIN = 0.8  # a photograph is certain if P(right) of its own best candidate is above this
NAMED = 3  # a sentence names at most this many individuals of an encounter


def together_of(queries: Embeddings) -> list[str]:
    """Return the encounter that each query is judged with; empty: it is judged alone."""
    if TOGETHER in queries.columns:
        return queries.columns[TOGETHER].tolist()
    return judged_together(queries.image.tolist(), queries.column("encounter").tolist())


def count_sightings(queries: Embeddings) -> int:
    """Return how many sightings of animals the queries are; those of one encounter are one."""
    together = together_of(queries)
    return len({name for name in together if name}) + together.count("")


def several_animals(queries: Embeddings) -> int:
    """Return how many queries are of an encounter whose photographs show one animal, but in a
    photograph that shows several. Queries with the column `together` are not of such ones."""
    if TOGETHER in queries.columns:
        return 0
    counts = count_animals(queries.image.tolist())
    pairs = zip(queries.image.tolist(), queries.column("encounter").tolist(), strict=True)
    return sum(bool(encounter) and counts[photograph_of(key)] > 1 for key, encounter in pairs)


def judge_together(
    queries: Embeddings,
    search: Callable[[np.ndarray], Candidates],
    p_right: Callable[[np.ndarray], np.ndarray],
) -> tuple[Embeddings, dict[str, str]]:
    """Return the queries with the column `together`; and by key a sentence for each that is judged
    alone although it is of an encounter.

    An encounter is taken apart if two of its photographs, each by itself, are certain of different
    individuals. Then it does not show one animal, or one photograph is wrong, and a mean over both
    would hide that.

    Args:
        queries: with the column encounter.
        search: gives the candidates of some rows of the queries, each by itself.
        p_right: probability [n] that the best of candidates with scores [n, k] is right; NaN where
            it is not known.
    """
    keys = queries.image.tolist()
    labels = np.array(together_of(queries), np.str_)
    names, counts = np.unique(labels[labels != ""], return_counts=True)
    rows = np.flatnonzero(np.isin(labels, names[counts > 1]))
    if not len(rows):
        return _with(queries, labels.tolist()), {}
    found = search(rows)
    best, sure = found.individual_id[:, 0], p_right(found.score) >= CERTAIN
    apart: dict[str, str] = {}
    for name in names[counts > 1]:
        own = np.flatnonzero(labels[rows] == name)
        pointed: dict[str, list[str]] = {}
        for n in own[sure[own]]:
            pointed.setdefault(str(best[n]), []).append(keys[rows[n]])
        if len(pointed) > 1:
            sentence = _sentence(name, pointed)
            apart |= {keys[rows[n]]: sentence for n in own}
    together = [
        "" if key in apart else name for key, name in zip(keys, labels.tolist(), strict=True)
    ]
    return _with(queries, together), apart


def _with(queries: Embeddings, together: Sequence[str]) -> Embeddings:
    column = np.array(together, np.str_)
    return replace(queries, columns=queries.columns | {TOGETHER: column})


def _sentence(encounter: str, pointed: dict[str, list[str]]) -> str:
    """Return a sentence on an encounter whose photographs point to these individuals."""
    each = [f"{images[0]} to {who}" for who, images in list(pointed.items())[:NAMED]]
    more = ", and more" if len(pointed) > NAMED else ""
    return (
        f"The photographs of the encounter {encounter} point to different animals: "
        f"{', '.join(each)}{more}. So each is ranked by itself."
    )
