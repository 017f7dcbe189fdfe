"""What several test files share: a small pod, drawn once, and a quick experiment on it."""

from __future__ import annotations

import os
from pathlib import Path

import hypothesis
import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# How long an example takes says how busy the machine is, not whether the code is right.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

QUICK = [
    "name=quick",
    "seed=3",
    "image_size=32",
    "records.source=backfin",
    "model.weights=none",
    "model.embedding_size=16",
    "train.epochs=1",
    "train.batch_size=8",
    "embed.batch_size=16",
    "data.folds=3",
]


@pytest.fixture(scope="session")
def pod(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder of six known and two new individuals; tests must not change it."""
    from tf_happywhale.catalogue.pod.layout import write_pod

    root = tmp_path_factory.mktemp("data") / "pod"
    write_pod(
        root,
        seed=5,
        individuals=6,
        new_individuals=2,
        singletons=1,
        mean_images=5,
        test_images_per_individual=1.5,
        width=300,
        height=200,
        workers=2,
    )
    return root
