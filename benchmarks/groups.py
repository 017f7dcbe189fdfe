"""How well images of unknown animals are grouped, beside scikit-learn's clusterings.

    python benchmarks/groups.py IMAGES... [--answers FILE] [--splits 10] [--json FILE]

IMAGES is a finished fold's run folder, of which the images count that its model did not train on
(with the answers of its test images these too), or an `.npz` of embeddings by a network that nobody
taught. Half of the individuals are known, and teach each method its threshold; the images of the
other half are grouped as if nobody knew them. That is done for random halves. Each peer has the
setting of its grid that groups the known half best (by the adjusted Rand index). A simulated
reviewer is then asked about the most uncertain pairs, ten at a time, and answers rightly.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
from sklearn.cluster import DBSCAN, HDBSCAN, AffinityPropagation, AgglomerativeClustering
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

from tf_happywhale.catalogue.animals.individuals import NEW_INDIVIDUAL
from tf_happywhale.catalogue.catalogue_table import read_answers
from tf_happywhale.catalogue.dataset import load_data
from tf_happywhale.config import load_experiment
from tf_happywhale.retrieval.embeddings import Embeddings, load_embeddings
from tf_happywhale.retrieval.fusion.compared import compared
from tf_happywhale.retrieval.fusion.evidence import usual_of_questions
from tf_happywhale.retrieval.fusion.fuse import learn_from_pairs
from tf_happywhale.retrieval.fusion.fused_scores import FusedScores
from tf_happywhale.retrieval.groups.grouping import join_images
from tf_happywhale.retrieval.groups.links import Links
from tf_happywhale.retrieval.groups.questions import uncertain_pairs
from tf_happywhale.retrieval.groups.threshold import learn_threshold
from tf_happywhale.retrieval.search.joined_rows import stack

DECISIONS, BATCH = (0, 20, 50, 100), 10
STEPS = 30  # of a peer's grid of thresholds
Cluster = Callable[[np.ndarray], np.ndarray]  # similarity [n, n] → group of each image


def images_of(path: Path, answers: Path | None) -> Embeddings:
    """The images whose individuals are taken for unknown."""
    if path.is_file():
        whole = load_embeddings(path)
        middle = whole.embedding - whole.embedding.mean(axis=0)
        return Embeddings(middle, whole.image, whole.individual_id)
    whole = load_embeddings(path / "embeddings" / "train.npz")
    data, fold = load_data(load_experiment(path / "config.yaml")), int(whole.about["fold"])
    left = whole.take(np.array([data.fold_of[image] == fold for image in whole.image.tolist()]))
    if answers is None:
        return left
    test, told = load_embeddings(path / "embeddings" / "test.npz"), read_answers(answers)
    ids = np.array([told[image] for image in test.image.tolist()], np.str_)
    test = replace(test, individual_id=ids).take(ids != NEW_INDIVIDUAL)
    return Embeddings(
        *(
            np.concatenate([getattr(part, name) for part in (left, test)])
            for name in ("embedding", "image", "individual_id")
        )
    )


def cosines_of(images: Embeddings) -> np.ndarray:
    rows = stack([images.embedding]).tile(slice(None))
    return (rows @ rows.T).astype(np.float64)


def probabilities(known: Embeddings, asked: Embeddings) -> tuple[np.ndarray, np.ndarray]:
    """P(one individual) of pairs of known images, and of pairs of others, by what is usual."""

    def nothing(images: int):
        return compared(images, np.zeros((0, 2), np.int64), np.zeros((0, 3), np.float32))

    lessons = learn_from_pairs(known, nothing(len(known)), np.arange(len(known)))
    theirs, ours = stack([asked.embedding]), stack([known.embedding])
    usual = usual_of_questions(theirs, ours, nothing(len(asked)))
    whole, first = [lessons.calibrations.whole], np.zeros(len(asked), np.int64)
    scores = FusedScores(theirs, theirs, nothing(len(asked)), usual, usual, whole, first)
    return lessons.own(np.arange(len(known))), scores(np.arange(len(asked)))


def ours(similarity: np.ndarray, who: np.ndarray, images: int, linkage: str) -> Cluster:
    learned = learn_threshold(similarity, who, images, linkage)

    def cluster(others: np.ndarray) -> np.ndarray:
        names = [f"{row:05d}" for row in range(len(others))]
        return join_images(names, others, None, linkage).cut(learned.threshold).number

    return cluster


def peers() -> Iterable[tuple[str, list[Cluster]]]:
    """Each clustering of scikit-learn, with the settings of its grid."""

    def agglomerative(away: float) -> Cluster:
        made = AgglomerativeClustering(
            None, metric="precomputed", linkage="average", distance_threshold=away
        )
        return lambda s: made.fit_predict(distance(s))

    def dbscan(away: float, least: int) -> Cluster:
        made = DBSCAN(eps=away, min_samples=least, metric="precomputed")
        return lambda s: alone(made.fit_predict(distance(s)))

    def hdbscan(size: int, least: int, method: str) -> Cluster:
        made = HDBSCAN(
            min_cluster_size=size,
            min_samples=least,
            metric="precomputed",
            cluster_selection_method=method,
            copy=True,
        )  # its cluster_selection_epsilon fails in scikit-learn 1.9
        return lambda s: alone(made.fit_predict(distance(s)))

    def affinity(quantile: float) -> Cluster:
        def cluster(s: np.ndarray) -> np.ndarray:
            made = AffinityPropagation(
                damping=0.8,
                affinity="precomputed",
                preference=np.quantile(s, quantile),
                random_state=0,
            )
            return alone(made.fit_predict(s))

        return cluster

    grid = np.linspace(0.02, 1.0, STEPS).tolist()
    yield "scikit-learn's average linkage", [agglomerative(away) for away in grid]
    yield "DBSCAN", [dbscan(away, least) for away in grid for least in (2, 3)]
    kinds = [
        (size, least, kind) for size in (2, 3) for least in (1, 2, 3) for kind in ("eom", "leaf")
    ]
    yield "HDBSCAN", [hdbscan(*one) for one in kinds]
    yield "affinity propagation", [affinity(q) for q in (0.5, 0.8, 0.95, 0.99, 0.995)]


def distance(similarity: np.ndarray) -> np.ndarray:
    away = np.clip(1 - similarity, 0, None)
    np.fill_diagonal(away, 0)
    return away


def alone(labels: np.ndarray) -> np.ndarray:
    """Noise as groups of one image each."""
    noise = labels < 0
    labels = labels.copy()
    labels[noise] = labels.max(initial=0) + 1 + np.arange(noise.sum())
    return labels


def best_of(settings: list[Cluster], similarity: np.ndarray, who: np.ndarray) -> Cluster:
    return max(settings, key=lambda one: adjusted_rand_score(who, one(similarity)))


def reviewed(known: np.ndarray, who: np.ndarray, asked: np.ndarray, truth: np.ndarray):
    """Groups after each number of `DECISIONS`."""
    threshold = learn_threshold(known, who, len(truth)).threshold
    names = [f"{row:05d}" for row in range(len(truth))]
    of, links, seen = dict(zip(names, truth.tolist(), strict=True)), Links(), set()
    for decided in range(0, DECISIONS[-1] + 1, BATCH):
        joined = join_images(names, asked, links)
        if decided in DECISIONS:
            yield f"{decided} decisions", joined.cut(threshold).number
        pairs = uncertain_pairs(joined, threshold, BATCH, seen)
        seen |= set(map(frozenset, pairs))
        same = [of[a] == of[b] for a, b in pairs]
        must = [pair for pair, one in zip(pairs, same, strict=True) if one]
        links += Links(must, [pair for pair, one in zip(pairs, same, strict=True) if not one])


def one_split(images: Embeddings, seed: int) -> dict[str, tuple[float, float]]:
    """Adjusted Rand index and adjusted mutual information of each method."""
    ids = np.random.default_rng(seed).permutation(np.unique(images.individual_id))
    first = np.isin(images.individual_id, ids[: len(ids) // 2])
    known, asked = images.take(first), images.take(~first)
    who, truth = known.individual_id, asked.individual_id
    cosine, theirs = cosines_of(known), cosines_of(asked)
    chance, their_chance = probabilities(known, asked)
    found = {
        "ours": ours(cosine, who, len(truth), "average")(theirs),
        "ours, connected components": ours(cosine, who, len(truth), "connected")(theirs),
        "ours, of calibrated cosines": ours((chance + chance.T) / 2, who, len(truth), "average")(
            (their_chance + their_chance.T) / 2
        ),
    }
    for name, settings in peers():
        found[name] = best_of(settings, cosine, who)(theirs)
    found |= dict(reviewed(cosine, who, theirs, truth))
    return {
        name: (adjusted_rand_score(truth, group), adjusted_mutual_info_score(truth, group))
        for name, group in found.items()
    }


def main() -> None:
    """Print a table for each set of images."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("images", type=Path, nargs="+")
    parser.add_argument("--answers", type=Path, help="image,individual_id of the test images too")
    parser.add_argument("--splits", type=int, default=10)
    parser.add_argument("--json", type=Path)
    given, results = parser.parse_args(), {}
    warnings.simplefilter("ignore")  # of peers that do not converge
    for path in given.images:
        images, started = images_of(path, given.answers), time.monotonic()
        count = len(np.unique(images.individual_id))
        print(f"{path}: {len(images)} images of {count} individuals", flush=True)
        splits = [one_split(images, seed) for seed in range(given.splits)]
        results[str(path)] = splits
        for name in splits[0]:
            rand, information = np.array([split[name] for split in splits]).T
            print(
                f"  {name}: adjusted Rand {rand.mean():.3f} ± {rand.std():.3f}, "
                f"AMI {information.mean():.3f} ± {information.std():.3f}"
            )
        print(f"  {time.monotonic() - started:.0f} s", flush=True)
    if given.json:
        given.json.write_text(json.dumps(results, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
