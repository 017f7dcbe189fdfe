"""Command: take confident predictions as labels for the next round of training."""

from __future__ import annotations

from tf_happywhale.cli import command
from tf_happywhale.config import Experiment, variants_of

EXAMPLES = [
    "python -m tf_happywhale.pseudo configs/right_whale_strong.yaml data.root=DIR",
    "python -m tf_happywhale.pseudo configs/demo.yaml pseudo.rounds=1 pseudo.confidence=0.8",
    "python -m tf_happywhale.pseudo configs/demo.yaml pseudo.rounds=2 pseudo.round=1",
]


def main(experiment: Experiment) -> None:
    """Label the images to identify for the next training of the experiment, or of its variants."""
    from tf_happywhale.training.pseudo_labels.labelling import label_folds

    for variant in variants_of(experiment):
        label_folds(variant)


if __name__ == "__main__":
    command(main, "pseudo", __doc__, EXAMPLES)
