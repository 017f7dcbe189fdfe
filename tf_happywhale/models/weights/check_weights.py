"""Published weights in our network, tried on a picture and compared with timm."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tf_happywhale.disk.files import atomic_write
from tf_happywhale.errors import ConfigError
from tf_happywhale.models.pretrained import pretrained_backbone
from tf_happywhale.models.weights.weight_names import find_weights


def check_published(backbone: str, weights: str, to: Path | None, with_timm: bool) -> None:
    """Fill a backbone, print what it gives for a random picture, and compare it with timm.

    Args:
        backbone, weights: see `find_weights`.
        to: the file that the Keras model is saved to; None: it is not saved.
        with_timm: PyTorch and timm are installed.

    Raises:
        ConfigError: there are no such weights, or they are `none`.
        InputError: the weights cannot be fetched or do not fit.
    """
    address = find_weights(backbone, weights)
    if address is None:
        raise ConfigError("none stands for random weights: name some that are published.")
    network = pretrained_backbone(backbone, weights)
    picture = np.random.default_rng(0).integers(0, 256, (1, 96, 96, 3), dtype=np.uint8)
    features = np.asarray(network(picture))
    print(
        f"{backbone}: {network.count_params():,} parameters; a random picture of 96 px gives a map "
        f"of {features.shape[1:]}, mean {features.mean():.4f}, "
        f"standard deviation {features.std():.4f}"
    )
    if with_timm:
        from tf_happywhale.models.weights.parity import compare_with_timm  # which imports PyTorch

        print("\n".join(compare_with_timm(backbone, address)))
    else:
        print("parity with timm: not run (PyTorch and timm are not installed)")
    if to is not None:
        with atomic_write(to) as temporary:
            network.save(temporary)
        print(f"written: {to}")
