"""The annotated photographs in YOLO's format: upright, shrunk, with boxes in text files."""

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
) -> None:
    """Write `images/`, `labels/`, and for each fold `fold<k>.yaml` with its lists of pictures.

    `left_out.csv` has the image and the reason of photographs that cannot be read or have no box
    inside; `pictures.csv` has the file, image and fold of the others.

    Args:
        folder: replaced if it exists.
        photographs: path by name.
        annotations: of some of them.
        folds: of each annotated photograph.
        longest: longer side of the pictures, pixels.

    Raises:
        InputError: a fold would be empty.
    """
    sources = sorted({source for boxes in annotations.values() for source, _ in boxes})
    with atomic_write(folder) as temporary:
        mark_own_output(temporary)
        reasons = _write_pictures(temporary, photographs, annotations, sources, longest)
        files = {name: f"{number:06d}.jpg" for number, name in enumerate(reasons)}
        written = {name: file for name, file in files.items() if not reasons[name]}
        for fold in sorted(set(folds.values())):
            _write_fold(temporary, folder.resolve(), fold, written, folds)
            about = {
                "path": str(folder.resolve()),
                "train": f"fold{fold}-train.txt",
                "val": f"fold{fold}-val.txt",
                "names": dict(enumerate(sources)),
            }
            text = yaml.safe_dump(about, allow_unicode=True)
            write_text(temporary / f"fold{fold}.yaml", text)
        left_out = [[name, reason] for name, reason in reasons.items() if reason]
        write_csv(temporary / LEFT_OUT, pd.DataFrame(left_out, columns=["image", "reason"]))
        rows = [[file, name, str(folds[name])] for name, file in written.items()]
        write_csv(temporary / PICTURES, pd.DataFrame(rows, columns=["file", "image", "fold"]))


def _write_pictures(
    folder: Path,
    photographs: Mapping[str, Path],
    annotations: Annotations,
    sources: list[str],
    longest: int,
) -> dict[str, str]:
    """Write the pictures and label files; return by name why one is left out, else an empty text.

    The pictures are numbered in the order of the result.
    """
    for kind in ("images", "labels"):
        (folder / kind).mkdir(parents=True)
    names = sorted(annotations)

    def write(numbered: tuple[int, str]) -> str:
        number, name = numbered
        file = folder / "images" / f"{number:06d}.jpg"
        return _write_one(file, photographs[name], annotations[name], sources, longest)

    with ThreadPoolExecutor(usable_cores()) as pool:
        jobs = pool.map(write, enumerate(names))
        reasons = list(tqdm(jobs, desc="training photographs", total=len(names), unit="img"))
    return dict(zip(names, reasons, strict=True))


def _write_one(
    file: Path, path: Path, boxes: list[tuple[str, AnyBox]], sources: list[str], longest: int
) -> str:
    """Write one picture and its label file; return why it is left out, else an empty text."""
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
        return f"None of its boxes lies inside its {width}×{height} pixels."
    file.write_bytes(encode_jpeg(picture, QUALITY))
    label = file.parent.with_name("labels") / f"{file.stem}.txt"
    label.write_text("".join(lines), encoding="utf-8")
    return ""


def _write_fold(
    temporary: Path, home: Path, fold: int, written: Mapping[str, str], folds: Mapping[str, int]
) -> None:
    """Write the lists of pictures that a fold's model is trained and measured on."""
    lists = {
        "train": [file for name, file in written.items() if folds[name] != fold],
        "val": [file for name, file in written.items() if folds[name] == fold],
    }
    for split, files in lists.items():
        if not files:
            purpose = "train" if split == "train" else "measure the model"
            raise InputError(
                f"Fold {fold} of the annotated photographs has nothing to {purpose} on, because "
                "the other photographs cannot be read: annotate more, or lower detect.folds."
            )
        lines = "".join(f"{home / 'images' / file}\n" for file in files)
        write_text(temporary / f"fold{fold}-{split}.txt", lines)
