"""Weights that are on this machine already: in a Python package, or fetched before.

Nothing is downloaded, and Keras is not imported.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

from tf_happywhale.models.backbones.variants import PACKAGE
from tf_happywhale.models.weights.weight_names import HUB

HUB_FILE = "model.safetensors"
LITE_SHA256 = {
    "lite0": "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    "lite1": "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
    "lite2": "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
}


def weights_at_hand(address: str) -> Path | None:
    """Return the file of weights that need not be fetched; None if they must be.

    Args:
        address: what `find_weights` returns: a package, an address, or a file.
    """
    if address.startswith(PACKAGE):
        file = package_file(address)
    elif address.startswith(HUB):
        file = _in_hub_cache(address)
    elif address.startswith("https://"):
        home = os.environ.get("KERAS_HOME") or Path.home() / ".keras"
        file = Path(home) / "models" / address.rpartition("/")[2]
    else:
        file = Path(address)
    return file if file is not None and file.is_file() else None


def package_file(address: str) -> Path | None:
    """Return where a package of lite0, 1 or 2 keeps its checkpoint; None if it is not installed."""
    package = address.removeprefix(PACKAGE)
    variant = package.split("-")[1]
    spec = find_spec(package.replace("-", "_"))
    folders = spec.submodule_search_locations if spec else None
    if not folders:
        return None
    return Path(folders[0]) / f"models/efficientnet-{variant}-{LITE_SHA256[variant][:8]}.pth"


def hub_parts(address: str) -> tuple[str, str]:
    """Return the repository `OWNER/NAME` and the file of an address of the Hugging Face hub."""
    owner, name, *rest = address.removeprefix(HUB).split("/")
    return f"{owner}/{name}", "/".join(rest) or HUB_FILE


def _in_hub_cache(address: str) -> Path | None:
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(*hub_parts(address))
    return Path(found) if isinstance(found, str) else None
