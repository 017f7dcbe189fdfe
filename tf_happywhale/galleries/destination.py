"""Where confirmed animals go: into a gallery, into its catalogue, or into both."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tf_happywhale.catalogue.animals.animal_key import photograph_of
from tf_happywhale.catalogue.catalogue_table import read_catalogue
from tf_happywhale.catalogue.photographs.catalogue_names import CatalogueNames
from tf_happywhale.catalogue.tables.reading import Reading, reading_of
from tf_happywhale.config import Data
from tf_happywhale.errors import InputError, nearest
from tf_happywhale.galleries.catalogue_boxes import boxed_images, boxes_by_text, numbered_boxes
from tf_happywhale.galleries.changes import REMOVED, called_now, load_changes, made_since
from tf_happywhale.galleries.gallery_folder import (
    HEAD,
    Gallery,
    catalogue_of,
    changing,
    is_gallery,
)
from tf_happywhale.galleries.known_animals import Animal, KnownAnimals
from tf_happywhale.galleries.numbered_files import load_parts, only_writer
from tf_happywhale.messages import say_once
from tf_happywhale.retrieval.embeddings import Embeddings


@dataclass(frozen=True)
class Destination:
    """A gallery and its catalogue as they are now. One of the two may be missing.

    Attributes:
        folder: the gallery, or the catalogue folder if there is no gallery.
        data: how the catalogue's files are named and read.
        gallery: None if there is none.
        root: the catalogue folder; None if there is none.
    """

    folder: Path
    data: Data
    gallery: Gallery | None
    root: Path | None

    @property
    def reading(self) -> Reading:
        """How the catalogue's tables are read."""
        return reading_of(self.data)

    @property
    def pictures(self) -> Path | None:
        """The folder of the catalogue's pictures."""
        return None if self.root is None else self.root / self.data.train_images

    @cached_property
    def animals(self) -> list[Animal]:
        """The gallery's animals."""
        if self.gallery is None:
            return []
        known = self.gallery.images()
        columns = [known.column(name).tolist() for name in ("content", "box")]
        rows = zip(known.image.tolist(), *columns, known.individual_id.tolist(), strict=True)
        return [Animal(*row, "in the gallery") for row in rows]

    @cached_property
    def names(self) -> dict[str, str]:
        """The catalogue's individuals, by key."""
        table = self._table
        return {} if table is None else dict(zip(table.image, table.individual_id, strict=True))

    @cached_property
    def species(self) -> dict[str, str]:
        """The species of each individual; the gallery counts before the catalogue."""
        table, species = self._table, {}
        if table is not None:
            species = dict(zip(table.individual_id, table.species, strict=True))
        if self.gallery is not None:
            known = self.gallery.images()
            kinds = known.column("species").tolist()
            species |= dict(zip(known.individual_id.tolist(), kinds, strict=True))
        return species

    @cached_property
    def _table(self):
        if self.root is None:
            return None
        path = self.root / self.data.catalogue
        pictures, reading = self.pictures, self.reading
        return read_catalogue(path, reading, pictures, must_be_there=False, may_be_empty=True)

    def owners(self) -> list[tuple[str, str]]:
        """Return key and individual of all animals."""
        return [*self.names.items(), *((one.key, one.individual_id) for one in self.animals)]

    def given_ids(self) -> set[str]:
        """Return all ids that were ever in the gallery: an id that was renamed is not given to
        another individual."""
        if self.gallery is None:
            return set()
        folder = self.gallery.folder
        parts = [who for part in load_parts(folder) for who in part.individual_id.tolist()]
        changes = load_changes(folder)
        return {*parts, *(change.individual_id for change in changes), *(c.to for c in changes)}

    def check(self, queries: Embeddings) -> None:
        """Raise InputError if another model embedded the queries, or if the catalogue is another
        one that lies where the gallery's own one was."""
        if self.gallery is None:
            return
        self.gallery.check(queries.about)
        if self.root is None or not len(self.gallery):
            return
        if not self.names.keys() & set(self.gallery.image.tolist()):
            raise InputError(
                f"{self.root / self.data.catalogue} names none of the images in {self.folder}, so "
                f"it is not the gallery's catalogue: correct `catalogue` in {self.folder / HEAD}."
            )

    def check_matched(self, matched: Iterable[str]) -> None:
        """Raise InputError if an animal was matched with an individual that is not known."""
        odd = next((who for who in sorted(set(matched)) if who not in self.species), None)
        if odd is not None:
            raise InputError(
                f"A photograph was matched with {odd}, who is not in {self.folder} "
                f"({nearest(odd, self.species)}): correct the id, which a spreadsheet may have "
                "changed, or make the decision `new`."
            )

    def check_one_meaning(self, ids: Iterable[str]) -> None:
        """Raise InputError if an id is one animal in the catalogue and another one in the gallery,
        as after two ids were exchanged in the gallery alone."""
        if self.gallery is None:
            return
        of_image = {animal.key: animal.individual_id for animal in self.animals}
        for who in sorted(set(ids) & set(of_image.values())):
            shared = [key for key, named in self.names.items() if named == who and key in of_image]
            if shared and all(of_image[key] != who for key in shared):
                raise InputError(
                    f"{who} is in {shared[0]} by {self.root / self.data.catalogue}, but "
                    f"{self.folder} has {of_image[shared[0]]} there and another animal as {who}: "
                    "correct the table as the gallery was corrected, and add again."
                )

    def called_now(self, matched: Iterable[str], corrected: str) -> dict[str, str]:
        """Return the present ids of individuals that the gallery has renamed or merged since
        photographs were identified, by the ids that they had, and print them.

        Args:
            matched: the individuals that photographs were matched with.
            corrected: which corrections the gallery had then, see `mark_of`; empty: not known.

        Raises:
            InputError: one of them was removed since, or an id was given to another individual and
                it is not known when.
        """
        if self.gallery is None:
            return {}
        there, changes = set(self.gallery.individual_id.tolist()), load_changes(self.folder)
        since = made_since(corrected, changes)
        now = {who: called_now(who, changes if since is None else since) for who in set(matched)}
        now = {who: to for who, to in now.items() if to != who}
        for who, to in sorted(now.items()):
            if who in there and since is None:
                raise InputError(
                    f"A photograph was matched with {who}, and {self.folder} has had two of that "
                    "id: identify the photographs again, and decide on the new pages."
                )
            if to == REMOVED:
                raise InputError(
                    f"A photograph was matched with {who}, who was removed from {self.folder}: "
                    "make the decision `new` with another id, or skip it."
                )
            say_once(
                f"{self.folder}: {who} was renamed to {to} or merged into it since the photographs "
                f"were identified: animals that were matched with {who} are {to}"
            )
        return now

    def catalogue_names(self, find: Callable[[str], Path]) -> CatalogueNames:
        """Return the names of the catalogue's photographs; `find` gives the path of a new one."""
        root = self.root
        return CatalogueNames(
            self.pictures,
            {animal.key: animal.content for animal in self.animals},
            self.names,
            find,
            () if root is None else boxed_images(root, self.reading),
            None if root is None else root / self.data.test_images,
        )

    def known_animals(
        self, queries: Embeddings, decided: Mapping[str, str], names: CatalogueNames
    ) -> KnownAnimals:
        """Return the animals that are known: the gallery's, and those that the catalogue has in the
        photographs that were decided on."""
        if self.root is None:
            return KnownAnimals(self.animals)
        known = KnownAnimals(self.animals, numbered_boxes(self.root, self.reading))
        contents = dict(zip(queries.image.tolist(), queries.columns["content"], strict=True))
        named = {
            names.name(photograph_of(key), str(contents[key])): str(contents[key])
            for key in decided
            if key in contents
        }
        boxes = boxes_by_text(self.root, self.data, queries.column("box").tolist(), self.names)
        in_gallery = {animal.key for animal in self.animals}
        for key, who in self.names.items():
            content = named.get(photograph_of(key))
            if key in in_gallery or not content or not names.is_there(photograph_of(key), content):
                continue
            known.add(Animal(key, content, boxes.get(key, ""), who, "in the catalogue"))
        return known


@contextmanager
def destination(folder: Path, data: Data) -> Iterator[Destination]:
    """Give a gallery and its catalogue, or a catalogue alone, as they are now. No other process
    changes them meanwhile.

    The catalogue, which several galleries may share, is always locked first.

    Raises:
        InputError: the folder is neither, or another process has been adding for a minute.
    """
    known = is_gallery(folder)
    root = catalogue_of(folder) if known else folder
    with ExitStack() as locks:
        if root is not None:
            # Read it first: no lock is made in a folder that is not a catalogue.
            read_catalogue(root / data.catalogue, reading_of(data), may_be_empty=True)
            locks.enter_context(only_writer(root, "adding to the catalogue"))
        gallery = locks.enter_context(changing(folder)) if known else None
        yield Destination(folder, data, gallery, root)
