"""Command: show how a file of boxes is read, and which of its rows are not used."""

from __future__ import annotations

from collections.abc import Sequence

from tf_happywhale.cli import command_of_places

PLACES = {
    "": (
        "BOXES FOLDER...",
        "BOXES   a table, JSON of COCO, MegaDetector, LabelMe or VIA, VOC's XML, or a folder of\n"
        "        LabelMe's, VOC's or YOLO's files\n"
        "FOLDER  folders of photographs, or photographs",
    )
}
EXAMPLES = [
    "python -m tf_happywhale.boxes detections.json new_photographs",
    "python -m tf_happywhale.boxes boxes.csv train_images test_images data.boxes_format=xywh",
]


def main(words: Sequence[str], overrides: list[str]) -> None:
    """Print what is read, and each row that names no photograph."""
    from collections import Counter
    from pathlib import Path

    from tf_happywhale.catalogue.boxes.match_photographs import match_rows
    from tf_happywhale.catalogue.boxes.read_boxes import read_box_rows
    from tf_happywhale.catalogue.photographs.photos import find_photos
    from tf_happywhale.catalogue.tables.reading import reading_of
    from tf_happywhale.config import load_experiment
    from tf_happywhale.errors import InputError
    from tf_happywhale.pictures.box_fit import misfits

    file, folders = Path(words[0]).expanduser(), words[1:]
    rows = read_box_rows(file, reading_of(load_experiment(None, overrides).data))
    photographs = {photo.image: photo.path for photo in find_photos(folders)}
    found = match_rows(rows, photographs, [file.parent])
    boxed = [row for row in found.rows if row.box]
    counts = Counter(row.source or "(not said)" for row in boxed)
    sources = ", ".join(f"{source} {count}" for source, count in sorted(counts.items()))
    print(
        f"{file}: {len(rows)} rows, {len(boxed)} boxes on {len({r.image for r in boxed})} of "
        f"{len(photographs)} photographs; what is in them: {sources or 'nothing'}"
    )
    for row in boxed[:1]:
        box = row.box
        print(
            f"the first: {row.where}: {row.image}, from left {box.xmin}, top {box.ymin} "
            f"to right {box.xmax}, bottom {box.ymax}"
        )
    for sentence in misfits((row.image, photographs[row.image], row.box) for row in boxed):
        print(sentence)
    if found.others:
        print(f"{len(found.others)} rows are of pictures that you did not name")
    for row in found.unknown:
        print(f"not used: {row.where}: there is no photograph {row.image[:80]!r}")
    if not found.rows:
        raise InputError(
            f"{file} names none of the photographs; one of them is "
            f"{next(iter(photographs))[:80]!r}."
        )


if __name__ == "__main__":
    command_of_places(main, "boxes", __doc__, EXAMPLES, PLACES)
