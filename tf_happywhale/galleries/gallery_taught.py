"""What a gallery says about new individuals and missed matches, before anything is identified."""

from __future__ import annotations

from tf_happywhale.config import Rank
from tf_happywhale.galleries.gallery_folder import Gallery
from tf_happywhale.retrieval.centring import centred
from tf_happywhale.retrieval.ensemble.trained_on import NOTHING
from tf_happywhale.retrieval.teaching.questions import ask
from tf_happywhale.retrieval.teaching.says import sentences
from tf_happywhale.retrieval.teaching.taught import teach

BY_EMBEDDINGS = "By embeddings alone (`identify` says it again, with matched points):"


def taught_lines(gallery: Gallery, rank: Rank) -> list[str]:
    """Return what a gallery teaches by its embeddings alone; nothing if its model was trained on
    individuals, since these may be the gallery's.

    Args:
        gallery: the gallery.
        rank: the config's section.
    """
    images = gallery.images()
    if images.about.get("trained_on") != NOTHING or not len(images):
        return []
    _, compared = centred(images, images)
    return [BY_EMBEDDINGS, *sentences(teach(ask(compared, best_of=rank.best_of), rank))]
