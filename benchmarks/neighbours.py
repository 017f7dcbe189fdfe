"""What a fold's images gain if the pictures around them vote too.

    python benchmarks/neighbours.py RUN [RUN ...]

RUN is a finished fold's run folder with its embeddings. The fold's images of known individuals are
asked of the other folds' images. Their score with an individual is the cosine with its nearest
image; beside it stand the mean of its two or three best images, a soft maximum of all its images,
query expansion (Chum et al. 2007, weighted as by Radenović et al. 2018) by all pictures, and
diffusion over their nearest neighbours (Zhou et al. 2004). All pictures are the catalogue's and
those to identify.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from scipy import sparse

from tf_happywhale.catalogue.dataset import load_data
from tf_happywhale.config import load_experiment
from tf_happywhale.retrieval.embeddings import load_embeddings
from tf_happywhale.retrieval.metrics import interval, weighted_mean
from tf_happywhale.retrieval.search.joined_rows import stack

STEPS, FLOOR = 20, 1e-4  # of the diffusion, and of the share that is left


@dataclass(frozen=True)
class Fold:
    """One model's embeddings, L2-normalised float32 [·, d], and who is asked and compared."""

    gallery: np.ndarray
    asked: np.ndarray
    others: np.ndarray
    target: np.ndarray  # of each gallery image: a place in `names`
    answer: np.ndarray  # of each image that is asked: the same
    individuals: int


def fold_of(run: Path) -> Fold:
    train, test = (
        load_embeddings(run / "embeddings" / f"{split}.npz") for split in ("train", "test")
    )
    data, fold = load_data(load_experiment(run / "config.yaml")), int(train.about["fold"])
    inside = np.array([data.fold_of[image] == fold for image in train.image.tolist()])
    names, target = np.unique(train.individual_id[~inside], return_inverse=True)
    asked = np.flatnonzero(inside)
    asked = asked[np.isin(train.individual_id[asked], names)]
    rows = stack([train.embedding]).tile(slice(None))
    others = stack([test.embedding]).tile(slice(None))
    answer = np.searchsorted(names, train.individual_id[asked])
    return Fold(rows[~inside], rows[asked], others, target, answer, len(names))


def by_individual(scores: np.ndarray, fold: Fold, best: int = 1) -> np.ndarray:
    """The mean of each individual's best images [q, individuals], of scores [q, gallery]."""
    found = np.empty((len(scores), fold.individuals), scores.dtype)
    for who in range(fold.individuals):
        own = np.sort(scores[:, fold.target == who], axis=1)[:, -best:]
        found[:, who] = own.mean(axis=1)
    return found


def soft_maximum(scores: np.ndarray, fold: Fold, sharpness: float) -> np.ndarray:
    sums = np.zeros((len(scores), fold.individuals))
    np.add.at(sums.T, fold.target, np.exp(sharpness * scores).T)
    return np.log(sums)


def expanded(fold: Fold, alike: np.ndarray, neighbours: int, power: float) -> np.ndarray:
    """Scores of query expansion: each picture becomes a weighted mean with its nearest ones."""
    every = np.concatenate([fold.gallery, fold.asked, fold.others])
    near = np.argpartition(-alike, neighbours, axis=1)[:, :neighbours]
    weights = np.clip(np.take_along_axis(alike, near, 1), 0, None) ** power
    rows = every + np.einsum("nk,nkd->nd", weights, every[near])
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    first = len(fold.gallery)
    return rows[first : first + len(fold.asked)] @ rows[:first].T


def diffused(fold: Fold, alike: np.ndarray, neighbours: int, reach: float) -> np.ndarray:
    """Log shares [q, individuals] of a label that spreads over the nearest neighbours."""
    count = len(alike)
    near = np.argpartition(-alike, neighbours, axis=1)[:, :neighbours]
    weights = np.clip(np.take_along_axis(alike, near, 1), 0, None) ** 3
    rows = np.repeat(np.arange(count), neighbours)
    graph = sparse.csr_matrix((weights.ravel(), (rows, near.ravel())), shape=(count, count))
    graph = (graph + graph.T) / 2
    scale = sparse.diags(np.asarray(graph.sum(axis=1)).ravel().clip(1e-8) ** -0.5)
    graph = scale @ graph @ scale
    start = np.zeros((count, fold.individuals), np.float32)
    start[np.arange(len(fold.gallery)), fold.target] = 1
    spread = start
    for _ in range(STEPS):
        spread = reach * (graph @ spread) + start
    first = len(fold.gallery)
    found = spread[first : first + len(fold.asked)]
    return np.log(found / found.sum(axis=1, keepdims=True).clip(1e-9) + FLOOR)


def precisions(scores: np.ndarray, fold: Fold) -> np.ndarray:
    """The average precision of the first five individuals, for each image that is asked."""
    best = np.argsort(-scores, axis=1, kind="stable")[:, :5]
    return ((best == fold.answer[:, None]) / np.arange(1, 6)).sum(axis=1)


def ways(fold: Fold) -> Iterator[tuple[str, np.ndarray]]:
    scores = fold.asked @ fold.gallery.T
    plain = by_individual(scores, fold)
    yield "nearest image", plain
    for best in (2, 3):
        yield f"mean of the {best} best images", by_individual(scores, fold, best)
    for sharpness in (20, 40, 60):
        yield f"soft maximum, {sharpness}", soft_maximum(scores, fold, sharpness)
    every = np.concatenate([fold.gallery, fold.asked, fold.others])
    alike = every @ every.T
    np.fill_diagonal(alike, -1)
    for neighbours, power in ((2, 3), (2, 6), (5, 3)):
        rows = expanded(fold, alike, neighbours, power)
        yield f"expanded by {neighbours}, weight cosine^{power}", by_individual(rows, fold)
    for neighbours, reach in ((10, 0.5), (20, 0.8)):
        share = diffused(fold, alike, neighbours, reach)
        yield f"diffusion over {neighbours}, {reach}", share
        yield f"nearest image + 0.01 × diffusion over {neighbours}, {reach}", plain + 0.01 * share


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN")
    for run in parser.parse_args().runs:
        fold = fold_of(run)
        first = None
        print(f"{run}: {len(fold.answer)} images of known individuals")
        for name, scores in ways(fold):
            found = precisions(scores, fold)
            first = found if first is None else first
            gains = partial(weighted_mean, found - first)
            low, high = interval(gains, fold.answer.tolist(), seed=0)
            gain = f"{found.mean() - first.mean():+.3f} ({low:+.3f} to {high:+.3f})"
            print(f"  {found.mean():.3f}  {gain}  {name}")


if __name__ == "__main__":
    main()
