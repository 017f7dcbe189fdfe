"""Whether pictures are matched point by point, and what matches them."""

from __future__ import annotations

from pathlib import Path

from tf_happywhale.config import Match
from tf_happywhale.errors import InputError
from tf_happywhale.galleries.gallery_folder import is_gallery
from tf_happywhale.inference.local_matching import LocalMatching
from tf_happywhale.inference.who_teaches import WhoTeaches
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
    individuals. If the networks cannot be had then, this is printed, and cosines alone count.

    Args:
        settings: the config's section.
        teacher: see `who_teaches`.
        home: the folder in which embeddings are kept.
        gallery: a saved gallery, which keeps its own points and pairs, or a catalogue folder; None:
            neither.
        images: that would be matched. Without the column picture they cannot be.

    Raises:
        InputError: `match.use` is `always`, and the networks cannot be had.
    """
    shown = all("picture" in part.columns for part in images)
    if settings.use == "never" or not shown:
        return None
    if settings.use == "auto" and teacher.asked is None:
        return None
    homes = [home, gallery] if gallery is not None and is_gallery(gallery) else [home]
    try:
        return LocalMatching(settings, homes)
    except InputError as error:
        if settings.use == "always":
            raise
        print(f"pictures are not matched point by point: {error}")
        return None
