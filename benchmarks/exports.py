"""A trained model in each format that `export` writes: its size, its speed, and what it loses.

    python benchmarks/exports.py RUN [data.root=DIR]

RUN is a finished fold's run folder. Each format is made as `export` makes it; LiteRT's int8 learns
from pictures of the other folds. The fold's images of known individuals are embedded by the format
and asked of the other folds' images, embedded by Keras, as on a telephone that carries a gallery
from a computer. Speeds are medians of turns, one format after the other, of single pictures and of
eight; the cosine with Keras is that of all asked images.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from tqdm import tqdm

from tf_happywhale.catalogue.dataset import DataSet, load_data
from tf_happywhale.disk.files import write_json
from tf_happywhale.inference import exporting
from tf_happywhale.inference.embedding.shots import Shot, read_shot
from tf_happywhale.inference.engines import litert
from tf_happywhale.inference.engines.conversion import convert
from tf_happywhale.inference.engines.runtimes import FILES, by_keras, load_engine
from tf_happywhale.inference.which_model.trained_models import TrainedModel, find_trained
from tf_happywhale.run_folders.model_files import load_model

FORMATS = (
    ("keras", "float32"), ("onnx", "float32"), ("openvino", "float32"), ("openvino", "bfloat16"),
    ("litert", "float32"), ("litert", "float16"), ("litert", "int8"),
)  # fmt: skip
PARTS = {  # the files of a format
    ("keras", "float32"): "model.keras",
    ("onnx", "float32"): "model.onnx",
    ("openvino", "float32"): "openvino/model.*",
    ("openvino", "bfloat16"): "openvino/half.*",
    **{("litert", precision): f"litert/{name}" for precision, name in litert.FILES.items()},
}
TURNS = 15


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("run", type=Path, metavar="RUN")
    parser.add_argument("keys", nargs="*", metavar="KEY=VALUE")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure here")
    args = parser.parse_args()
    _, (model,) = find_trained(args.run)
    data = load_data(find_trained(args.run, args.keys)[0])
    with TemporaryDirectory() as name:
        folder = Path(name)
        pictures = read(data, model, folder)
        inside = np.array([data.fold_of[i] == model.experiment.fold for i in data.images])
        engines = make(model, folder, pictures[np.flatnonzero(~inside)[::50][: exporting.TEACHING]])
        speeds = {few: speed(engines, pictures[:few]) for few in (1, 8)}
        gallery = embed(engines[FORMATS[0]], pictures[~inside], "gallery")
        rows = {one: embed(run, pictures[inside], " ".join(one)) for one, run in engines.items()}
        size = {
            one: sum(file.stat().st_size for file in folder.glob(PARTS[one])) / 1e6
            for one in engines
        }
    ids = np.array(data.individual_ids)
    known = np.isin(ids[inside], ids[~inside])
    print(f"{args.run}: {known.sum()} images are asked")
    print(
        f"{'':20}{'MB':>7}{'img/s':>8}{'by 8':>8}{'cosine':>9}{'worst':>9}{'mAP@5':>8}{'lost':>8}"
    )
    found, best = {}, None
    for one, own in rows.items():
        cosine = np.einsum("ij,ij->i", own, rows[FORMATS[0]])
        map5 = score(own[known], ids[inside][known], gallery, ids[~inside])
        best = map5 if best is None else best
        row = (size[one], speeds[1][one], speeds[8][one], np.median(cosine), cosine.min(), map5)
        print(f"{' '.join(one):20}" + "{:7.1f}{:8.1f}{:8.1f}{:9.5f}{:9.5f}{:8.3f}".format(*row)
              + f"{best - map5:8.3f}", flush=True)  # fmt: skip
        names = ("MB", "img/s", "img/s by 8", "cosine", "worst", "mAP@5")
        found[" ".join(one)] = dict(zip(names, map(float, row), strict=True))
    if args.json:
        write_json(args.json, {"run": str(args.run), "formats": found})


def read(data: DataSet, model: TrainedModel, folder: Path) -> np.ndarray:
    """The catalogue's crops as the model sees them, uint8 [n, s, s, 3], kept in a file."""
    side = model.sizes[1]
    kept = np.lib.format.open_memmap(
        folder / "pictures.npy", "w+", np.uint8, (len(data.images), side, side, 3)
    )
    for place, image in enumerate(tqdm(data.images, desc="reading", leave=False)):
        box = data.boxes.get(image)
        shot = Shot(image, data.train_folder / image, "", {model.primary: box} if box else {})
        kept[place] = read_shot(shot, model)[0][0]
    return kept


def make(model: TrainedModel, folder: Path, teaching: np.ndarray) -> dict[tuple, Callable]:
    """Every format as a function of pictures."""
    embedder = load_model(model.file)
    (folder / "model.keras").symlink_to(model.file.resolve())
    for engine in {engine for engine, _ in FORMATS if engine != "keras"}:
        convert(embedder, model.sizes[1], engine, folder / FILES[engine])
    litert.quantise(folder / FILES["litert"], teaching)
    return {
        one: by_keras(embedder) if one[0] == "keras" else load_engine(folder, *one)
        for one in FORMATS
    }


def speed(engines: dict[tuple, Callable], pictures: np.ndarray) -> dict[tuple, float]:
    """Pictures a second."""
    times: dict = {one: [] for one in engines}
    for forward in engines.values():
        forward(pictures)
    for _ in range(TURNS):
        for one, forward in engines.items():
            start = time.perf_counter()
            forward(pictures)
            times[one].append(time.perf_counter() - start)
    return {one: len(pictures) / statistics.median(taken) for one, taken in times.items()}


def embed(forward: Callable, pictures: np.ndarray, label: str) -> np.ndarray:
    """Embeddings of length 1 [n, d]."""
    starts = tqdm(range(0, len(pictures), 16), desc=label, leave=False)
    rows = np.concatenate([forward(pictures[start : start + 16]) for start in starts])
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def score(asked: np.ndarray, answer: np.ndarray, gallery: np.ndarray, ids: np.ndarray) -> float:
    """mAP@5 of pictures whose individuals are in the gallery, each by its nearest image there."""
    names, target = np.unique(ids, return_inverse=True)
    alike = asked @ gallery.T
    best = np.full((len(alike), len(names)), -np.inf, np.float32)
    np.maximum.at(best.T, target, alike.T)
    own = np.searchsorted(names, answer)
    rank = (best > best[np.arange(len(best)), own, None]).sum(axis=1) + 1
    return float(np.where(rank <= 5, 1 / rank, 0).mean())


if __name__ == "__main__":
    main()
