"""Compare our lite0 with PyTorch's on the pictures that `parity_lite0.py` has put through it.

    python benchmarks/parity_lite0.py OUT.npz         # in an environment with PyTorch
    python benchmarks/parity_lite0_keras.py OUT.npz   # in ours

`make parity-lite0` does both.
"""

from __future__ import annotations

import sys

import numpy as np

from tf_happywhale.models.backbones.lite import build_lite0
from tf_happywhale.models.weights.lite0 import CLASSIFIER, read_lite0


def main(file: str) -> None:
    """Print the largest differences relative to the largest reference value."""
    with np.load(file, allow_pickle=False) as reference:
        pictures = reference["picture"]
        expected = {key: reference[key] for key in ("features", "logits", "logits_160")}
    weight, bias = (read_lite0()[name] for name in CLASSIFIER)
    model = build_lite0("imagenet")

    def logits(features: np.ndarray) -> np.ndarray:
        return features.mean(axis=(1, 2)) @ weight.T + bias

    features = model.predict(pictures.astype(np.float32), verbose=0)
    smaller = model.predict(pictures[:, :160, :160].astype(np.float32), verbose=0)
    found = {"features": features, "logits": logits(features), "logits_160": logits(smaller)}
    print(f"{'':12}{'shape':>18}{'largest difference / largest value':>38}")
    for name, values in found.items():
        difference = np.abs(values - expected[name]).max() / np.abs(expected[name]).max()
        print(f"{name:12}{values.shape!s:>18}{difference:38.1e}")


if __name__ == "__main__":
    main(sys.argv[1])
