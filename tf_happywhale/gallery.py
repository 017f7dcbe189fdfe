"""Command: build a gallery from a catalogue, add confirmed matches to it, look after it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tf_happywhale.cli import command_of_places

if TYPE_CHECKING:
    from tf_happywhale.config import Experiment
    from tf_happywhale.galleries.gallery_folder import Gallery

VERBS = {
    "build": ("MODEL CATALOGUE GALLERY", "embed a catalogue folder into a new gallery"),
    "add": (
        "GALLERY DECISIONS",
        "put what was decided on the review pages of output=DIR into gallery and catalogue",
    ),
    "info": ("GALLERY", "print what is in it"),
    "verify": ("GALLERY", "check its files, its pictures, and whether its catalogue agrees"),
    "remove": ("GALLERY ID", "take out an individual"),
    "rename": ("GALLERY ID NEW_ID", "give an individual another id"),
    "merge": ("GALLERY ID INTO_ID", "give all images of the first id to the second (one animal)"),
    "drop": ("GALLERY IMAGE", "take out an image (IMAGE#2: the second animal in it)"),
    "move": ("GALLERY IMAGE ID", "give an image, or IMAGE#2, to another individual"),
    "curate": ("GALLERY", "write a map, and what may be wrong in it, to output=DIR/curation"),
    "export": ("GALLERY TABLE.csv", "write who is in which image, as a catalogue"),
}
EXAMPLES = [
    "python -m tf_happywhale.gallery build output/demo/demo/fold0 output/demo/pod whales",
    "python -m tf_happywhale.gallery add whales decisions.csv output=identified",
    "python -m tf_happywhale.gallery merge whales new-0003 00017",
    "python -m tf_happywhale.gallery verify whales",
]


def main(words: Sequence[str], overrides: list[str]) -> None:
    """Do one verb."""
    from tf_happywhale.config import load_experiment
    from tf_happywhale.galleries.gallery_folder import open_gallery

    verb, first, *rest = words
    if verb == "build":
        build(Path(first), Path(rest[0]).expanduser(), Path(rest[1]).expanduser(), overrides)
        return
    settings, folder = load_experiment(None, overrides), Path(first).expanduser()
    if verb == "add":
        add(settings, folder, Path(rest[0]).expanduser())
    elif verb == "verify":
        verify(settings, folder)
    elif verb == "info":
        info(open_gallery(folder))
    elif verb == "curate":
        curate(settings, open_gallery(folder))
    elif verb == "export":
        export(open_gallery(folder), Path(rest[0]).expanduser())
    else:
        change(open_gallery(folder), verb, rest)


def build(model: Path, catalogue: Path, folder: Path, overrides: list[str]) -> None:
    """Embed a catalogue folder; a gallery that exists is whole, and is never replaced."""
    from dataclasses import replace

    import numpy as np

    from tf_happywhale.detection.detector import find_detector
    from tf_happywhale.disk.files import atomic_write
    from tf_happywhale.disk.locks import locked
    from tf_happywhale.errors import Incomplete, InputError
    from tf_happywhale.galleries.gallery_folder import beside, make_gallery, open_gallery
    from tf_happywhale.inference.identifier import load_identifier
    from tf_happywhale.inference.reference_images import embed_catalogue

    with locked(folder, "building"):
        if folder.exists():
            raise InputError(f"There is a {folder} already: add to it, or name another folder.")
        experiment, identifier = load_identifier(model, overrides)
        detector = find_detector(experiment, identifier.home)
        embedded, failed = embed_catalogue(catalogue, identifier, experiment.data, detector)
        for image, reason in sorted(failed.items()):
            print(f"left out: {image}: {reason}")
        with atomic_write(folder) as making:
            pictures = beside(making, map(Path, embedded.columns["picture"].tolist()))
            columns = embedded.columns | {"picture": np.array(pictures, np.str_)}
            make_gallery(making, replace(embedded, columns=columns), catalogue)
    info(open_gallery(folder))
    if failed:
        raise Incomplete(
            f"The gallery is made without {len(failed)} images that cannot be read, listed above: "
            "replace the files, remove the gallery, and build it again, or use it without them."
        )


def add(settings: Experiment, folder: Path, file: Path) -> None:
    """Put decided matches into the catalogue and the gallery."""
    from tf_happywhale.catalogue.animals.animal_key import animal_words, count_animals
    from tf_happywhale.errors import InputError
    from tf_happywhale.galleries.adding import add_confirmed
    from tf_happywhale.galleries.decisions import check_identified, read_decisions
    from tf_happywhale.galleries.queries import PhotographFinder, load_queries, short_content
    from tf_happywhale.places import output_folder

    output, elsewhere = output_folder(settings), settings.identify.photographs
    queries = load_queries(output)
    keys = queries.image.tolist()
    decisions = read_decisions(file, settings.data.encoding, keys)
    decided = decisions.decided
    if not decided:
        raise InputError(
            f"{file} decides on nothing: it has no row with the decision match or new, so there is "
            "nothing to add."
        )
    boxes = dict(zip(keys, queries.column("box").tolist(), strict=True))
    contents = dict(zip(keys, map(short_content, queries.column("content").tolist()), strict=True))
    check_identified(file, boxes, contents, settings.data.encoding)
    elsewhere = None if elsewhere is None else Path(elsewhere).expanduser()
    added = add_confirmed(
        folder,
        queries,
        decided,
        settings.data,
        decisions.matched,
        decisions.new,
        PhotographFinder(queries, output, elsewhere).path,
    )
    total = len(added.confirmed)
    counts = count_animals(keys)
    for one in added.confirmed:
        if decided.get(one.key) == "new_individual":
            print(f"{animal_words(one.key, counts)}: a new individual, {one.individual_id}")
    for what, count in (("catalogue", added.rows), ("gallery", added.images)):
        if count is not None:
            print(f"{what}: {count} images added, {total - count} were there already")


def info(gallery: Gallery) -> None:
    """Print what is in a gallery."""
    from collections import Counter

    images = gallery.images()
    per = Counter(images.individual_id.tolist())
    once = sum(count == 1 for count in per.values())
    print(f"gallery {gallery.folder}")
    print(f"  {len(gallery)} images of {len(per)} individuals, {once} of them with one image")
    species = {}
    for kind, who in zip(images.column("species"), images.individual_id, strict=True):
        species.setdefault(str(kind), set()).add(str(who))
    for kind, whom in sorted(species.items()):
        if kind:
            print(f"  {kind.replace('_', ' ')}: {len(whom)} individuals")
    print(f"  embedded by model {gallery.about['model'][:12]}, {gallery.about['preprocess']} px")
    if gallery.catalogue is not None:
        print(f"  catalogue: {gallery.catalogue}")


def verify(settings: Experiment, folder: Path) -> None:
    """Print what is wrong with a gallery, its pictures and its catalogue; InputError if anything
    is."""
    from tf_happywhale.errors import InputError
    from tf_happywhale.galleries.gallery_faults import find_faults

    found, images = find_faults(folder, settings.data)
    for sentence in found:
        print(sentence)
    if found:
        count = "1 fault" if len(found) == 1 else f"{len(found)} faults"
        raise InputError(f"{folder} has {count}, listed above.")
    print(f"{folder}: {images} images, nothing wrong")


def change(gallery: Gallery, verb: str, words: Sequence[str]) -> None:
    """Correct a gallery; its catalogue is left as it is."""
    from tf_happywhale.catalogue.animals.identities import lookalike_of, spelled_out

    work = {
        "remove": gallery.remove,
        "rename": gallery.rename,
        "merge": gallery.merge,
        "drop": gallery.remove_image,
        "move": gallery.move_image,
    }
    changed = work[verb](*words)
    twin = lookalike_of(words[-1], set(changed.individual_id.tolist()))
    if verb in ("rename", "move") and twin is not None:
        print(
            f"{spelled_out(words[-1])} looks like {spelled_out(twin)}: if they are one, merge them"
        )
    print(f"gallery {gallery.folder}: {len(gallery)} images before, {len(changed)} now")
    if gallery.catalogue is not None:
        print(f"the catalogue in {gallery.catalogue} was left as it is: correct it there too")


def curate(settings: Experiment, gallery: Gallery) -> None:
    """Write the curators' page, and its lists as tables."""
    from dataclasses import fields

    import pandas as pd

    from tf_happywhale.catalogue.animals.animal_key import key_columns
    from tf_happywhale.disk.files import write_csv
    from tf_happywhale.galleries.curation import (
        Odd,
        flat_map,
        suspected_duplicates,
        suspected_errors,
    )
    from tf_happywhale.places import output_folder
    from tf_happywhale.review.curation_page import Curation, write_curation
    from tf_happywhale.review.query_pictures import picture_reader

    images, folder = gallery.images(), output_folder(settings) / "curation"
    pairs = suspected_duplicates(images, settings.curate.count)
    odd = suspected_errors(images, settings.curate.count)
    flat = flat_map(images.embedding, settings.curate.map, settings.seed)
    thumbnail = settings.report.thumbnail
    page = write_curation(
        folder,
        Curation(images, str(gallery.folder), flat, pairs, odd),
        picture_reader(images, thumbnail),
        thumbnail,
    )
    duplicates = {
        "individual_id": [pair.individual_ids[0] for pair in pairs],
        "other_id": [pair.individual_ids[1] for pair in pairs],
        **key_columns([pair.images[0] for pair in pairs]),
        **key_columns([pair.images[1] for pair in pairs], "other_"),
        "score": [f"{pair.score:.6f}" for pair in pairs],
    }
    write_csv(folder / "duplicates.csv", pd.DataFrame(duplicates))
    errors = {field.name: [getattr(one, field.name) for one in odd] for field in fields(Odd)}
    for prefix in ("", "own_", "other_"):
        errors |= key_columns(errors[f"{prefix}image"], prefix)
    write_csv(folder / "errors.csv", pd.DataFrame(errors))
    print(f"look at {page}; the lists are duplicates.csv and errors.csv beside it")


def export(gallery: Gallery, file: Path) -> None:
    """Write the gallery's images as a catalogue, with the boxes where images show several."""
    import pandas as pd

    from tf_happywhale.catalogue.animals.animal_key import BOX_NUMBER, key_columns
    from tf_happywhale.catalogue.boxes.box_text import COLUMNS, box_cells
    from tf_happywhale.disk.files import write_csv

    images = gallery.images()
    further = [name for name in ("encounter", "date", "viewpoint") if name in images.columns]
    keys = key_columns(images.image.tolist())
    several = any(number != "1" for number in keys[BOX_NUMBER])
    table = keys if several else {"image": keys["image"]}
    table |= {"species": images.column("species"), "individual_id": images.individual_id}
    table |= {name: images.columns[name] for name in further}
    if several:
        cells = [box_cells(box) for box in images.column("box").tolist()]
        table |= {name: [row[name] for row in cells] for name in COLUMNS}
    write_csv(file, pd.DataFrame(table))
    print(f"{file}: {len(images)} images")
    if several:
        print("some photographs show several animals: their boxes are in the same table")


if __name__ == "__main__":
    command_of_places(main, "gallery", __doc__, EXAMPLES, VERBS)
