"""What models have seen that others trained, on catalogues that are not here.

Whose photographs these were is known in words only. Those of Kaggle's Happywhale can be told by
their names: an individual is 12 hexadecimal digits, an image 14.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from tf_happywhale.catalogue.animals.animal_key import photograph_of
from tf_happywhale.retrieval.ensemble.trained_on import ELSEWHERE
from tf_happywhale.retrieval.teaching.unseen import Seen

HAPPYWHALE = f"{ELSEWHERE}, Happywhale's among them"
# A number of so many digits may be a date; a letter must be among them.
INDIVIDUAL = re.compile("(?=.*[a-f])[0-9a-f]{12}")
IMAGE = re.compile(r"(?=[0-9]*[a-f])[0-9a-f]{14}(\.\w+)?")


def trained_elsewhere(words: str) -> str:
    """Return what embeddings say of a model that others trained.

    Args:
        words: what they say that they trained it on.
    """
    return HAPPYWHALE if "happywhale" in words.lower() else ELSEWHERE


def seen_elsewhere(trained_on: str, individuals: Iterable[str], images: Iterable[str]) -> Seen:
    """Return which individuals and photographs a model of others may have seen.

    Args:
        trained_on: what its embeddings say.
        individuals: ids of a catalogue.
        images: keys of its images.
    """
    if trained_on != HAPPYWHALE:
        return Seen()
    photographs = {photograph_of(image) for image in images}
    return Seen(
        frozenset(name for name in set(individuals) if INDIVIDUAL.fullmatch(name)),
        frozenset(name for name in photographs if IMAGE.fullmatch(name.rpartition("/")[2])),
    )
