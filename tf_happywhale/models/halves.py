"""An embedder in two parts: the backbone, and what stands on it."""

from __future__ import annotations

import keras

from tf_happywhale.models.layers.gem import GeM


def halves(embedder: keras.Model) -> tuple[keras.Model, keras.Model]:
    """Return two models that share the embedder's layers.

    Args:
        embedder: as from `build_embedder`; whatever is below its GeM layers is the backbone.

    Returns:
        Model of pictures to the maps that are pooled (a list, if there are several); and model of
        these maps to embedding [n, d].
    """
    pooled = [layer.input for layer in embedder.layers if isinstance(layer, GeM)]
    maps = pooled if len(pooled) > 1 else pooled[0]
    return keras.Model(embedder.input, maps), keras.Model(maps, embedder.output)
