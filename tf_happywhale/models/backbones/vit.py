"""Vision transformers with a class token, for timm's checkpoints.

Layers are named after timm's modules, so that a checkpoint's tensors find their layers. A picture
is cut into patches. A further token, the class token, takes from the patches what tells pictures
apart, and is the embedding. The network is in two parts: of the last block only the class token is
needed, and what that sees in each patch explains a score (`inference/explained/explain.py`).

References:
    Dosovitskiy et al.: An Image is Worth 16x16 Words, ICLR 2021, https://arxiv.org/abs/2010.11929
    Touvron et al.: Going deeper with Image Transformers (LayerScale), ICCV 2021,
    https://arxiv.org/abs/2103.17239
"""

from __future__ import annotations

import keras

from tf_happywhale.models.backbones.vit_variants import ViT
from tf_happywhale.models.layers.layer_norm import LayerNorm
from tf_happywhale.models.layers.layer_scale import LayerScale
from tf_happywhale.models.layers.self_attention import SelfAttention
from tf_happywhale.models.layers.tokens import Tokens

EPSILON = 1e-6  # of every LayerNorm
WIDER = 4  # inner channels of a block's perceptron, as a multiple of its channels


def vit_features(x: keras.KerasTensor, variant: ViT) -> list[keras.KerasTensor]:
    """Return what the last block is given of normalised pictures [n, size, size, 3].

    Returns:
        `cells` [n, side, side, c] and `asking` [n, 1, c], the patches and the class token after the
        block's first norm; and `token` [n, 1, c], the class token before it.
    """
    side, channels = variant.side, variant.channels
    x = keras.layers.Conv2D(channels, variant.patch, variant.patch, name="patch_embed.proj")(x)
    x = Tokens(name="tokens")(x)
    for number in range(variant.depth - 1):
        name = f"blocks.{number}"
        seen = _attention(_norm(x, f"{name}.norm1"), variant, name)
        x = keras.layers.Add(name=f"{name}.add1")([x, seen])
        x = _perceptron(x, name)
    normed = _norm(x, f"blocks.{variant.depth - 1}.norm1")
    patches = keras.layers.Cropping1D((1, 0), name="patches")(normed)
    cells = keras.layers.Reshape((side, side, channels), name="cells")(patches)
    return [cells, _first(normed, "asking"), _first(x, "token")]


def vit_embedding(features: list[keras.KerasTensor], variant: ViT) -> keras.KerasTensor:
    """Return the class token [n, c] float32 after the last block and the network's norm, from what
    `vit_features` returns."""
    cells, asking, token = features
    name = f"blocks.{variant.depth - 1}"
    patches = keras.layers.Reshape((variant.side**2, variant.channels), name="row")(cells)
    tokens = keras.layers.Concatenate(axis=1, name="together")([asking, patches])
    seen = _first(_attention(tokens, variant, name), "answer")
    x = keras.layers.Add(name=f"{name}.add1")([token, seen])
    x = _norm(_perceptron(x, name), "norm")
    return keras.layers.Flatten(dtype="float32", name="embedding")(x)


def _attention(x: keras.KerasTensor, variant: ViT, name: str) -> keras.KerasTensor:
    seen = SelfAttention(variant.heads, name=f"{name}.attn")(x)
    return LayerScale(name=f"{name}.ls1")(seen)


def _perceptron(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    """Add a perceptron of each token."""
    channels = x.shape[-1]
    y = _norm(x, f"{name}.norm2")
    y = keras.layers.Dense(WIDER * channels, activation="gelu", name=f"{name}.mlp.fc1")(y)
    y = keras.layers.Dense(channels, name=f"{name}.mlp.fc2")(y)
    y = LayerScale(name=f"{name}.ls2")(y)
    return keras.layers.Add(name=f"{name}.add2")([x, y])


def _first(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    """Return the class token, the first of all."""
    return keras.layers.Cropping1D((0, x.shape[1] - 1), name=name)(x)


def _norm(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    return LayerNorm(epsilon=EPSILON, name=name)(x)
