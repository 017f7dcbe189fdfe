"""Picture to embedding, and the classifier that an embedder is trained in."""

from __future__ import annotations

import keras

from tf_happywhale.models.arcface import ArcFace
from tf_happywhale.models.gem import GeM
from tf_happywhale.models.pretrained import pretrained_backbone


def build_embedder(
    backbone: str, *, weights: str, gem_p: float, embedding_size: int, drop_path: float = 0.0
) -> keras.Model:
    """Backbone → GeM → BatchNorm → Dense: the seed's embedder.

    Args:
        backbone: a name of `backbones.variants.VARIANTS`.
        weights: where they come from, see `weights/names.py`; `none`: random ones.
        gem_p: exponent GeM starts from.
        embedding_size: length of the embedding.
        drop_path: largest probability of leaving out one of the backbone's residual branches.

    Returns:
        Model of RGB pictures [n, h, w, 3], uint8 or float in 0–255, to embedding [n, d] float32,
        not L2-normalised. Normalising the pixels is its first layer.
    """
    pictures = keras.Input((None, None, 3), name="picture")
    features = pretrained_backbone(backbone, weights, drop_path=drop_path)(pictures)
    pooled = GeM(gem_p, name="gem")(features)
    pooled = keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name="neck")(pooled)
    # PyTorch's start for a Linear layer, as the seed has it: half as wide as Keras' own.
    start = keras.initializers.VarianceScaling(1 / 3, mode="fan_in", distribution="uniform")
    embedding = keras.layers.Dense(
        embedding_size, kernel_initializer=start, dtype="float32", name="embedding"
    )(pooled)
    return keras.Model(pictures, embedding, name="embedder")


def build_classifier(
    embedder: keras.Model,
    *,
    classes: int,
    margin: float,
    scale: float,
    easy_margin: bool,
    label_smoothing: float,
) -> keras.Model:
    """Model of (pictures, target int [n]) to ArcFace logits float32 [n, classes]."""
    pictures = keras.Input((None, None, 3), name="picture")
    target = keras.Input((), dtype="int64", name="target")
    head = ArcFace(classes, margin, scale, easy_margin, label_smoothing, name="arcface")
    logits = head(embedder(pictures), target)
    return keras.Model([pictures, target], logits, name="classifier")
