"""How far the ratings of candidates can be believed: promised and true, by rank.

The images that a model has left out of its training are asked of all others, as `POST /match` is
asked, and once more without their individual, when `new_individual` is right. Each fifth of the
individuals is rated by what the others have taught. The questions are weighted so that
rank.new_share are new. Expected calibration error: the mean distance of promised and true share in
ten bins.

    python benchmarks/ratings.py RUN
"""

from __future__ import annotations

import argparse
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from tf_happywhale.config import Rank
from tf_happywhale.inference.teaching.held_out import held_out
from tf_happywhale.retrieval.embeddings import load_embeddings
from tf_happywhale.retrieval.ensemble.left_out import without_own
from tf_happywhale.retrieval.new_individual.probability import PARTS, parts_of
from tf_happywhale.retrieval.new_individual.ratings import ratings
from tf_happywhale.retrieval.new_individual.reliability import expected_calibration_error
from tf_happywhale.retrieval.teaching.questions import Questions, ask
from tf_happywhale.retrieval.teaching.taught import teach
from tf_happywhale.retrieval.teaching.taught_ratings import learned_shares

SHOWN = 10  # individuals of an answer; the last column is new_individual
POSSIBLE = 0.02  # of those below there are many, and they hide the others


def rated(asked: Questions, taught_by: Questions, rank: Rank) -> tuple[np.ndarray, ...]:
    """Return ratings [n, SHOWN + 1] of questions by what others have taught, which of them are
    right, and whether the question is of a new individual."""
    learned = teach(taught_by, rank).learned
    shares = learned_shares(taught_by, learned)
    known = asked.take(asked.known)
    left_out = without_own(asked.ids, asked.score, asked.individual_ids)
    found = []
    for (ids, score), new in (((known.ids, known.score), False), (left_out, True)):
        p_new = learned.p_new(score)
        each = ratings(learned.p_right(score), p_new, shares(learned.line.standard(score)))
        right = np.zeros_like(each, bool) if new else ids == known.individual_ids[:, None]
        found.append((
            np.column_stack([each[:, :SHOWN], p_new]),
            np.column_stack([right[:, :SHOWN], np.full(len(each), new)]),
            np.full(len(each), new),
        ))  # fmt: skip
    return tuple(np.concatenate(column) for column in zip(*found, strict=True))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, help="run folder with embeddings/train.npz")
    args = parser.parse_args()
    rank, gallery = Rank(), load_embeddings(args.run / "embeddings/train.npz")
    questions = ask(gallery, None, held_out([SimpleNamespace(folder=args.run)], gallery))
    part = parts_of(questions.individual_ids)
    parts = [
        rated(questions.take(part == n), questions.take(part != n), rank) for n in range(PARTS)
    ]
    rating, right, new = (np.concatenate(column) for column in zip(*parts, strict=True))
    share = np.where(new, rank.new_share / new.sum(), (1 - rank.new_share) / (~new).sum())
    print(f"{(~new).sum()} questions of known and {new.sum()} of new animals")
    print(f"{'rank':>14}{'promised':>10}{'true':>8}{'error':>8}")
    for n in range(SHOWN + 1):
        mine, yes = rating[:, n], right[:, n].astype(float)
        error = expected_calibration_error(mine, yes, weights=share)
        name = "new_individual" if n == SHOWN else n + 1
        told, true = (np.average(values, weights=share) for values in (mine, yes))
        print(f"{name:>14}{told:>10.3f}{true:>8.3f}{error:>8.4f}")
    weights = np.repeat(share, SHOWN + 1)
    for least in (0, POSSIBLE):
        some = rating.ravel() >= least
        error = expected_calibration_error(
            rating.ravel()[some], right.ravel()[some], weights=weights[some]
        )
        print(f"all of at least {least}: error {error:.4f}")
    print(f"sum of an answer's ratings: at most {rating.sum(axis=1).max():.3f}")
    print(f"that fall with the rank: {(np.diff(rating[:, :SHOWN], axis=1) <= 0).all()}")


if __name__ == "__main__":
    main()
