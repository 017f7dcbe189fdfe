"""The annotated photographs that the detector is trained on, and their folds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from tf_happywhale.catalogue.boxes.box import WHOLE, AnyBox
from tf_happywhale.catalogue.boxes.box_rows import BoxRow, rank_row
from tf_happywhale.catalogue.boxes.match_photographs import rows_of_photographs
from tf_happywhale.catalogue.boxes.read_boxes import read_box_rows
from tf_happywhale.catalogue.tables.reading import reading_of
from tf_happywhale.config import Experiment
from tf_happywhale.errors import InputError
from tf_happywhale.places import data_root

Annotations = dict[str, list[tuple[str, AnyBox]]]  # source and box, by image


def read_annotations(experiment: Experiment, photographs: Mapping[str, Path]) -> Annotations:
    """Return the boxes to learn from, by image.

    The source of a row that names none is the one that `detect.annotations` (or `data.boxes`) gives
    for the file, else `records.source`. If a person drew the box of an image and source, all other
    boxes of this image and source are left out.

    Args:
        experiment: its config.
        photographs: path by name.

    Raises:
        InputError: there are no annotations, none of the wanted sources, or a source is unknown.
    """
    annotations: Annotations = {}
    files = _annotation_files(experiment)
    for source, path in files:
        rows = read_box_rows(path, reading_of(experiment.data))
        if source == WHOLE and any(not row.source for row in rows):
            raise InputError(
                f"{path} does not say what its boxes show: name it, such as "
                "detect.annotations={fullbody: FILE}."
            )
        rows = rows_of_photographs(rows, photographs, path)
        for image, name, box in _boxes(rows, source):
            annotations.setdefault(image, []).append((name, box))
    wanted = experiment.detect.sources
    if wanted:
        kept = {
            image: [(source, box) for source, box in boxes if source in wanted]
            for image, boxes in annotations.items()
        }
        annotations = {image: boxes for image, boxes in kept.items() if boxes}
    if not annotations:
        names = ", ".join(str(path) for _, path in files)
        what = f" of source {' or '.join(wanted)}" if wanted else ""
        raise InputError(
            f"{names} has no box{what} on a photograph of {data_root(experiment)}: correct "
            "data.root, detect.annotations, detect.sources, or the image names in the file."
        )
    return annotations


def describe(annotations: Annotations) -> str:
    """Return a sentence with the numbers of photographs and of boxes of each source."""
    counts = Counter(source for boxes in annotations.values() for source, _ in boxes)
    listed = ", ".join(f"{source} {count}" for source, count in sorted(counts.items()))
    return f"detect: boxes to learn from on {len(annotations)} photographs: {listed}"


def deal_folds(images: Iterable[str], folds: int, seed: int) -> dict[str, int]:
    """Return the fold of each annotated image, drawn at random by the seed.

    Raises:
        InputError: there are fewer images than folds.
    """
    images = sorted(images)
    if len(images) < folds:
        raise InputError(
            f"{len(images)} annotated photographs do not make {folds} folds: annotate more, or "
            "lower detect.folds."
        )
    order = np.random.default_rng([seed, 0xB0C5]).permutation(len(images))
    return {images[row]: place % folds for place, row in enumerate(order.tolist())}


def _annotation_files(experiment: Experiment) -> Sequence[tuple[str, Path]]:
    """Return each table or folder of annotations, with the source of rows that name none."""
    root, given = data_root(experiment), experiment.detect.annotations
    given = experiment.data.boxes if given is None else given
    if isinstance(given, Mapping):
        return [(source, root / name) for source, name in given.items()]
    if given is None and not (root / "boxes.csv").is_file():
        raise InputError(
            f"There are no boxes to learn from: put boxes.csv into {root}, or name a file in "
            "detect.annotations."
        )
    return [(experiment.records.source, root / (given or "boxes.csv"))]


def _boxes(rows: Sequence[BoxRow], source: str) -> Iterable[tuple[str, str, AnyBox]]:
    """Yield image, source and box of the rows that count; `source` is that of rows without one."""
    groups: dict[tuple[str, str], list[BoxRow]] = {}
    for row in rows:
        groups.setdefault((row.image, row.source or source), []).append(row)
    kept = {id(row) for group in groups.values() for row in _counting(group)}
    for row in rows:
        if row.box and id(row) in kept:
            yield row.image, row.source or source, row.box


def _counting(rows: Sequence[BoxRow]) -> Iterable[BoxRow]:
    """Return the rows of one image and source that count.

    If animals are numbered, it is the best row of each; else a person's rows, if there are any.
    """
    if not any(row.number for row in rows):
        return [row for row in rows if row.manual] or rows
    best: dict[int, BoxRow] = {}
    for row in rows:
        number = row.number or 1
        if number not in best or rank_row(row) >= rank_row(best[number]):
            best[number] = row
    return best.values()
