"""What is in a gallery: as lines for the terminal, as a catalogue, and lists of what to check."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

import pandas as pd

from tf_happywhale.catalogue.animals.animal_key import BOX_NUMBER, key_columns
from tf_happywhale.catalogue.boxes.box_text import COLUMNS, box_cells
from tf_happywhale.catalogue.tables.dates_of_images import day_of
from tf_happywhale.catalogue.tables.fact_columns import FACTS
from tf_happywhale.config import Rank
from tf_happywhale.disk.files import write_csv
from tf_happywhale.galleries.curation import Odd, Pair
from tf_happywhale.galleries.gallery_folder import Gallery
from tf_happywhale.galleries.gallery_taught import taught_lines


def summary_lines(gallery: Gallery, rank: Rank) -> list[str]:
    """Return lines on the images, individuals, species, model and catalogue of a gallery, and on
    what it teaches.

    Args:
        gallery: the gallery.
        rank: the config's section.
    """
    images = gallery.images()
    counts = Counter(images.individual_id.tolist())
    once = sum(count == 1 for count in counts.values())
    lines = [
        f"gallery {gallery.folder}",
        f"  {len(gallery)} images of {len(counts)} individuals, {once} of them with one image",
    ]
    species: dict[str, set[str]] = {}
    for kind, who in zip(images.column("species"), images.individual_id, strict=True):
        species.setdefault(str(kind), set()).add(str(who))
    for kind, individuals in sorted(species.items()):
        if kind:
            several = "s" if len(individuals) != 1 else ""
            lines.append(f"  {kind.replace('_', ' ')}: {len(individuals)} individual{several}")
    about = gallery.about
    squashed, *precision = about["preprocess"].split(", ")
    seen = ", ".join([f"{squashed} px", *precision])
    lines.append(f"  embedded by model {about['model'][:12]}, {seen}")
    if gallery.catalogue is not None:
        lines.append(f"  catalogue: {gallery.catalogue}")
    return [*lines, *(f"  {sentence}" for sentence in taught_lines(gallery, rank))]


def export_catalogue(gallery: Gallery, file: Path) -> list[str]:
    """Write a gallery's images as a catalogue, and return lines on what was written. If photographs
    show several animals, the catalogue has their numbers and boxes too.

    Raises:
        InputError: a box is so small that its numbers would be read as something else.
    """
    images = gallery.images()
    further = [name for name in FACTS if any(images.column(name).tolist())]
    keys = key_columns(images.image.tolist())
    several = any(number != "1" for number in keys[BOX_NUMBER])
    table = keys if several else {"image": keys["image"]}
    table |= {"species": images.column("species"), "individual_id": images.individual_id}
    table |= {name: images.columns[name].tolist() for name in further}
    if "time" in table and "date" in table:  # then it is not written behind the date too
        pairs = zip(table["date"], table["time"], strict=True)
        table["date"] = [day_of(date) if time else date for date, time in pairs]
    if several:
        boxes = zip(images.column("box").tolist(), images.image.tolist(), strict=True)
        cells = [box_cells(box, image) for box, image in boxes]
        table |= {name: [row[name] for row in cells] for name in COLUMNS}
    write_csv(file, pd.DataFrame(table))
    lines = [f"{file}: {len(images)} images"]
    if several:
        lines.append("some photographs show several animals: their boxes are in the same table")
    return lines


def duplicates_table(pairs: Sequence[Pair]) -> pd.DataFrame:
    """Return duplicates.csv: the pairs of individuals that may be one."""
    return pd.DataFrame(
        {
            "individual_id": [pair.individual_ids[0] for pair in pairs],
            "other_id": [pair.individual_ids[1] for pair in pairs],
            **key_columns([pair.images[0] for pair in pairs]),
            **key_columns([pair.images[1] for pair in pairs], "other_"),
            "score": [f"{pair.score:.6f}" for pair in pairs],
        }
    )


def errors_table(odd: Sequence[Odd]) -> pd.DataFrame:
    """Return errors.csv: the images that may show another individual."""
    columns = {field.name: [getattr(one, field.name) for one in odd] for field in fields(Odd)}
    for prefix in ("", "own_", "other_"):
        columns |= key_columns(columns[f"{prefix}image"], prefix)
    return pd.DataFrame(columns)
