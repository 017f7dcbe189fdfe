"""Confirmed matches into catalogue and gallery, in an order in which stopping loses nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tf_happywhale.catalogue.confirmed import (
    Confirmed,
    add_to_catalogue,
    content_in,
    name_new,
    place_for,
)
from tf_happywhale.catalogue.identities import like, spelled
from tf_happywhale.catalogue.individuals import NEW_INDIVIDUAL
from tf_happywhale.catalogue.reading import reading_of
from tf_happywhale.catalogue.table import read_catalogue
from tf_happywhale.config import Data
from tf_happywhale.errors import InputError, nearest
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.gallery import (
    Gallery,
    beside,
    catalogue_of,
    changing,
    is_gallery,
)
from tf_happywhale.retrieval.gallery_changes import check_id
from tf_happywhale.retrieval.parts import only_writer
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

    Raises:
        InputError: before anything is written, where decisions contradict what is there, or another
            process goes on adding for a minute.
    """
    matched, new = set(matched), set(new)
    with _held(folder, data) as (gallery, root):
        return _add(folder, gallery, root, queries, decided, data, matched, new)


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
) -> Added:
    """As `add_confirmed`, once nobody else writes."""
    if gallery is not None:
        gallery.check(queries)
    there = _there(gallery)
    species = {} if gallery is None else _species(gallery)
    names: dict[str, str] = {}
    content_of: Callable[[str], str | None] = {
        image: content for content, (image, _) in there.items()
    }.get
    if root is not None:
        table = read_catalogue(root / data.catalogue, reading_of(data))
        species = dict(zip(table["individual_id"], table["species"], strict=True)) | species
        names = dict(zip(table["image"], table["individual_id"], strict=True))
        content_of = content_in(root / data.train_images)

    odd = next((who for who in sorted(matched) if who not in species), None)
    if odd is not None:
        raise InputError(
            f"A photograph was matched with {odd}, who is not in {folder} "
            f"({nearest(odd, species)}): correct the id, which a spreadsheet may have changed, or "
            "make the decision `new`."
        )

    def known_as(image: str, content: str) -> str | None:
        if content in there:
            return there[content][1]
        return names.get(image) if content_of(image) == content else None

    confirmed = confirm(queries, decided, species, content_of, known_as)
    known = [*names.items(), *there.values()]
    check_new(new, known, {one.image for one in confirmed}, folder)
    for one, content in zip(confirmed, _contents(queries, confirmed), strict=True):
        who = there.get(content, ("", one.individual_id))[1]
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
    homes = [
        one.path if root is None else root / data.train_images / one.image for one in confirmed
    ]
    fresh = [n for n, content in enumerate(_contents(queries, confirmed)) if content not in there]
    gallery.take_in(
        _as_images(queries, [confirmed[n] for n in fresh], [homes[n] for n in fresh], folder)
    )
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
    content_of: Callable[[str], str | None],
    known_as: Callable[[str, str], str | None],
) -> list[Confirmed]:
    """The decided photographs under the names they get; individuals without a name are given one,
    the photographs of one encounter the same.

    Args:
        species: of all individuals there are.
        content_of: see `place_for`.
        known_as: who a photograph of this name and content is already, None where it is new.

    Raises:
        InputError: a decision is about no photograph of these.
    """
    row_of = {image: n for n, image in enumerate(queries.image.tolist())}
    odd = next((image for image in decided if image not in row_of), None)
    if odd is not None:
        raise InputError(
            f"{odd} was decided on, but it is none of the photographs identified: set output=DIR "
            "to the folder whose pages the decisions are from."
        )
    places, owners, groups = {}, {}, {}
    for image, who in decided.items():
        row = row_of[image]
        content = str(queries.columns["content"][row])
        places[image] = place_for(image, content, content_of)
        if who == NEW_INDIVIDUAL:
            groups[image] = str(queries.column("encounter")[row]) or f"\0{image}"
            named = known_as(places[image], content)
            if named is not None:
                owners[groups[image]] = named
    unnamed = [group for group in groups.values() if group not in owners]
    owners |= name_new(unnamed, {*species, *decided.values()})
    found = []
    for image, who in decided.items():
        row = row_of[image]
        who = owners[groups[image]] if image in groups else who
        check_id(who)
        found.append(
            Confirmed(
                places[image],
                who,
                species.get(who, ""),
                str(queries.column("encounter")[row]),
                Path(str(queries.columns["picture"][row])),
                str(queries.column("box")[row]),
            )
        )
    return found


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


def _contents(queries: Embeddings, confirmed: Sequence[Confirmed]) -> list[str]:
    by_path = dict(zip(queries.columns["picture"], queries.columns["content"], strict=True))
    return [str(by_path[str(one.path)]) for one in confirmed]


def _as_images(
    queries: Embeddings, confirmed: Sequence[Confirmed], homes: Sequence[Path], folder: Path
) -> Embeddings:
    """Queries as a gallery's images, under their new names and in their new places."""
    row_of = {path: n for n, path in enumerate(queries.columns["picture"].tolist())}
    taken = queries.take(np.array([row_of[str(one.path)] for one in confirmed], np.int64))
    columns = {
        "picture": beside(folder, homes),
        "species": [one.species for one in confirmed],
    }
    return replace(
        taken,
        image=np.array([one.image for one in confirmed], np.str_),
        individual_id=np.array([one.individual_id for one in confirmed], np.str_),
        columns=taken.columns | {name: np.array(c, np.str_) for name, c in columns.items()},
    )
