"""Weights by name: which checkpoint is meant for which backbone.

A name is `default` (the backbone's first), `none`, a short name of the table of variants
(`b6_ns`), a timm name (`tf_efficientnet_b6.ns_jft_in1k`), an address (`hf://OWNER/NAME`), or a file
(`.safetensors`, or `.h5` of keras.applications or qubvel).
"""

from __future__ import annotations

from tf_happywhale.errors import ConfigError, nearest
from tf_happywhale.models.backbones.variants import VARIANTS

HUB = "hf://"


def short_names() -> dict[str, str]:
    """Every short name with its backbone."""
    return {short: name for name, variant in VARIANTS.items() for short in variant.weights}


def find_weights(backbone: str, weights: str) -> str | None:
    """The address or file that a name means for a backbone; None for `none`.

    Raises:
        ConfigError: no such backbone or weights, or they are another backbone's.
    """
    if backbone not in VARIANTS:
        own = short_names().get(backbone)
        if own:
            raise ConfigError(
                f"{backbone} names weights: set model.backbone={own} model.weights={backbone}."
            )
        raise ConfigError(f"There is no backbone {backbone!r}: {nearest(backbone, VARIANTS)}.")
    known = VARIANTS[backbone].weights
    if weights == "none":
        return None
    if weights == "default":
        return next(iter(known.values()))
    if weights in known:
        return known[weights]
    if weights in known.values():
        return weights
    hub = f"{HUB}timm/{weights}"
    owner = short_names().get(weights) or next(
        (name for name, variant in VARIANTS.items() if hub in variant.weights.values()), None
    )
    if owner == backbone:
        return hub
    if owner:
        raise ConfigError(f"The weights {weights} are {owner}'s: set model.backbone={owner}.")
    if ".ap_" in weights:
        raise ConfigError(
            f"{weights} was trained with AdvProp on pixels normalised in another way: take "
            f"{next(iter(known))}."
        )
    if weights.startswith(HUB) or weights.endswith((".safetensors", ".h5")):
        return weights
    raise ConfigError(
        f"There are no weights {weights!r} of {backbone}: {nearest(weights, known)}; or give "
        "default, none, an address hf://OWNER/NAME, or a .safetensors or .h5 file."
    )
