"""Confirmed matches into catalogue and gallery, in an order in which stopping loses nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tf_happywhale.catalogue.animals.animal_key import (
    animal_words,
    count_animals,
    photograph_of,
    split_key,
)
from tf_happywhale.catalogue.animals.identities import (
    PLACEHOLDERS,
    as_seen,
    lookalike_of,
    spelled_out,
)
from tf_happywhale.catalogue.animals.individuals import NEW_INDIVIDUAL
from tf_happywhale.catalogue.boxes.best_boxes import best_rows
from tf_happywhale.catalogue.boxes.box import Box
from tf_happywhale.catalogue.boxes.box_text import box_text, parse_box
from tf_happywhale.catalogue.boxes.match_photographs import match_rows
from tf_happywhale.catalogue.boxes.read_boxes import read_box_rows
from tf_happywhale.catalogue.catalogue_table import read_catalogue
from tf_happywhale.catalogue.photographs.catalogue_names import CatalogueNames
from tf_happywhale.catalogue.tables.reading import reading_of
from tf_happywhale.config import Data
from tf_happywhale.errors import InputError, nearest
from tf_happywhale.galleries.changes import check_id, load_changes
from tf_happywhale.galleries.decisions import (
    BOXES_FILE,
    Confirmed,
    add_to_catalogue,
    boxed_images,
    name_new,
    numbered_boxes,
)
from tf_happywhale.galleries.gallery_folder import (
    HEAD,
    Gallery,
    beside,
    catalogue_of,
    changing,
    is_gallery,
)
from tf_happywhale.galleries.known_animals import Animal, KnownAnimals
from tf_happywhale.galleries.numbered_files import load_parts, only_writer
from tf_happywhale.galleries.queries import SEEN_FROM_OUTPUT, PhotographFinder
from tf_happywhale.messages import say_once
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.search.encounter_split import TOGETHER, together_of


@dataclass(frozen=True)
class Added:
    """What adding did.

    Attributes:
        confirmed: the photographs that were decided on.
        rows: how many of them were new in the catalogue; None if there is no catalogue.
        images: how many were new in the gallery; None if there is no saved one.
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
    done again. One process at a time adds to a catalogue and then to a gallery. It reads their
    files again first.

    Args:
        folder: a saved gallery, or a catalogue folder.
        queries: the photographs, of the gallery's model, with the columns picture, content, box and
            perhaps encounter.
        decided: image to individual_id, `new_individual` for one without a name.
        data: how the catalogue's files are named.
        matched: who of them must be known already.
        new: the individuals that must not be known from other photographs.
        find: gives the path of the photograph that was identified under a name; None: it is at
            its path, seen from the working folder.

    Raises:
        InputError: decisions contradict what is there, a photograph is not the one that was
            identified, or another process has been adding for a minute. Nothing is written then.
    """
    matched, new = set(matched), set(new)
    find = find or PhotographFinder(queries, Path()).path
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
    """`add_confirmed`, once nobody else writes."""
    if gallery is not None:
        gallery.check(queries.about)
    there = _there(gallery)
    species = {} if gallery is None else _species(gallery)
    names: dict[str, str] = {}
    if root is not None:
        file, images = root / data.catalogue, root / data.train_images
        table = read_catalogue(file, reading_of(data), images, must_be_there=False)
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
    pictures = CatalogueNames(
        None if root is None else root / data.train_images,
        {animal.key: animal.content for animal in there},
        names,
        find,
        () if root is None else boxed_images(root, reading_of(data)),
        None if root is None else root / data.test_images,
    )

    contents = dict(zip(queries.image.tolist(), queries.columns["content"].tolist(), strict=True))
    named = {
        pictures.name(photograph_of(key), contents[key]): contents[key]
        for key in decided
        if key in contents
    }
    known = KnownAnimals(there, () if root is None else numbered_boxes(root, reading_of(data)))
    in_gallery = {animal.key for animal in there}
    if root is not None:
        boxes = _catalogue_boxes(root, data, queries, list(names))
        others = {key: who for key, who in names.items() if key not in in_gallery}
        for animal in _in_catalogue(others, named, boxes, pictures):
            known.add(animal)
    confirmed = confirm(queries, decided, species, pictures, known, _given(gallery))
    everybody = [*names.items(), *((animal.key, animal.individual_id) for animal in there)]
    check_new(new, everybody, {one.image for one in confirmed}, folder)
    rows = None
    if root is not None:
        reading = reading_of(data)
        rows = add_to_catalogue(root, data.catalogue, data.train_images, confirmed, reading)
    if gallery is None:
        return Added(confirmed, rows, None)
    fresh = [one for one in confirmed if one.image not in in_gallery]
    homes = [
        find(one.key) if root is None else root / data.train_images / photograph_of(one.image)
        for one in fresh
    ]
    gallery.take_in(_as_images(queries, fresh, homes, folder))
    return Added(confirmed, rows, len(fresh))


def _in_catalogue(
    names: Mapping[str, str],
    named: Mapping[str, str],
    boxes: Mapping[str, str],
    pictures: CatalogueNames,
) -> Iterator[Animal]:
    """The animals of these photographs that the catalogue has, with their pictures.

    Args:
        names: individual by key, of the catalogue.
        named: content of each decided photograph, by its name in the catalogue.
        boxes: box by key, of the catalogue.
        pictures: the names of the catalogue's photographs.
    """
    for key, who in names.items():
        content = named.get(photograph_of(key))
        if content and pictures.is_there(photograph_of(key), content):
            yield Animal(key, content, boxes.get(key, ""), who, "in the catalogue")


def check_new(
    new: Iterable[str], known: Iterable[tuple[str, str]], confirmed: Collection[str], folder: Path
) -> None:
    """Refuse new individuals that other photographs show already, and print ids that look alike.

    Args:
        new: ids that were given to new individuals.
        known: image and individual_id of all known animals.
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
        if as_seen(who) in PLACEHOLDERS:
            say_once(f"{folder}: {who!r} is taken for the id of one animal: skip unknown animals.")
        twin = lookalike_of(who, owners)
        if twin is not None:
            say_once(
                f"{folder}: the new {spelled_out(who)} looks like {spelled_out(twin)}, and is "
                "taken for another individual: if they are one, `gallery merge` them."
            )


