"""The corrections of a gallery, which its catalogue does not have, made in its successor too."""

from __future__ import annotations

from pathlib import Path

from tf_happywhale.galleries.changes import Change, add_change
from tf_happywhale.galleries.gallery_folder import changing, open_gallery
from tf_happywhale.galleries.numbered_files import load_parts


def carry_corrections(old: Path, new: Path) -> int:
    """Make the corrections of a gallery in another one of the same catalogue, and return how many
    images they are about. Done twice, it changes nothing the second time.

    An image that was given to another individual gets it in the new gallery too, and one that was
    removed is removed. Where the catalogue itself was corrected meanwhile, the catalogue counts.

    Args:
        old: the gallery that was corrected.
        new: its successor.

    Raises:
        InputError: see `open_gallery`.
    """
    built, corrected = _before_and_after(old)
    carried = 0
    with changing(new) as gallery:
        parts = len(gallery.parts)
        for image, who in zip(gallery.image.tolist(), gallery.individual_id.tolist(), strict=True):
            wanted = corrected.get(image, "")
            if built.get(image) == who != wanted:
                verb = "rename" if wanted else "remove"
                add_change(new, Change(verb, image=image, to=wanted, after=parts))
                carried += 1
    return carried


def corrected_images(folder: Path) -> set[str]:
    """Return the images of a gallery that have another individual than they were added with, or
    were removed; errors: see `open_gallery`."""
    built, corrected = _before_and_after(folder)
    return {image for image, who in built.items() if corrected.get(image, "") != who}


def _before_and_after(folder: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Return the individual in each image of a gallery as it was added, and by its corrections."""
    now = open_gallery(folder)
    built = {
        image: who
        for part in load_parts(folder)
        for image, who in zip(part.image.tolist(), part.individual_id.tolist(), strict=True)
    }
    return built, dict(zip(now.image.tolist(), now.individual_id.tolist(), strict=True))
