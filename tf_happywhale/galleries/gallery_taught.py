"""What a gallery says about new individuals and missed matches, before anything is identified."""

from __future__ import annotations

from tf_happywhale.config import Rank
from tf_happywhale.galleries.gallery_folder import Gallery
from tf_happywhale.retrieval.centring import centred
from tf_happywhale.retrieval.ensemble.trained_on import ELSEWHERE, NOTHING
from tf_happywhale.retrieval.teaching.elsewhere import seen_elsewhere
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
    asked = own_questions(gallery, rank)
    return [] if asked is None else [BY_EMBEDDINGS, *sentences(teach(asked, rank))]


def own_questions(gallery: Gallery, rank: Rank) -> Questions | None:
    """Return each image of a gallery asked of the others, by its embeddings alone; None if its
    model was trained on individuals that may be the gallery's. Arguments: see `taught_lines`."""
    images = gallery.images()
    trained_on = images.about.get("trained_on", "")
    if not (trained_on == NOTHING or trained_on.startswith(ELSEWHERE)) or not len(images):
        return None
    seen = seen_elsewhere(trained_on, images.individual_id.tolist(), images.image.tolist())
    unseen = unseen_individuals(images, seen)
    if not unseen.count:
        return None
    _, compared = centred(images, images)
    return ask(compared, asked=unseen.images, best_of=rank.best_of)
