"""Whether pictures are matched point by point, and what matches them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tf_happywhale.config import Match
from tf_happywhale.errors import InputError
from tf_happywhale.galleries.gallery_folder import is_gallery
from tf_happywhale.inference.matched.local_matching import LocalMatching
from tf_happywhale.inference.teaching.who_teaches import WhoTeaches
from tf_happywhale.retrieval.embeddings import Embeddings


def matching_in_use(
    settings: Match,
    teacher: WhoTeaches,
    home: Path,
    gallery: Path | None,
    images: tuple[Embeddings, ...],
) -> LocalMatching | None:
    """Return what matches pictures; None if they are not matched.

    With `match.use=auto` they are matched if the gallery teaches, since no model was trained on its
    individuals. (Beside a model that was, see `matching_that_pays.py`.)

    Args:
        settings: the config's section.
        teacher: see `who_teaches`.
        home: the folder in which embeddings are kept.
        gallery: a saved gallery, which keeps its own points and pairs, or a catalogue folder; None:
            neither.
        images: that would be matched.

    Raises:
        InputError: `match.use` is `always`, and the networks cannot be had.
    """
    if settings.use == "never" or not all(map(can_match, images)):
        return None
    if settings.use == "auto" and teacher.asked is None:
        return None
    homes = [home, gallery] if gallery is not None and is_gallery(gallery) else [home]
    return load_matching(settings, homes)


def load_matching(settings: Match, homes: Sequence[Path]) -> LocalMatching | None:
    """Return what matches pictures. If the networks cannot be had, this is printed, and None is
    returned, so that cosines alone count.

    Args:
        settings: the config's section.
        homes: see `LocalMatching`.

    Raises:
        InputError: `match.use` is `always`, and the networks cannot be had.
    """
    try:
        return LocalMatching(settings, homes)
    except InputError as error:
        if settings.use == "always":
            raise
        print(f"pictures are not matched point by point: {error}")
        return None


def can_match(images: Embeddings) -> bool:
    """Return whether it is known where the pictures of images lie."""
    return "picture" in images.columns
