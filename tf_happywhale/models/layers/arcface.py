"""The ArcFace head: cosines to the centre of each individual, with a margin for the true one."""

from __future__ import annotations

import math
from collections.abc import Sequence

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable("tf_happywhale")
class ArcFace(keras.layers.Layer):
    """Additive angular margin: the true individual's logit is s·cos(θ + m), the others' s·cos θ.

    Where θ + m is above π, cos θ − m·sin(π − m) is used instead, so that the logit still falls with
    θ. All of it is computed in float32 under any policy. The square of the sine is kept above zero,
    so that loss and gradient are finite at cos θ = ±1.

    Args:
        classes: number of individuals.
        margin: m, radians; one number, or one for each class in label order (see `margins.py`).
        scale: s.
        easy_margin: apply the margin only where cos θ > 0.
        label_smoothing: share e of the logit with margin φ that each class gets, as in the
            original: w·φ + (1 − w)·cos θ with w = (1 − e)·onehot + e / classes.
        subcentres: centres of each class, of which the nearest counts. So each side of an
            individual, or its mislabelled pictures, can have their own centre.

    Call with embedding [n, d] and target int [n] for training logits float32 [n, classes]; without
    targets for s·cos θ. The variable `centre` is float32 [classes · subcentres, d]; the sub-centres
    of a class follow each other.

    Example:
        >>> head = ArcFace(classes=15587, margin=0.3, scale=30.0)
        >>> head(keras.ops.ones((2, 512)), keras.ops.array([3, 7])).shape
        (2, 15587)

    References:
        Deng et al.: ArcFace: Additive Angular Margin Loss for Deep Face Recognition, CVPR 2019,
        https://arxiv.org/abs/1801.07698
        Deng et al.: Sub-center ArcFace: Boosting Face Recognition by Large-scale Noisy Web Faces,
        ECCV 2020
    """

    def __init__(
        self,
        classes: int,
        margin: float | Sequence[float],
        scale: float,
        easy_margin: bool = False,
        label_smoothing: float = 0.0,
        subcentres: int = 1,
        **kwargs,
    ) -> None:
        # Under a mixed policy Keras would round the embedding and the centres before `call`.
        super().__init__(**{**kwargs, "dtype": "float32"})
        self.classes, self.scale, self.subcentres = classes, scale, subcentres
        self.margin = margin if isinstance(margin, int | float) else [float(m) for m in margin]
        self.easy_margin, self.label_smoothing = easy_margin, label_smoothing
        if isinstance(self.margin, list) and len(self.margin) != classes:
            raise ValueError(f"{len(self.margin)} margins for {classes} classes")

    def build(self, embedding_shape: tuple, target_shape: tuple | None = None) -> None:
        self.centre = self.add_weight(
            name="centre",
            shape=(self.classes * self.subcentres, embedding_shape[-1]),
            initializer="glorot_uniform",
            dtype="float32",
        )

    def call(self, embedding, target=None):
        cosine = self._cosine(embedding)
        if target is None:
            return self.scale * cosine
        chosen = ops.one_hot(target, self.classes, dtype="float32")
        if self.label_smoothing:
            chosen = (1 - self.label_smoothing) * chosen + self.label_smoothing / self.classes
        return self.scale * (chosen * self._with_margin(cosine) + (1 - chosen) * cosine)

    def _cosine(self, embedding):
        """Return the cosine to the nearest sub-centre of each class, float32 [n, classes]."""
        cosine = ops.matmul(_normalise(embedding), ops.transpose(_normalise(self.centre)))
        if self.subcentres > 1:
            cosine = ops.max(ops.reshape(cosine, (-1, self.classes, self.subcentres)), axis=-1)
        return ops.clip(cosine, -1.0, 1.0)

    def _with_margin(self, cosine):
        margin = np.asarray(self.margin, np.float32)
        sine = ops.sqrt(ops.maximum(1.0 - ops.square(cosine), 1e-12))
        shifted = cosine * np.cos(margin) - sine * np.sin(margin)
        if self.easy_margin:
            return ops.where(cosine > 0, shifted, cosine)
        beyond = np.float32(math.pi) - margin
        return ops.where(cosine > np.cos(beyond), shifted, cosine - margin * np.sin(beyond))

    def compute_output_shape(self, embedding_shape: tuple, target_shape=None) -> tuple:
        return (embedding_shape[0], self.classes)

    def compute_output_spec(self, embedding, target=None):
        return keras.KerasTensor((embedding.shape[0], self.classes), dtype="float32")

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "classes": self.classes,
            "margin": self.margin,
            "scale": self.scale,
            "easy_margin": self.easy_margin,
            "label_smoothing": self.label_smoothing,
            "subcentres": self.subcentres,
        }


def _normalise(vectors):
    """Return rows of length 1, float32. A zero row stays zero, and its length gives no gradient."""
    vectors = ops.cast(vectors, "float32")
    squared = ops.sum(ops.square(vectors), axis=-1, keepdims=True)
    return vectors * ops.rsqrt(ops.maximum(squared, 1e-24))