def confirm(
    queries: Embeddings,
    decided: Mapping[str, str],
    species: Mapping[str, str],
    pictures: CatalogueNames,
    known: KnownAnimals,
    given: Collection[str] = (),
) -> list[Confirmed]:
    """The decided animals under the keys that they get. Individuals without a name are given one,
    the same for all photographs of an encounter.

    Args:
        species: of all individuals there are.
        pictures: the names of the catalogue's photographs.
        known: the animals of these photographs that are there already; the decided ones are
            added to it.
        given: further ids that must not be given.

    Raises:
        InputError: a decision is about an animal that is not among these, or contradicts what
            is there or another decision.
    """
    row_of = {image: n for n, image in enumerate(queries.image.tolist())}
    odd = next((image for image in decided if image not in row_of), None)
    if odd is not None:
        raise InputError(
            f"{odd} was decided on, but it is none of the photographs identified: set output=DIR "
            "to the folder whose pages the decisions are from."
        )
    keys = queries.image.tolist()
    counts = count_animals(keys)
    content, box = queries.columns["content"].tolist(), queries.column("box").tolist()
    encounter = queries.column("encounter").tolist()
    together = together_of(queries)
    beside_it = _beside(keys, box)
    owners, groups = {}, {}
    for key, who in decided.items():
        if who == NEW_INDIVIDUAL:
            row = row_of[key]
            groups[key] = together[row] or f"\0{key}"
            there = known.find(content[row], box[row], beside_it[key])
            if there is not None:
                owners[groups[key]] = there.individual_id
    unnamed = [group for group in groups.values() if group not in owners]
    owners |= name_new(unnamed, {*species, *decided.values(), *given})
    found: dict[str, Confirmed] = {}
    for key, who in decided.items():
        row, (photograph, number) = row_of[key], split_key(key)
        who = owners[groups[key]] if key in groups else who
        check_id(who)
        words = animal_words(key, counts)
        name = pictures.name(photograph, content[row])
        animal = known.check(words, content[row], box[row], beside_it[key], who)
        if animal is None:
            new = known.key_for(name, number, box[row])
            animal = Animal(new, content[row], box[row], who, decided_as=words)
            known.add(animal)
        path = None if pictures.is_there(name, content[row]) else pictures.find(key)
        one = Confirmed(
            animal.key,
            who,
            species.get(who, ""),
            encounter[row],
            path,
            animal.box,
            content[row],
            key,
        )
        found.setdefault(one.image, one)
    return list(found.values())


def _beside(keys: Sequence[str], boxes: Sequence[str]) -> dict[str, list[str]]:
    """The boxes of the other animals in each animal's photograph, by key."""
    boxes_of: dict[str, dict[str, str]] = {}
    for key, text in zip(keys, boxes, strict=True):
        boxes_of.setdefault(photograph_of(key), {})[key] = text
    return {
        key: [text for other, text in animals.items() if other != key]
        for animals in boxes_of.values()
        for key in animals
    }


def _catalogue_boxes(
    root: Path, data: Data, queries: Embeddings, images: Sequence[str]
) -> dict[str, str]:
    """The boxes of a catalogue's images as text, of the sources that were used to identify."""
    table = root / BOXES_FILE
    wanted = {parse_box(box)[0] for box in queries.column("box").tolist() if box}
    found: dict[str, str] = {}
    if not wanted or not table.is_file():
        return found
    folder = root / data.train_images
    paths = {image: folder / photograph_of(image) for image in images}
    rows = match_rows(read_box_rows(table, reading_of(data)), paths, [folder, root]).rows
    there = {row.source for row in rows}
    for source in sorted(wanted if "" in there else wanted & there):
        for key, row in best_rows(rows, source, images, table).items():
            if isinstance(row.box, Box):
                found.setdefault(key, box_text(source, row.box))
    return found


def _check_catalogue(
    folder: Path, table: Path, gallery: Gallery | None, names: Mapping[str, str]
) -> None:
    """Refuse another catalogue that lies where a gallery's own was, since one of the two was
    moved."""
    if gallery is not None and len(gallery) and not names.keys() & set(gallery.image.tolist()):
        raise InputError(
            f"{table} names none of the images in {folder}, so it is not the gallery's catalogue: "
            f"correct `catalogue` in {folder / HEAD}."
        )


def _there(gallery: Gallery | None) -> list[Animal]:
    """The animals of a gallery."""
    if gallery is None:
        return []
    known = gallery.images()
    columns = [known.column(name).tolist() for name in ("content", "box")]
    rows = zip(known.image.tolist(), *columns, known.individual_id.tolist(), strict=True)
    return [Animal(*row, "in the gallery") for row in rows]


def _species(gallery: Gallery) -> dict[str, str]:
    known = gallery.images()
    return dict(zip(known.individual_id.tolist(), known.column("species").tolist(), strict=True))


def _given(gallery: Gallery | None) -> set[str]:
    """Ids that were ever in a gallery: an id that was renamed is not given again."""
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
    of_the_output = {SEEN_FROM_OUTPUT, TOGETHER}
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
