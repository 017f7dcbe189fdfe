from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.retrieval.conftest import embed
from tf_happywhale.errors import InputError
from tf_happywhale.retrieval.side import make_side

ABOUT = {"model": "m1", "trained_on": "r; folds 1 of 01234567", "view": "original"}


def test_mirrored_embeddings_must_be_the_same_models_images_and_individuals() -> None:
    images = ["a", "b"]
    original = embed([0, 40], images, ["1", "2"], ABOUT)
    right = embed([1, 41], images, ["1", "2"], ABOUT | {"view": "mirrored"})
    assert make_side([original], images, [right.take(np.array([1, 0]))]).mirrored_rows[0][0] == 1
    for wrong in (
        replace(right, about=right.about | {"model": "m2"}),
        replace(right, about=right.about | {"trained_on": "r; folds 0 1 of 01234567"}),
        replace(right, about=ABOUT),
        replace(right, individual_id=np.array(["1", "3"])),
        replace(right, image=np.array(["a", "c"])),
    ):
        with pytest.raises(InputError, match="mirrored embeddings of model 1 are not"):
            make_side([original], images, [wrong])
