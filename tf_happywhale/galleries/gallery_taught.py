"""What a gallery says about new individuals and missed matches, before anything is identified."""

from __future__ import annotations

import numpy as np

from tf_happywhale.config import Rank
from tf_happywhale.galleries.gallery_folder import Gallery
from tf_happywhale.retrieval.centring import centred
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.ensemble.trained_on import ELSEWHERE, NOTHING
from tf_happywhale.retrieval.teaching.elsewhere import seen_elsewhere
from tf_happywhale.retrieval.teaching.filter_worth import worth_of_filters, worth_sentence
from tf_happywhale.retrieval.teaching.questions import Questions, ask
from tf_happywhale.retrieval.teaching.says import sentences
from tf_happywhale.retrieval.teaching.taught import teach
from tf_happywhale.retrieval.teaching.unseen import unseen_individuals

BY_EMBEDDINGS = "By embeddings alone (`identify` says it again, with matched points):"


def taught_lines(gallery: Gallery, rank: Rank) -> list[str]:
    """Return what a gallery teaches by its embeddings alone; nothing if its model was trained on
    individuals that may be the gallery's.

    Args:
        gallery: the gallery.
        rank: the config's section.
    """
    taught = _teachers(gallery)
    if taught is None:
        return []
    filters = worth_of_filters(*taught, rank.best_of)
    said = sentences(teach(_ask(*taught, rank), rank))
    return [BY_EMBEDDINGS, *said, *map(worth_sentence, filters)]


def own_questions(gallery: Gallery, rank: Rank) -> Questions | None:
    """Return each image of a gallery asked of the others, by its embeddings alone; None if its
    model was trained on individuals that may be the gallery's. Arguments: see `taught_lines`."""
    taught = _teachers(gallery)
    return None if taught is None else _ask(*taught, rank)


def _ask(compared: Embeddings, asked: np.ndarray, rank: Rank) -> Questions:
    return ask(compared, asked=asked, best_of=rank.best_of)


def _teachers(gallery: Gallery) -> tuple[Embeddings, np.ndarray] | None:
    """Return a gallery's images as they are compared, and which of them may be asked, bool [m];
    None: see `own_questions`."""
    images = gallery.images()
    trained_on = images.about.get("trained_on", "")
    if not (trained_on == NOTHING or trained_on.startswith(ELSEWHERE)) or not len(images):
        return None
    seen = seen_elsewhere(trained_on, images.individual_id.tolist(), images.image.tolist())
    unseen = unseen_individuals(images, seen)
    if not unseen.count:
        return None
    return centred(images, images)[1], unseen.images
