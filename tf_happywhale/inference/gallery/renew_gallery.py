"""A new gallery in place of the one that is there, which stays until the new one is whole."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from tf_happywhale.disk.files import atomic_write, restore_folder
from tf_happywhale.disk.locks import locked
from tf_happywhale.disk.swap import remove
from tf_happywhale.errors import Incomplete, InputError
from tf_happywhale.galleries.carried_corrections import carry_corrections, corrected_images
from tf_happywhale.galleries.gallery_folder import catalogue_of, changing, is_gallery, open_gallery
from tf_happywhale.galleries.numbered_files import load_parts
from tf_happywhale.inference.gallery.build_gallery import build_gallery


def renew_gallery(
    model: str | Path | None, catalogue: Path, folder: Path, overrides: Sequence[str]
) -> None:
    """Build a gallery beside the one that is there, make the corrections of that one in it, and put
    it in its place. Without a gallery there, a new one is built.

    Args:
        model, catalogue, overrides: see `build_gallery`.
        folder: of the gallery. Its successor is made beside it, so that paths to pictures are the
            same.

    Raises:
        InputError: see `build_gallery`; or the folder is something else, or images that were
            corrected cannot be read, so that their corrections would be lost, or the catalogue is
            another one.
        Incomplete: some images cannot be read. The gallery is there without them.
    """
    folder = folder.absolute()
    restore_folder(folder)
    if folder.exists() and not is_gallery(folder):
        raise InputError(f"{folder} is no gallery: name a gallery, or a folder that is not there.")
    new, incomplete = folder.with_name(f".{folder.name}.next"), None
    with locked(folder, "renewing"):
        remove(new)  # a kill has left it before it took its place
        try:
            build_gallery(model, catalogue, new, overrides)
        except Incomplete as error:
            incomplete = error
        _swap(new, folder, () if incomplete is None else incomplete.lacking)
    if incomplete is not None:
        raise incomplete


def _swap(new: Path, folder: Path, lacking: Collection[str]) -> None:
    """Give a whole gallery, which lacks some of the catalogue's images, the name of the one that is
    there."""
    if not folder.exists():
        new.rename(folder)
        return
    with changing(folder):  # no correction is made between the look and the swap
        try:
            _check_nothing_is_lost(new, folder, lacking)
        except InputError:
            remove(new)
            raise
        carried = carry_corrections(folder, new)
        there = corrected_images(folder) & set(open_gallery(folder).image.tolist())
        gone = sorted(there - set(open_gallery(new).image.tolist()))
        with atomic_write(folder) as making:
            new.rename(making)
    print(f"gallery {folder} is renewed; {carried} images are corrected as before")
    if gone:
        print(
            f"{len(gone)} corrected images are not in the catalogue any more, such as {gone[0]}: "
            "if they have other names now, correct them again"
        )


def _check_nothing_is_lost(new: Path, folder: Path, lacking: Collection[str]) -> None:
    """Raise InputError if a gallery's successor has none of its images, or lacks those that were
    corrected, other than by the catalogue."""
    there = {image for part in load_parts(folder) for image in part.image.tolist()}
    if there.isdisjoint(open_gallery(new).image.tolist()):
        own = catalogue_of(folder) or "the one that it was built from"
        raise InputError(
            f"{folder} stays as it is, since the catalogue has none of its images: name its own "
            f"catalogue, {own}, or build a gallery in another folder."
        )
    lost = sorted(corrected_images(folder).intersection(lacking))
    if lost:
        raise InputError(
            f"{folder} stays as it is, since {len(lost)} images that were corrected in it cannot "
            f"be read now, such as {lost[0]}: bring the pictures back, or take the images out of "
            "the catalogue, and renew it again."
        )
