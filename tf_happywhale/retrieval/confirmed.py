"""Confirmed matches into catalogue and gallery, in an order in which stopping loses nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tf_happywhale.catalogue.animal import photograph_of
from tf_happywhale.catalogue.confirmed import (
    Confirmed,
    add_to_catalogue,
    boxed_images,
    name_new,
)
from tf_happywhale.catalogue.identities import like, spelled
from tf_happywhale.catalogue.individuals import NEW_INDIVIDUAL
from tf_happywhale.catalogue.picture_names import PictureNames
from tf_happywhale.catalogue.reading import reading_of
from tf_happywhale.catalogue.table import read_catalogue
from tf_happywhale.config import Data
from tf_happywhale.errors import InputError, nearest
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.gallery import (
    HEAD,
    Gallery,
    beside,
    catalogue_of,
    changing,
    is_gallery,
)
from tf_happywhale.retrieval.gallery_changes import check_id, load_changes
from tf_happywhale.retrieval.parts import load_parts, only_writer
from tf_happywhale.retrieval.queries import SEEN_FROM_OUTPUT, Photographs
from tf_happywhale.said import say_once


@dataclass(frozen=True)
class Added:
    """What adding did.

    Attributes:
        confirmed: the photographs that were decided on.
        rows: how many of them were new in the catalogue; None where there is no catalogue.
        images: how many were new in the gallery; None where there is no saved one.
    """

    confirmed: list[Confirmed]
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
) -> Added:
    """Put decided photographs into the catalogue, then into the gallery.

    What is there already, told by its content, is passed over: adding that was stopped is simply
    done again. One process at a time adds to a catalogue, and then to a gallery, and looks at their
    files again first.

    Args:
        folder: a saved gallery, or a catalogue folder.
        queries: the photographs, of the gallery's model, with the columns picture, content, box and
            perhaps encounter.
        decided: image to individual_id, `new_individual` for one without a name.
        data: how the catalogue's files are named.
        matched: who of them must be known already.
        new: who of them may be known by these very photographs only.
        find: gives the path of a photograph with the content of the query of this name; None: it
            is at its path, seen from the working folder.

    Raises:
        InputError: before anything is written, where decisions contradict what is there, or a
            photograph is not the one that was identified, or another process goes on adding for a
            minute.
    """
    matched, new = set(matched), set(new)
    find = find or Photographs(queries, Path()).path
    with _held(folder, data) as (gallery, root):
        return _add(folder, gallery, root, queries, decided, data, matched, new, find)


@contextmanager
def _held(folder: Path, data: Data) -> Iterator[tuple[Gallery | None, Path | None]]:
    """A gallery and its catalogue's folder as they are now, which no other process changes
    meanwhile. The catalogue, which several galleries may share, is always locked first."""
    known = is_gallery(folder)
    root = catalogue_of(folder) if known else folder
    with ExitStack() as locks:
        if root is not None:
            # no lock in a folder that is not a catalogue
            read_catalogue(root / data.catalogue, reading_of(data))
            locks.enter_context(only_writer(root, "adding to the catalogue"))
        yield locks.enter_context(changing(folder)) if known else None, root


def _add(
    folder: Path,
    gallery: Gallery | None,
    root: Path | None,
    queries: Embeddings,
    decided: Mapping[str, str],
    data: Data,
    matched: Collection[str],
    new: Collection[str],
    find: Callable[[str], Path],
) -> Added:
    """As `add_confirmed`, once nobody else writes."""
    if gallery is not None:
        gallery.check(queries)
    there = _there(gallery)
    species = {} if gallery is None else _species(gallery)
    names: dict[str, str] = {}
    if root is not None:
        table = read_catalogue(
            root / data.catalogue,
            reading_of(data),
            root / data.train_images,
            must_be_there=False,
        )
        species = dict(zip(table["individual_id"], table["species"], strict=True)) | species
        names = dict(zip(table["image"], table["individual_id"], strict=True))
        _check_catalogue(folder, root / data.catalogue, gallery, names)

    odd = next((who for who in sorted(matched) if who not in species), None)
    if odd is not None:
        raise InputError(
            f"A photograph was matched with {odd}, who is not in {folder} "
            f"({nearest(odd, species)}): correct the id, which a spreadsheet may have changed, or "
            "make the decision `new`."
        )
    pictures = PictureNames(
        None if root is None else root / data.train_images,
        {image: content for content, (image, _) in there.items()},
        names,
        find,
        () if root is None else boxed_images(root),
        None if root is None else root / data.test_images,
    )

    def known_as(image: str, content: str) -> str | None:
        return there[content][1] if content in there else names.get(image)

    confirmed = confirm(queries, decided, species, pictures, known_as, _given(gallery))
    known = [*names.items(), *there.values()]
    check_new(new, known, {one.image for one in confirmed}, folder)
    for one in confirmed:
        who = there.get(one.content, ("", one.individual_id))[1]
        if who != one.individual_id:
            raise InputError(
                f"{one.image} is in the gallery as {who}, but it was decided to be "
                f"{one.individual_id}: correct the decision, or `gallery move` the image first."
            )
    rows = None
    if root is not None:
        rows = add_to_catalogue(
            root, data.catalogue, data.train_images, confirmed, reading_of(data)
        )
    if gallery is None:
        return Added(confirmed, rows, None)
    fresh = {one.content: one for one in confirmed if one.content not in there}.values()
    homes = [
        find(one.key) if root is None else root / data.train_images / photograph_of(one.image)
        for one in fresh
    ]
    gallery.take_in(_as_images(queries, list(fresh), homes, folder))
    return Added(confirmed, rows, len(fresh))


def check_new(
    new: Iterable[str], known: Iterable[tuple[str, str]], confirmed: Collection[str], folder: Path
) -> None:
    """Refuse as new who is known by other photographs, and say who looks like somebody known.

    Args:
        new: ids that were given to new individuals.
        known: image and individual_id of all that is known.
        confirmed: names of the photographs that were decided on.
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
        twin = like(who, owners)
        if twin is not None:
            say_once(
                f"{folder}: the new {spelled(who)} looks like {spelled(twin)}, and is taken for "
                "another individual: if they are one, `gallery merge` them."
            )


