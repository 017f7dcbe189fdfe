"""Draw the picture of docs/evaluation.md from a finished demo."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from tf_happywhale.catalogue.dataset import load_data
from tf_happywhale.config import load_experiment
from tf_happywhale.retrieval.ensemble.members import load_labelled_gallery
from tf_happywhale.retrieval.ensemble.out_of_fold import join_scores, score_folds
from tf_happywhale.retrieval.new_individual.thresholds import best_threshold
from tf_happywhale.retrieval.submission import ANSWERS

FILE = Path(__file__).parent / "images" / "threshold.png"


def draw(experiment) -> None:
    """Write the picture: best scores of known and new individuals, and the threshold."""
    gallery = load_labelled_gallery(experiment, load_data(experiment))
    seen = join_scores(score_folds(gallery, [1.0], ANSWERS, experiment.rank)[0])
    best = seen.score[:, 0]
    share = experiment.rank.new_share
    threshold = best_threshold(seen.ids, seen.score, seen.truth, share, anywhere=True)
    figure = Figure(figsize=(7, 2.6), dpi=90, layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right", "left"]].set_visible(False)
    groups = [(seen.is_new, "#d1495b", "new", 0), (~seen.is_new, "#1f6f8b", "known", 1)]
    for rows, colour, name, height in groups:
        place = height + np.random.default_rng(0).uniform(-0.2, 0.2, int(rows.sum()))
        axes.scatter(best[rows], place, s=18, color=colour, alpha=0.8)
        axes.text(0.26, height, f"{name}\n{int(rows.sum())} images", color=colour, va="center")
    axes.axvline(threshold, color="black", linewidth=1)
    axes.text(threshold - 0.01, 1.45, '"new_individual" first', ha="right")
    axes.text(threshold + 0.01, 1.45, "best candidate first")
    axes.set(xlim=(0.25, 1.0), ylim=(-0.4, 1.7), yticks=[], xlabel="score of the best candidate")
    figure.savefig(FILE, metadata={"Software": None})


if __name__ == "__main__":
    draw(load_experiment("configs/demo.yaml"))
