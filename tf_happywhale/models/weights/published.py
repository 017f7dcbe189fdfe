"""Published weights: fetched, read, and loaded into a network."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np

from tf_happywhale.errors import InputError
from tf_happywhale.models.backbones.variants import PACKAGE
from tf_happywhale.models.weights.at_hand import hub_parts
from tf_happywhale.models.weights.fill_network import COUNTER, fill
from tf_happywhale.models.weights.weight_names import HUB

USUAL = "set model.weights to that file, or set model.weights=none"


def load_weights(network: keras.Model, address: str) -> None:
    """Fill a backbone from an address of `find_weights`, and print what was used.

    Raises:
        InputError: the weights cannot be fetched or do not fit. No variable was changed then.
    """
    tensors = read_weights(address)
    unused = fill(network, tensors)
    counters = sum(name.endswith(COUNTER) for name in tensors)
    used = len(tensors) - len(unused) - counters
    left = [*unused, *([f"{counters} counters"] if counters else [])]
    print(
        f"weights of {network.name} from {address}: {used} tensors"
        + (f"; not used: {', '.join(left)}" if left else "")
    )


def read_weights(address: str) -> Mapping[str, np.ndarray]:
    """Return the tensors of a checkpoint by timm's names, in PyTorch's layout.

    Raises:
        InputError: it cannot be fetched, or is damaged.
    """
    from tf_happywhale.models.weights.keras_h5 import read_keras_h5
    from tf_happywhale.models.weights.lite_packages import read_lite
    from tf_happywhale.models.weights.safetensors_file import SafeTensors

    if address.startswith(PACKAGE):
        return read_lite(address)
    if address.startswith(HUB):
        return SafeTensors(fetch_file(address))
    path = fetch_file(address) if address.startswith("https://") else Path(address)
    if not path.is_file():
        raise InputError(f"There is no weights file {path}: name another with model.weights.")
    return read_keras_h5(path) if path.suffix == ".h5" else SafeTensors(path)


def fetch_file(address: str, instead: str = USUAL) -> Path:
    """Return a file of the Hugging Face hub or of the web. It is downloaded into the cache of the
    hub or of Keras, unless it is there.

    Args:
        address: `hf://OWNER/NAME/FILE`, or `https://…/FILE`.
        instead: what to do with a file that a person has downloaded, for the error.

    Raises:
        InputError: it is not there, and cannot be downloaded.
    """
    page = address
    try:
        if not address.startswith(HUB):
            return Path(keras.utils.get_file(origin=address, cache_subdir="models"))
        from huggingface_hub import hf_hub_download

        repository, file = hub_parts(address)
        page = f"https://huggingface.co/{repository}/resolve/main/{file}"
        return Path(hf_hub_download(repository, file))
    except Exception as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0][:120].rstrip(". ")
        raise InputError(
            f"{address} is not in the cache and cannot be downloaded ({reason}): download "
            f"{page} where there is a network and {instead}."
        ) from None
