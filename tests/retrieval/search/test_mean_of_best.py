from __future__ import annotations

import numpy as np
import pytest

from tf_happywhale.retrieval.search.exact import Neighbours, nearest
from tf_happywhale.retrieval.search.joined_rows import Stack, stack
from tf_happywhale.retrieval.search.mean_of_best import START, mean_of_best


@pytest.mark.parametrize("off", [0.0, -5e-7, 5e-7])
def test_a_search_that_rounds_its_scores_hides_nobody(off: float) -> None:
    # all but the last image are equally alike; a library in float32 cannot tell it from them
    rows = np.tile(np.array([[0.5, 0.75**0.5]], np.float32), (START + 2, 1))
    rows[-1, 0] += 3e-7
    gallery, query = stack([rows]), stack([np.array([[1.0, 0.0]], np.float32)])
    labels = np.arange(len(rows))
    assert nearest(query, gallery, labels, 1).label[0, 0] == labels[-1]

    def library(asked: Stack, count: int) -> Neighbours:
        images = np.tile(labels[:count], (len(asked), 1))
        cosine = gallery.dot(images.ravel(), asked, np.repeat(np.arange(len(asked)), count))
        return Neighbours(images, cosine.reshape(images.shape) + off, images)

    found = mean_of_best(query, gallery, labels, 1, 2, library)
    assert found.label.tolist() == [[labels[-1]]]
