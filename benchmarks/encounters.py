"""How often an encounter is taken apart because its photographs are certain of different animals.

    python benchmarks/encounters.py RUN_FOLDER ANSWERS

RUN_FOLDER is a finished fold with its embeddings, ANSWERS is `image,individual_id` of its test
photographs. Encounters are put together at random from those: of one animal (two to five
photographs; taking them apart is a false alarm) and of two (one to three of each).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from tf_happywhale.catalogue.catalogue_table import read_answers
from tf_happywhale.catalogue.dataset import load_data
from tf_happywhale.config import Rank, load_experiment
from tf_happywhale.retrieval.embeddings import load_embeddings
from tf_happywhale.retrieval.ensemble.ensemble_embeddings import make_ensemble
from tf_happywhale.retrieval.ensemble.labelled_gallery import LabelledGallery
from tf_happywhale.retrieval.ranking.learned import learn
from tf_happywhale.retrieval.search.candidates import rank_individuals
from tf_happywhale.retrieval.search.encounter_split import CERTAIN


def main() -> None:
    """Print both shares."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("answers", type=Path)
    given = parser.parse_args()
    data = load_data(load_experiment(given.run / "config.yaml"))
    known, asked = (
        load_embeddings(given.run / "embeddings" / f"{s}.npz") for s in ("train", "test")
    )
    known, ids = known.reorder(data.images), list(data.individual_ids)
    learned = learn(
        LabelledGallery(make_ensemble([known], data.images), ids, data.fold_of), [1.0], Rank()
    )
    found = rank_individuals(asked.embedding, known.embedding, ids, 10)
    best, sure = found.individual_id[:, 0], learned.p_right(found.score) >= CERTAIN
    answers = read_answers(given.answers)
    animals: dict[str, list[int]] = {}
    for row, image in enumerate(asked.image.tolist()):
        animals.setdefault(answers[image], []).append(row)
    animals.pop("new_individual", None)
    rng = np.random.default_rng(0)

    def apart(rows: list[int]) -> bool:
        return len({str(best[row]) for row in rows if sure[row]}) > 1

    def some(rows: list[int], count: int) -> list[int]:
        return rng.choice(rows, count, replace=False).tolist()

    one = [
        some(rows, size)
        for rows in animals.values()
        for size in range(2, min(5, len(rows)) + 1)
        for _ in range(10)
    ]
    two, rows_of = [], list(animals.values())
    for _ in range(2000):
        pair = [rows_of[n] for n in rng.choice(len(rows_of), 2, replace=False)]
        two.append([r for rows in pair for r in some(rows, min(len(rows), rng.integers(1, 4)))])
    for name, encounters in (("one animal", one), ("two animals", two)):
        share = np.mean([apart(rows) for rows in encounters])
        print(f"{len(encounters)} encounters of {name}: {share:.1%} are taken apart")
    right = np.mean([best[n] == answers[i] for n, i in enumerate(asked.image.tolist()) if sure[n]])
    print(f"{sure.mean():.0%} of the photographs are certain, {right:.1%} of these rightly")


if __name__ == "__main__":
    main()
