"""Weights by name: which checkpoint is meant for which backbone.

A name is `default` (the backbone's first), `none`, a short name of the table of variants
(`b6_ns`), a timm name (`tf_efficientnet_b6.ns_jft_in1k`), an address (`hf://OWNER/NAME`), a file
(`.safetensors`, or `.h5` of keras.applications or qubvel), or a model of this package: a run
folder, or a `.keras` or `.weights.h5` file of one.
"""

from __future__ import annotations

import re
from pathlib import Path

from tf_happywhale.errors import ConfigError, InputError, nearest
from tf_happywhale.models.backbones.variants import VARIANTS
from tf_happywhale.models.weights.run_weights import own_file

HUB = "hf://"


def short_names() -> dict[str, str]:
    """Every short name with its backbone."""
    return {short: name for name, variant in VARIANTS.items() for short in variant.weights}


def find_weights(backbone: str, weights: str) -> str | None:
    """The address or file that a name means for a backbone; None for `none`.

    Raises:
        ConfigError: no such backbone or weights, or they are another backbone's.
        InputError: a file that is not there.
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
    if weights in short_names():
        raise ConfigError(_others(weights, short_names()[weights]))
    path = Path(weights).expanduser()
    if weights.endswith((".safetensors", ".h5", ".keras")) and "://" not in weights:
        if not path.is_file():
            raise InputError(f"There is no weights file {weights}: name another.")
        return str(path)
    if path.is_dir():
        return str(own_file(path))
    timm_name = weights.removeprefix(f"{HUB}timm/")
    if "." in timm_name and "/" not in timm_name:
        return f"{HUB}timm/{_checked_timm(backbone, timm_name)}"
    if re.fullmatch(rf"{HUB}[\w.-]+(/[\w.-]+)+", weights) and ".." not in weights:
        return weights
    raise ConfigError(
        f"There are no weights {weights!r} of {backbone}: {nearest(weights, known)}; or give "
        "default, none, an address hf://OWNER/NAME, a run folder, or a .safetensors, .h5 or .keras "
        "file."
    )


def _checked_timm(backbone: str, name: str) -> str:
    """timm's `ARCHITECTURE.TAG`, if it is this backbone's: others may have layers of the same
    shapes with other paddings."""
    architecture, _, tag = name.partition(".")
    if architecture != VARIANTS[backbone].timm:
        owners = {variant.timm: other for other, variant in VARIANTS.items()}
        if architecture in owners:
            raise ConfigError(_others(name, owners[architecture]))
        raise ConfigError(
            f"timm's {architecture} is not among our backbones; {backbone} is its "
            f"{VARIANTS[backbone].timm}."
        )
    if tag.startswith("ap_"):
        raise ConfigError(
            f"{name} was trained with AdvProp on pixels normalised in another way: take "
            f"{next(iter(VARIANTS[backbone].weights))}."
        )
    return name


def _others(weights: str, owner: str) -> str:
    return f"The weights {weights} are {owner}'s: set model.backbone={owner}."
