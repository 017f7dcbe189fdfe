"""The embedder: region, backbone, pooling of the feature map and its columns, neck."""

from __future__ import annotations

from pathlib import Path

import keras

from tf_happywhale.config import Model
from tf_happywhale.models.layers.column import Column
from tf_happywhale.models.layers.gem import GeM
from tf_happywhale.models.layers.region import Region
from tf_happywhale.models.pretrained import pretrained_backbone
from tf_happywhale.models.weights.run_weights import is_own
from tf_happywhale.models.weights.trained_here import fill_neck
from tf_happywhale.models.weights.weight_names import find_weights

MAPS = {"final": ("final",), "last_two": ("stage3", "stage4")}


def build_embedder(settings: Model) -> keras.Model:
    """Build backbone → GeM → BatchNorm → Dense, the network that gives embeddings.

    With `pooling=last_two` the maps of the last two stages are pooled and concatenated. With
    `embedding_size=null` there is no Dense. With `region` the backbone sees only that part of the
    pictures. With `columns` above 1 that many strips of the last map are pooled too. If `weights`
    are of a model of this package, its pooling and neck are used where their shapes are the same.

    Returns:
        Model of RGB pictures [n, h, w, 3], uint8 or float in 0–255, to embedding [n, d] float32,
        not L2-normalised. Normalising the pixels is its first layer.

    Raises:
        ConfigError: no such backbone or weights.
        InputError: the weights cannot be had.
    """
    pictures = keras.Input((None, None, 3), name="picture")
    names = MAPS[settings.pooling]
    backbone = pretrained_backbone(
        settings.backbone, settings.weights, features=names, drop_path=settings.drop_path
    )
    if settings.freeze_norm:
        freeze_norms(backbone)
    seen = pictures if settings.region is None else Region(settings.region, name="region")(pictures)
    maps = backbone(seen) if len(names) > 1 else [backbone(seen)]
    suffixes = [""] if len(names) == 1 else [f"_{name}" for name in names]
    if settings.columns > 1:
        suffixes += [f"_column{number}" for number in range(settings.columns)]
        maps = [*maps, *columns_of(maps[-1], settings.columns)]
    pooled = [
        GeM(settings.gem_p, trainable=settings.train_gem_p, name=f"gem{suffix}")(each)
        for each, suffix in zip(maps, suffixes, strict=True)
    ]
    x = pooled[0] if len(pooled) == 1 else keras.layers.Concatenate(name="pooled")(pooled)
    neck = keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5, dtype="float32", name="neck")
    x = neck(x)
    if settings.dropout:
        x = keras.layers.Dropout(settings.dropout, dtype="float32", name="dropout")(x)
    if settings.embedding_size is not None:
        # The original's initial values, which are PyTorch's: half as wide as those of Keras.
        start = keras.initializers.VarianceScaling(1 / 3, mode="fan_in", distribution="uniform")
        x = keras.layers.Dense(
            settings.embedding_size, kernel_initializer=start, dtype="float32", name="embedding"
        )(x)
    embedder = keras.Model(pictures, x, name="embedder")
    address = find_weights(settings.backbone, settings.weights)
    if is_own(address):
        fill_neck(embedder, Path(address))
    return embedder


def columns_of(features: keras.KerasTensor, columns: int) -> list[keras.KerasTensor]:
    """Return the vertical strips of a feature map, from left to right."""
    return [Column(n, columns, name=f"column{n}")(features) for n in range(columns)]


def synchronise_neck(embedder: keras.Model, on: bool) -> None:
    """Let the neck's BatchNorm compute its moments over all devices, or over its own (TensorFlow).

    On JAX they are always over all devices. A trained model does not depend on it, so a saved model
    is the same wherever it was trained.
    """
    for layer in embedder.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.synchronized = on


def freeze_norms(network: keras.Model) -> None:
    """Freeze the statistics and weights of all BatchNorms, also in nested networks."""
    for layer in network.layers:
        if isinstance(layer, keras.Model):
            freeze_norms(layer)
        elif isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False
