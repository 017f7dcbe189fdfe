"""Confirmed matches are added to a catalogue and a gallery. If adding is stopped, nothing is lost:
the same command adds the rest."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tf_happywhale.catalogue.animals.animal_key import photograph_of
from tf_happywhale.catalogue.animals.identities import (
    PLACEHOLDERS,
    as_seen,
    lookalike_of,
    spelled_out,
)
from tf_happywhale.config import Data
from tf_happywhale.errors import InputError
from tf_happywhale.galleries.catalogue_rows import add_to_catalogue
from tf_happywhale.galleries.confirmed import ConfirmedAnimal, confirm
from tf_happywhale.galleries.destination import Destination, destination
from tf_happywhale.galleries.gallery_folder import beside
from tf_happywhale.galleries.queries import CORRECTED, SEEN_FROM_OUTPUT, PhotographFinder
from tf_happywhale.messages import say_once
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.search.encounter_split import TOGETHER
from tf_happywhale.retrieval.search.only import ONLY


@dataclass(frozen=True)
class Added:
    """Record of what was added.

    Attributes:
        confirmed: the animals that were decided on.
        rows: how many of them were new in the catalogue; None if there is no catalogue.
        images: how many were new in the gallery; None if there is no saved gallery.
    """

    confirmed: list[ConfirmedAnimal]
    rows: int | None
    images: int | None


def add_confirmed(
    folder: Path,
    queries: Embeddings,
    decided: Mapping[str, str],
    data: Data,
    matched: Iterable[str] = (),
    new: Iterable[str] = (),
    find: Callable[[str], Path] | None = None,
    groups: Mapping[str, str] | None = None,
) -> Added:
    """Add the animals that were decided on to the catalogue, then to the gallery.

    What is there already, told by its content, is passed over, so that adding that was stopped can
    be done again. One process at a time adds to a catalogue and then to a gallery. It reads their
    files again first.

    Args:
        folder: a saved gallery, or a catalogue folder.
        queries: the animals identified, embedded by the gallery's model, with the columns picture,
            content, box and perhaps encounter.
        decided: individual_id by key; `new_individual` for one without a name.
        data: how the catalogue's files are named and read.
        matched: the individuals that must be known already.
        new: the individuals that must not be known from other photographs.
        find: gives the path of the photograph of an animal, by key; None: it is at its path, seen
            from the working folder.
        groups: see `confirm`.

    Raises:
        InputError: decisions contradict what is there, a photograph is not the one that was
            identified, or another process has been adding for a minute. Nothing is written then.
    """
    find = find or PhotographFinder(queries, Path()).path
    with destination(folder, data) as there:
        there.check(queries)
        corrected = next(iter(queries.column(CORRECTED).tolist()), "")
        now = there.called_now(matched := set(matched), corrected)
        decided = {key: now.get(who, who) for key, who in decided.items()}
        there.check_matched(now.get(who, who) for who in matched)
        names = there.catalogue_names(find)
        known = there.known_animals(queries, decided, names)
        given, species = there.given_ids(), there.species
        confirmed = confirm(queries, decided, species, names, known, given, groups)
        there.check_one_meaning(one.individual_id for one in confirmed)
        check_new(set(new), there.owners(), {one.image for one in confirmed}, folder)
        rows = None
        if there.root is not None:
            rows = add_to_catalogue(
                there.root, data.catalogue, data.train_images, confirmed, there.reading
            )
        return Added(confirmed, rows, _add_to_gallery(there, queries, confirmed, find))


def check_new(
    new: Iterable[str], known: Iterable[tuple[str, str]], confirmed: Collection[str], folder: Path
) -> None:
    """Refuse new individuals that other photographs show already, and print ids that look alike.

    Args:
        new: ids that were given to new individuals.
        known: key and individual_id of all known animals.
        confirmed: keys of the animals that were decided on.
        folder: what is added to, for the errors.

    Raises:
        InputError: with the first such individual.
    """
    owners = {who for _, who in known}
    for who in sorted(new):
        others = sorted(image for image, owner in known if owner == who and image not in confirmed)
        if others:
            raise InputError(
                f"A photograph was decided to show a new individual {who}, but {folder} has {who} "
                f"already, in {others[0]}: make the decision `match`, or give another id."
            )
        if as_seen(who) in PLACEHOLDERS:
            say_once(f"{folder}: {who!r} is taken for the id of one animal: skip unknown animals.")
        twin = lookalike_of(who, owners)
        if twin is not None:
            say_once(
                f"{folder}: the new {spelled_out(who)} looks like {spelled_out(twin)}, and is "
                "taken for another individual: if they are one, `gallery merge` them."
            )


def _add_to_gallery(
    there: Destination,
    queries: Embeddings,
    confirmed: Sequence[ConfirmedAnimal],
    find: Callable[[str], Path],
) -> int | None:
    """Add the confirmed animals that the gallery lacks; return how many, None without a gallery."""
    if there.gallery is None:
        return None
    in_gallery = {animal.key for animal in there.animals}
    fresh = [one for one in confirmed if one.image not in in_gallery]
    homes = [
        find(one.key) if there.pictures is None else there.pictures / photograph_of(one.image)
        for one in fresh
    ]
    there.gallery.take_in(_as_images(queries, fresh, homes, there.folder))
    return len(fresh)


def _as_images(
    queries: Embeddings, confirmed: Sequence[ConfirmedAnimal], homes: Sequence[Path], folder: Path
) -> Embeddings:
    """Return queries as images of the gallery, with their keys and paths there."""
    row_of = {key: row for row, key in enumerate(queries.image.tolist())}
    taken = queries.take(np.array([row_of[one.key] for one in confirmed], np.int64))
    of_the_output = {SEEN_FROM_OUTPUT, CORRECTED, TOGETHER, ONLY}
    kept = {name: c for name, c in taken.columns.items() if name not in of_the_output}
    columns = {
        "picture": beside(folder, homes),
        "species": [one.species for one in confirmed],
    }
    return replace(
        taken,
        image=np.array([one.image for one in confirmed], np.str_),
        individual_id=np.array([one.individual_id for one in confirmed], np.str_),
        columns=kept | {name: np.array(c, np.str_) for name, c in columns.items()},
    )