def confirm(
    queries: Embeddings,
    decided: Mapping[str, str],
    species: Mapping[str, str],
    pictures: PictureNames,
    known_as: Callable[[str, str], str | None],
    given: Collection[str] = (),
) -> list[Confirmed]:
    """The decided photographs under the names they get; individuals without a name are given one,
    the photographs of one encounter the same.

    Args:
        species: of all individuals there are.
        pictures: the names of the catalogue's photographs.
        known_as: who a photograph of this name there and content is already, None where it is new.
        given: further ids that nobody new is given.

    Raises:
        InputError: a decision is about no photograph of these, or two contradict each other about
            one photograph under two names.
    """
    row_of = {image: n for n, image in enumerate(queries.image.tolist())}
    odd = next((image for image in decided if image not in row_of), None)
    if odd is not None:
        raise InputError(
            f"{odd} was decided on, but it is none of the photographs identified: set output=DIR "
            "to the folder whose pages the decisions are from."
        )
    contents = {image: str(queries.columns["content"][row_of[image]]) for image in decided}
    names, owners, groups = {}, {}, {}
    for image, who in decided.items():
        names[image] = pictures.name(photograph_of(image), contents[image])
        if who == NEW_INDIVIDUAL:
            groups[image] = str(queries.column("encounter")[row_of[image]]) or f"\0{image}"
            named = known_as(names[image], contents[image])
            if named is not None:
                owners[groups[image]] = named
    unnamed = [group for group in groups.values() if group not in owners]
    owners |= name_new(unnamed, {*species, *decided.values(), *given})
    found: dict[str, Confirmed] = {}
    for image, who in decided.items():
        row = row_of[image]
        who = owners[groups[image]] if image in groups else who
        check_id(who)
        one = Confirmed(
            names[image],
            who,
            species.get(who, ""),
            str(queries.column("encounter")[row]),
            None if pictures.is_there(names[image], contents[image]) else pictures.find(image),
            str(queries.column("box")[row]),
            contents[image],
            image,
        )
        other = found.setdefault(one.image, one)
        if other.individual_id != who:
            raise InputError(
                f"{other.key} and {image} are one photograph, but it was decided to be "
                f"{other.individual_id} and {who}: correct the decisions."
            )
    return list(found.values())


def _check_catalogue(
    folder: Path, table: Path, gallery: Gallery | None, names: Mapping[str, str]
) -> None:
    """Refuse a catalogue that a gallery finds where its own lay, when either was moved."""
    if gallery is not None and len(gallery) and not names.keys() & set(gallery.image.tolist()):
        raise InputError(
            f"{table} names none of the images in {folder}, so it is not the gallery's catalogue: "
            f"correct `catalogue` in {folder / HEAD}."
        )


def _there(gallery: Gallery | None) -> dict[str, tuple[str, str]]:
    """Image and individual by content."""
    if gallery is None:
        return {}
    known = gallery.images()
    pairs = zip(known.image.tolist(), known.individual_id.tolist(), strict=True)
    return dict(zip(known.column("content").tolist(), pairs, strict=True))


def _species(gallery: Gallery) -> dict[str, str]:
    known = gallery.images()
    return dict(zip(known.individual_id.tolist(), known.column("species").tolist(), strict=True))


def _given(gallery: Gallery | None) -> set[str]:
    """Ids that were ever in a gallery: one that was renamed away is given to nobody else."""
    if gallery is None:
        return set()
    parts = [who for part in load_parts(gallery.folder) for who in part.individual_id.tolist()]
    changes = load_changes(gallery.folder)
    return {*parts, *(change.individual_id for change in changes), *(c.to for c in changes)}


def _as_images(
    queries: Embeddings, confirmed: Sequence[Confirmed], homes: Sequence[Path], folder: Path
) -> Embeddings:
    """Queries as a gallery's images, under their new names and in their new places."""
    row_of = {key: row for row, key in enumerate(queries.image.tolist())}
    taken = queries.take(np.array([row_of[one.key] for one in confirmed], np.int64))
    kept = {name: c for name, c in taken.columns.items() if name != SEEN_FROM_OUTPUT}
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
