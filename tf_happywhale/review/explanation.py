"""What a score is based on, as pictures of the query beside a reference image."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tf_happywhale.catalogue.animals.animal_key import animal_words
from tf_happywhale.inference.explained.explain import Explainer
from tf_happywhale.inference.which_model.trained_models import TrainedModel
from tf_happywhale.pictures.resizing import resize
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.review.overlay import heat_pair, line_pair
from tf_happywhale.review.query_pictures import picture_reader

Pictures = list[tuple[str, np.ndarray]]


def why_of(
    model: TrainedModel, queries: Embeddings, gallery: Embeddings
) -> Callable[[str, str, str], Pictures]:
    """Return a function from the names of query, individual and reference image to captions and
    pictures, uint8 RGB [h, w, 3]: where the two images are alike, and which parts correspond.

    Raises:
        InputError: the model is not a Keras model.
    """
    explain, side = Explainer(model.network()), model.sizes[1]
    asked, known = (picture_reader(images, 2 * side) for images in (queries, gallery))

    def why(query: str, individual_id: str, reference: str) -> Pictures:
        first, second = (resize(read(n), side) for read, n in ((asked, query), (known, reference)))
        match = explain(first, second)
        first, second = explain.seen(first), explain.seen(second)
        names = " and ".join(animal_words(image, {}) for image in (query, reference))
        lines = line_pair(first, second, match.parts, match.heat[0].shape)
        return [
            (f"where {names} are alike", heat_pair(first, second, match.heat)),
            ("parts that correspond", lines),
        ]

    return why
