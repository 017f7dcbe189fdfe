"""The annotated photographs as YOLO wants them: upright, shrunk once, boxes in text files."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import yaml
from tqdm import tqdm

from tf_happywhale.catalogue.boxes.box import AnyBox
from tf_happywhale.catalogue.photographs.own_output import mark_own_output
from tf_happywhale.cores import usable_cores
from tf_happywhale.detection.annotations import Annotations
from tf_happywhale.detection.letterbox import read_photograph
from tf_happywhale.disk.files import atomic_write, write_csv, write_text
from tf_happywhale.errors import InputError
from tf_happywhale.pictures.pixels import encode_jpeg

QUALITY = 95
LEFT_OUT = "left_out.csv"
PICTURES = "pictures.csv"


def write_training_set(
    folder: Path,
    photographs: Mapping[str, Path],
    annotations: Annotations,
    folds: Mapping[str, int],
    *,
    longest: int,
) -> pd.DataFrame:
    """Write `images/`, `labels/`, and for each fold `fold<k>.yaml` with its lists of pictures.

    Args:
        folder: made again.
        photographs: path by name.
        annotations: of some of them.
        folds: of each annotated one.
        longest: side of the pictures, pixels.

    Returns:
        `left_out.csv`: image and reason of those that cannot be read, or have no box inside.

    Raises:
        InputError: a fold would be empty.
    """
    sources = annotated_sources(annotations)
    names = sorted(annotations)
    with atomic_write(folder) as temporary:
        mark_own_output(temporary)
        for kind in ("images", "labels"):
            (temporary / kind).mkdir(parents=True)

        def write(numbered: tuple[int, str]) -> str:
            number, name = numbered
            file = temporary / "images" / f"{number:06d}.jpg"
            return _write_one(file, photographs[name], annotations[name], sources, longest)

        with ThreadPoolExecutor(usable_cores()) as pool:
            jobs = pool.map(write, enumerate(names))
            reasons = list(tqdm(jobs, desc="training photographs", total=len(names), unit="img"))
        written = {
            name: f"{number:06d}.jpg"
            for number, (name, reason) in enumerate(zip(names, reasons, strict=True))
            if not reason
        }
        for fold in sorted(set(folds.values())):
            _write_fold(temporary, folder, fold, written, folds, sources)
        left_out = [[name, why] for name, why in zip(names, reasons, strict=True) if why]
        table = pd.DataFrame(left_out, columns=["image", "reason"])
        write_csv(temporary / LEFT_OUT, table)
        pictures = [[file, name, str(folds[name])] for name, file in written.items()]
        columns = ["file", "image", "fold"]
        write_csv(temporary / PICTURES, pd.DataFrame(pictures, columns=columns))
    return table


def annotated_sources(annotations: Annotations) -> list[str]:
    """What the detector tells apart, in the order of its classes."""
    return sorted({source for boxes in annotations.values() for source, _ in boxes})


def _write_one(
    file: Path, path: Path, boxes: list[tuple[str, AnyBox]], sources: list[str], longest: int
) -> str:
    """Write one picture and its label file; why not, where it cannot be done."""
    try:
        picture, width, height = read_photograph(path, longest)
    except InputError as error:
        return str(error)
    inside = [(source, box.clip(width, height)) for source, box in boxes]
    lines = [
        f"{sources.index(source)} {(box.xmin + box.xmax) / 2 / width:.6f} "
        f"{(box.ymin + box.ymax) / 2 / height:.6f} {(box.xmax - box.xmin) / width:.6f} "
        f"{(box.ymax - box.ymin) / height:.6f}\n"
        for source, box in inside
        if box
    ]
    if not lines:
        return f"No box of it lies inside its {width}×{height} pixels."
    file.write_bytes(encode_jpeg(picture, QUALITY))
    label = file.parent.with_name("labels") / f"{file.stem}.txt"
    label.write_text("".join(lines), encoding="utf-8")
    return ""


def _write_fold(
    temporary: Path,
    folder: Path,
    fold: int,
    written: Mapping[str, str],
    folds: Mapping[str, int],
    sources: list[str],
) -> None:
    """The lists of pictures a fold's model trains on and is judged by, and YOLO's description."""
    home = folder.resolve()
    lists = {
        "train": [file for name, file in written.items() if folds[name] != fold],
        "val": [file for name, file in written.items() if folds[name] == fold],
    }
    for split, files in lists.items():
        if not files:
            raise InputError(
                f"Fold {fold} of the annotated photographs would have nothing to {split} on, since "
                "the others cannot be read: annotate more, or lower detect.folds."
            )
        lines = "".join(f"{home / 'images' / file}\n" for file in files)
        write_text(temporary / f"fold{fold}-{split}.txt", lines)
    about = {
        "path": str(home),
        "train": f"fold{fold}-train.txt",
        "val": f"fold{fold}-val.txt",
        "names": dict(enumerate(sources)),
    }
    write_text(temporary / f"fold{fold}.yaml", yaml.safe_dump(about, allow_unicode=True))
