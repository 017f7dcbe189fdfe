"""Explanation of a score: which parts of two pictures make them similar."""

from __future__ import annotations

from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from tf_happywhale.errors import ConfigError, InputError
from tf_happywhale.models.layers.region import Region
from tf_happywhale.models.sizes import one_size


@dataclass(frozen=True)
class Match:
    """Match of two pictures, and the parts from which its score comes.

    Attributes:
        score: cosine of the two embeddings.
        heat: for each of the two pictures float32 [h, w]: how much each cell of the last feature
            map adds to the score. No value is negative, and their sum is 1.
        parts: corresponding cells [p, 4] as (row, column) in the first and (row, column) in the
            second picture, the most similar first.
        likeness: their cosines [p].
    """

    score: float
    heat: tuple[np.ndarray, np.ndarray]
    parts: np.ndarray
    likeness: np.ndarray


class Explainer:
    """Explainer of an embedder's scores by its last feature map.

    A cell's heat is the gradient of the score with respect to the cell's features, times these
    features, summed over the channels; negative sums count as 0. This is Grad-CAM without pooling
    of the gradient (Selvaraju et al. 2017), for the similarity of two pictures as in Stylianou et
    al. (2019). Two cells correspond if each is the other's nearest neighbour, by the cosine of
    their features minus the mean of both pictures. Of a vision transformer the map is what the last
    block is given of each patch, after a norm: what the class token took before counts for no cell.
    If an embedder looks at several sizes, the network is explained at the picture's own size.

    Args:
        embedder: model of pictures uint8 [n, h, w, 3] to embedding [n, d].

    Raises:
        ConfigError: Keras runs on JAX.
    """

    def __init__(self, embedder: keras.Model) -> None:
        if keras.backend.backend() != "tensorflow":
            raise ConfigError(
                "Explanations of scores (`why`, report.why) need TensorFlow: unset "
                "KERAS_BACKEND, or set report.why to false."
            )
        embedder = one_size(embedder)
        maps = maps_of_backbone(embedder)
        backbone, last = keras.Model(embedder.inputs, maps), last_map(embedder)
        own = next((place for place, each in enumerate(maps) if each is last), None)
        rest = keras.Model(maps, [*([last] if own is None else []), embedder.outputs[0]])

        @tf.function(reduce_retracing=True)
        def look(pictures: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
            seen = keras.tree.flatten(backbone(pictures, training=False))
            # Only what follows is recorded: all maps of a large network would fill the memory.
            with tf.GradientTape() as tape:
                tape.watch(seen)
                *cells, embedding = keras.tree.flatten(rest(seen, training=False))
                cells = cells[0] if own is None else seen[own]
                unit = tf.math.l2_normalize(tf.cast(embedding, tf.float32), axis=1)
                score = tf.reduce_sum(unit[0] * unit[1])
            heat = tf.reduce_sum(tf.cast(tape.gradient(score, cells) * cells, tf.float32), axis=-1)
            return score, heat, tf.cast(cells, tf.float32)

        self.look = look
        self._region = next((part for part in embedder.layers if isinstance(part, Region)), None)

    def __call__(self, first: np.ndarray, second: np.ndarray, most: int = 8) -> Match:
        """Explain the score of two crops uint8 [s, s, 3] with at most `most` parts."""
        score, heat, cells = self.look(tf.constant(np.stack([first, second]), tf.float32))
        parts, likeness = correspond(cells.numpy(), most)
        return Match(
            float(score), (_share(heat[0].numpy()), _share(heat[1].numpy())), parts, likeness
        )

    def seen(self, crop: np.ndarray) -> np.ndarray:
        """Return the part of a crop uint8 [s, s, 3] that heat and parts refer to: all of it, unless
        the model looks at a region only."""
        return crop if self._region is None else np.asarray(self._region(crop[None]))[0]


def maps_of_backbone(embedder: keras.Model) -> list[keras.KerasTensor]:
    """Return the feature maps [n, h, w, c] that the network inside an embedder gives; without one
    inside, what the embedder is given itself."""
    networks = [layer for layer in embedder.layers if isinstance(layer, keras.Model)]
    found: dict[int, keras.KerasTensor] = {}
    for layer in embedder.layers:
        if isinstance(layer, (keras.layers.InputLayer, keras.Model)):
            continue
        taken = layer.input if isinstance(layer.input, (list, tuple)) else [layer.input]
        for tensor in taken:
            if tensor._keras_history.operation in networks:
                found[id(tensor)] = tensor
    return list(found.values()) or list(embedder.inputs)


def last_map(embedder: keras.Model) -> keras.KerasTensor:
    """Return the feature map [n, h, w, c] that is pooled last, with most channels if several are.

    Raises:
        InputError: the model pools no feature map.
    """
    maps = []
    for layer in embedder.layers:
        if isinstance(layer, (keras.layers.InputLayer, keras.Model)):
            continue
        taken = layer.input if isinstance(layer.input, (list, tuple)) else [layer.input]
        given = layer.output if isinstance(layer.output, (list, tuple)) else [layer.output]
        if all(len(tensor.shape) < 4 for tensor in given):
            maps += [tensor for tensor in taken if len(tensor.shape) == 4]
    if not maps:
        raise InputError("This model has no feature map to explain its scores by.")
    return max(maps, key=lambda tensor: tensor.shape[-1] or 0)


def correspond(features: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the cells of two feature maps [2, h, w, c] that correspond: (row, column) of both
    [p, 4], and their cosines [p], the most similar first.

    Args:
        features: of the two pictures.
        most: the largest number of pairs.
    """
    width = features.shape[2]
    flat = features.reshape(2, -1, features.shape[-1]).astype(np.float64)
    flat = flat - flat.mean(axis=(0, 1))
    flat /= np.maximum(np.linalg.norm(flat, axis=2, keepdims=True), 1e-12)
    cosine = flat[0] @ flat[1].T
    there, back = cosine.argmax(axis=1), cosine.argmax(axis=0)
    mutual = np.flatnonzero(back[there] == np.arange(len(there)))
    likeness = cosine[mutual, there[mutual]]
    order = np.argsort(-likeness, kind="stable")[:most]
    mutual = mutual[order]
    places = [np.stack(np.divmod(cells, width), axis=1) for cells in (mutual, there[mutual])]
    return np.concatenate(places, axis=1), likeness[order]


def _share(heat: np.ndarray) -> np.ndarray:
    positive = np.maximum(heat, 0)
    total = positive.sum()
    return positive / total if total > 0 else np.full_like(heat, 1 / heat.size)
