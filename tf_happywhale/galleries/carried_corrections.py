"""The corrections of a gallery, which its catalogue does not have, made in its successor too."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

from tf_happywhale.galleries.changes import (
    REMOVED,
    Change,
    add_change,
    called_now,
    load_changes,
    made_since,
    mark_of,
)
from tf_happywhale.galleries.gallery_folder import changing, open_gallery
from tf_happywhale.galleries.numbered_files import load_parts


def carry_corrections(old: Path, new: Path) -> int:
    """Make the corrections of a gallery in another one of the same catalogue, and return how many
    images they are about. Done twice, it changes nothing the second time. What individuals were
    called is kept too, for decisions that were made before.

    An image that was given to another individual gets it in the new gallery too, and one that was
    removed is removed. Where the catalogue itself was corrected meanwhile, the catalogue counts. An
    image that the old gallery never had goes with its individual, if that was renamed or merged.
    Where it can be read in two ways, it stays as the catalogue has it, which is printed.

    Args:
        old: the gallery that was corrected.
        new: its successor.

    Raises:
        InputError: see `open_gallery`.
    """
    built, corrected = _before_and_after(old)
    carried = 0
    with changing(new) as gallery:
        for change in made_since(mark_of(load_changes(new)), load_changes(old)) or ():
            add_change(new, replace(change, after=0))
        parts, names = len(gallery.parts), gallery.individual_id.tolist()
        images = dict(zip(gallery.image.tolist(), names, strict=True))
        later = {image: who for image, who in images.items() if image not in built}
        same = {who for image, who in images.items() if built.get(image) == who}
        corrected |= _with_their_individuals(later, old, same - set(corrected.values()))
        for image, who in images.items():
            wanted = corrected.get(image, "")
            if built.get(image, who) == who != wanted:
                verb = "rename" if wanted else "remove"
                add_change(new, Change(verb, image=image, to=wanted, after=parts))
                carried += 1
    return carried


def _with_their_individuals(
    later: Mapping[str, str], old: Path, gone: Collection[str]
) -> dict[str, str]:
    """Return the individuals in images that a catalogue gained after a gallery was built of it, as
    the gallery calls them. What cannot be told is printed.

    Args:
        later: the individual in each image, as the catalogue has it.
        old: the gallery.
        gone: individuals of the catalogue, of whom the gallery has nobody of that id any more.
    """
    changes = load_changes(old)
    found = dict(later)
    for who in sorted(set(later.values())):
        now, images = called_now(who, changes), [one for one in later if later[one] == who]
        if now not in (who, REMOVED) and who in gone:
            found |= dict.fromkeys(images, now)
        elif now != who:
            did = "renamed or merged" if now != REMOVED else "removed"
            print(
                f"{who} was {did} in the gallery, and the catalogue has {len(images)} new images "
                f"of {who}, such as {images[0]}: they stay as they are; move or drop them if that "
                "is wrong"
            )
    return found


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
