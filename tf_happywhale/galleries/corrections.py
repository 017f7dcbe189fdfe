"""Corrections of a gallery: individuals are renamed, merged or removed, images moved or removed.

Its files are not rewritten: each correction is a small file next to them (see `changes.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from tf_happywhale.catalogue.animals.identities import check_identity, lookalike_of, spelled_out
from tf_happywhale.errors import InputError, nearest
from tf_happywhale.galleries.changes import Change, add_change
from tf_happywhale.galleries.gallery_folder import Gallery, changing, open_gallery
from tf_happywhale.galleries.numbered_files import numbered


def rename(gallery: Gallery, individual_id: str, to: str) -> Gallery:
    """Give an individual another id, and return the gallery.

    Raises:
        InputError: there is no such individual, or another individual has that id.
    """
    with changing(gallery.folder) as now:
        _check_individual(now, individual_id)
        check_identity(to)
        if to in set(now.individual_id.tolist()):
            raise InputError(
                f"There is an individual {to} in {now.folder} already: merge them, or take "
                "another id."
            )
        return _add(now, Change("rename", individual_id, to))


def merge(gallery: Gallery, individual_id: str, into: str) -> Gallery:
    """Give all images of one individual to another, which is the same animal, and return the
    gallery.

    Raises:
        InputError: there is no such individual, or the two are one already.
    """
    with changing(gallery.folder) as now:
        _check_individual(now, individual_id)
        _check_individual(now, into)
        if individual_id == into:
            raise InputError(f"{into} cannot be merged into itself: name two individuals.")
        return _add(now, Change("rename", individual_id, into))


def remove(gallery: Gallery, individual_id: str) -> Gallery:
    """Remove an individual, and return the gallery; InputError if there is none."""
    with changing(gallery.folder) as now:
        _check_individual(now, individual_id)
        return _add(now, Change("remove", individual_id))


def remove_image(gallery: Gallery, image: str) -> Gallery:
    """Remove an image, and return the gallery; InputError if there is none."""
    with changing(gallery.folder) as now:
        _check_image(now, image)
        return _add(now, Change("remove", image=image))


def move_image(gallery: Gallery, image: str, to: str) -> Gallery:
    """Give an image to another individual, which may be new, and return the gallery; InputError if
    there is no such image."""
    with changing(gallery.folder) as now:
        _check_image(now, image)
        check_identity(to)
        return _add(now, Change("rename", image=image, to=to))


def correct(gallery: Gallery, verb: str, words: Sequence[str]) -> None:
    """Do what a verb of `VERBS` says with these words, and print what changed. The catalogue stays
    as it is.

    Raises:
        InputError: see the functions of the verbs.
    """
    known = set(gallery.individual_id.tolist())
    now = VERBS[verb](gallery, *words)
    if verb == "move" and words[-1] not in known:
        near = nearest(words[-1], sorted(known))
        print(f"{words[-1]} is a new individual ({near}): if it is none, move the image again")
    twin = lookalike_of(words[-1], set(now.individual_id.tolist()))
    if verb in ("rename", "move") and twin is not None:
        print(
            f"{spelled_out(words[-1])} looks like {spelled_out(twin)}: if they are one, merge them"
        )
    print(f"gallery {gallery.folder}: {len(gallery)} images before, {len(now)} now")
    if gallery.catalogue is not None:
        print(f"the catalogue in {gallery.catalogue} was left as it is: correct it there too")


VERBS: dict[str, Callable[..., Gallery]] = {
    "remove": remove,
    "rename": rename,
    "merge": merge,
    "drop": remove_image,
    "move": move_image,
}


def _check_individual(gallery: Gallery, individual_id: str) -> None:
    known = sorted(set(gallery.individual_id.tolist()))
    if individual_id not in known:
        near = nearest(individual_id, known)
        raise InputError(f"There is no individual {individual_id} in {gallery.folder}: {near}.")


def _check_image(gallery: Gallery, image: str) -> None:
    if image not in set(gallery.image.tolist()):
        raise InputError(f"There is no image {image} in {gallery.folder}.")


def _add(gallery: Gallery, change: Change) -> Gallery:
    parts = len(numbered(gallery.folder, "part", ".npz"))
    add_change(gallery.folder, replace(change, after=parts))
    return open_gallery(gallery.folder)
