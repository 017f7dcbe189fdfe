"""Who is in the gallery: individuals with search and paging, one individual, and its pictures."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tf_happywhale.catalogue.animals.identities import as_seen
from tf_happywhale.catalogue.boxes.box_text import parse_box
from tf_happywhale.catalogue.tables.fact_columns import FACTS
from tf_happywhale.errors import InputError
from tf_happywhale.galleries.gallery_folder import open_gallery
from tf_happywhale.pictures.longer_side import read_longer_side
from tf_happywhale.pictures.pixels import read_file
from tf_happywhale.review.thumbnails import encode_thumbnail

COLUMNS = ("species", "picture", "box", *FACTS)
SIZES = (32, 2048)  # pixels of a picture's longer side
MARGIN = 0.1  # share of the box that is shown around it
MOST = 500  # individuals in an answer


@dataclass(frozen=True)
class Listing:
    """The images of a gallery, without their embeddings.

    Attributes:
        rows: a row for each image: `image`, `individual_id` and `COLUMNS`, all text.
        by_individual: the rows of each individual, by id.
        by_image: the row of each image, by its key.
    """

    rows: Sequence[Mapping[str, str]]
    by_individual: Mapping[str, Sequence[Mapping[str, str]]]
    by_image: Mapping[str, Mapping[str, str]]


class Listings:
    """The listing of one gallery, read again when its files change. Any thread may ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: tuple[object, Listing] | None = None

    def of(self, gallery: Path) -> Listing:
        """Return a gallery's listing; errors: see `open_gallery`."""
        with self._lock:
            now = _state(gallery)
            if self._kept is None or self._kept[0] != now:
                self._kept = now, read_listing(gallery)
            return self._kept[1]


def read_listing(gallery: Path) -> Listing:
    """Return a gallery's listing; errors: see `open_gallery`."""
    images = open_gallery(gallery).images()
    columns = {"image": images.image.tolist(), "individual_id": images.individual_id.tolist()}
    columns |= {name: [str(cell) for cell in images.column(name).tolist()] for name in COLUMNS}
    rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    by_individual: dict[str, list[Mapping[str, str]]] = {}
    for row in rows:
        by_individual.setdefault(row["individual_id"], []).append(row)
    return Listing(rows, by_individual, {row["image"]: row for row in rows})


def individuals(listing: Listing, search: str, first: int, count: int) -> dict[str, Any]:
    """Return individuals in the order of their ids.

    Args:
        listing: of the gallery.
        search: a part of an id or of a species, in any case; empty: all.
        first: how many are left out before.
        count: how many are wanted at most.
    """
    sought = as_seen(search)
    found = [
        who
        for who, rows in sorted(listing.by_individual.items(), key=lambda item: _order(item[0]))
        if sought in as_seen(who) or any(sought in as_seen(_words(r)) for r in rows)
    ]
    first, count = max(0, first), max(0, min(count, MOST))
    shown = [summary(who, listing.by_individual[who]) for who in found[first : first + count]]
    return {"total": len(found), "from": first, "individuals": shown}


def summary(who: str, rows: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """Return an individual in a line: id, species, number of images, the days on which it was seen
    first and last, and an image."""
    days = sorted(row["date"][:10] for row in rows if row["date"])
    return {
        "id": who,
        "species": next((row["species"] for row in rows if row["species"]), ""),
        "images": len(rows),
        "first": days[0] if days else "",
        "last": days[-1] if days else "",
        "image": rows[0]["image"],
    }


def individual(listing: Listing, who: str) -> dict[str, Any] | None:
    """Return one individual with its images; None if there is none of this id."""
    rows = listing.by_individual.get(who)
    if rows is None:
        return None
    facts = ("image", "box", "species", *FACTS)
    shown = [{name: row[name] for name in facts} for row in rows]
    shown.sort(key=lambda row: (row["date"], row["time"], row["image"]))
    return {**summary(who, rows), "images": shown}


def picture(row: Mapping[str, str], size: int) -> bytes:
    """Return an image of the gallery as JPEG: what is in its box and a little around it.

    Args:
        row: of the listing.
        size: the longer side, pixels.

    Raises:
        InputError: the photograph is not where the gallery says, or cannot be read.
    """
    if not row["picture"]:
        raise InputError(f"The gallery does not say where the photograph of {row['image']} is.")
    longest = min(max(size, SIZES[0]), SIZES[1])
    box = parse_box(row["box"])[1] if row["box"] else None
    encoded = read_file(Path(row["picture"]))
    return encode_thumbnail(read_longer_side(encoded, box, longest, MARGIN, row["image"]), longest)


def _order(who: str) -> tuple[str, str]:
    return as_seen(who), who


def _words(row: Mapping[str, str]) -> str:
    return row["species"].replace("_", " ")


def _state(gallery: Path) -> object:
    """Return what changes when a gallery does."""
    files = [gallery / "gallery.json", *gallery.glob("part-*.npz"), *gallery.glob("change-*.json")]
    found = []
    for file in sorted(files):
        if file.is_file():
            status = file.stat()
            found.append((file.name, status.st_ino, status.st_size, status.st_mtime_ns))
    return found


listings = Listings()  # of the one home folder that a process serves
