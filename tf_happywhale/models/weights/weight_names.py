"""Names of weights, and the checkpoint that each stands for.

A name is `default` (the backbone's first), `none`, a short name of the table of variants
(`b6_ns`), a timm name (`tf_efficientnet_b6.ns_jft_in1k`), an address (`hf://OWNER/NAME`), a file
(`.safetensors`, or `.h5` of keras.applications or qubvel), a model of this package: a run folder,
or a `.keras` or `.weights.h5` file of one; or a published model that was fetched.
"""

from __future__ import annotations

import re
from pathlib import Path

from tf_happywhale.errors import ConfigError, InputError, nearest
from tf_happywhale.models.backbones.variants import VARIANTS
from tf_happywhale.models.published_models.names import fetched_folder
from tf_happywhale.models.published_models.table import PUBLISHED, PublishedModel
from tf_happywhale.models.weights.run_weights import own_file, run_of
from tf_happywhale.run_folders.published_folder import PublishedFacts, read_published

HUB = "hf://"
BEST = "best"  # chosen before training (training/best_start.py); elsewhere as `default`


def short_names() -> dict[str, str]:
    """Return the backbone of each short name."""
    return {short: name for name, variant in VARIANTS.items() for short in variant.weights}


def list_weights() -> list[str]:
    """Return a line for each short name, with its backbone and address."""
    return [
        f"{short:18} {backbone:20} {address}"
        for backbone, variant in VARIANTS.items()
        for short, address in variant.weights.items()
    ]


def backbone_of(name: str, backbone: str | None) -> tuple[str, str]:
    """Return the backbone that weights belong to, and their name for `find_weights`.

    Args:
        name: of the weights, or of a backbone, which stands for its default weights.
        backbone: the backbone, if the user has named it.

    Raises:
        ConfigError: there are no such weights, or their name does not tell the backbone.
    """
    if backbone is not None:
        return backbone, name
    shorts = short_names()
    if name in VARIANTS:
        return name, "default"
    if name in shorts:
        return shorts[name], name
    architecture = name.removeprefix(f"{HUB}timm/").partition(".")[0]
    for owner, variant in VARIANTS.items():
        if variant.timm == architecture or name in variant.weights.values():
            return owner, name
    if name.startswith(HUB) or name.endswith((".safetensors", ".h5")):
        raise ConfigError(f"{name} does not say which network it is of: add --backbone NAME.")
    raise ConfigError(f"There are no weights {name!r}: {nearest(name, [*shorts, *VARIANTS])}.")


def find_weights(backbone: str, weights: str) -> str | None:
    """Return the address or file that a name stands for, for a backbone; None for `none`.

    Raises:
        ConfigError: there is no such backbone or no such weights, they are another backbone's, or
            no training can start from them.
        InputError: there is no such file.
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
    if weights in ("default", BEST):
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
        _check_start(read_published(run_of(path)))
        return str(path)
    if path.is_dir():
        _check_start(read_published(path))
        return str(own_file(path))
    if weights in PUBLISHED:
        _check_start(PUBLISHED[weights])
        return str(own_file(fetched_folder(weights)))
    timm_name = weights.removeprefix(f"{HUB}timm/")
    if "." in timm_name and "/" not in timm_name:
        return f"{HUB}timm/{_checked_timm(backbone, timm_name)}"
    if re.fullmatch(rf"{HUB}[\w.-]+(/[\w.-]+)+", weights) and ".." not in weights:
        return weights
    raise ConfigError(
        f"There are no weights {weights!r} of {backbone}: "
        f"{nearest(weights, [*known, *PUBLISHED])}; or give default, none, an address "
        "hf://OWNER/NAME, a run folder, or a .safetensors, .h5 or .keras file."
    )


def _check_start(model: PublishedModel | PublishedFacts | None) -> None:
    """Raise ConfigError if it is a model of others from which no training can start."""
    if model and model.fixed:
        raise ConfigError(
            f"{model.name} sees pictures of {model.size} pixels only, so that no training can "
            "start from it: name other weights, or use it as a MODEL or one of members."
        )


def _checked_timm(backbone: str, name: str) -> str:
    """Return timm's `ARCHITECTURE.TAG`; ConfigError if it is not this backbone's.

    Another architecture may have layers of the same shapes but other paddings.
    """
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
            f"{name} was trained with AdvProp, on pixels that are normalised differently: use "
            f"{next(iter(VARIANTS[backbone].weights))}."
        )
    return name


def _others(weights: str, owner: str) -> str:
    return f"The weights {weights} are {owner}'s: set model.backbone={owner}."
