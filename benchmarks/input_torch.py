"""The PyTorch peer of input.py: a DataLoader with albumentations over a folder of JPEGs.

Images a second of every round as one line of JSON: decoding alone, with the original's list, and
with the list as the original ends it, which normalises and makes a float tensor in the worker.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"  # no look at the network on import
import albumentations as A
import cv2
import numpy as np
from albumentations.pytorch import ToTensorV2
from original_torch import augmentation, start_worker
from torch.utils.data import DataLoader, Dataset


class Jpegs(Dataset):
    """Pictures [size, size, 3] uint8, or [3, size, size] float32 where they are normalised."""

    def __init__(self, folder: Path, what: str) -> None:
        self.encoded = [np.fromfile(path, np.uint8) for path in sorted(folder.iterdir())]
        self.augment = augmentation(cv2.imdecode(self.encoded[0], cv2.IMREAD_COLOR).shape[0])
        if what == "normalised":
            self.augment = A.Compose([*self.augment.transforms, A.Normalize(), ToTensorV2()])
        self.what = what

    def __len__(self) -> int:
        return len(self.encoded)

    def __getitem__(self, row: int) -> np.ndarray:
        picture = cv2.cvtColor(cv2.imdecode(self.encoded[row], cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
        return picture if self.what == "decoded" else self.augment(image=picture)["image"]


def rates(folder: Path, what: str, args: argparse.Namespace) -> list[float]:
    loader = DataLoader(
        Jpegs(folder, what),
        args.batch,
        shuffle=True,
        drop_last=True,
        num_workers=args.workers,
        worker_init_fn=start_worker,
        persistent_workers=True,
        prefetch_factor=4,
    )
    found = []
    for _ in range(args.rounds):
        batches, count = iter(loader), 0
        next(batches)
        started = time.perf_counter()
        for pictures in batches:
            count += len(pictures)
        found.append(count / (time.perf_counter() - started))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch", type=int, default=32)
    args = parser.parse_args()
    cv2.setNumThreads(0)
    print(
        json.dumps(
            {
                "torch_decode": rates(args.folder, "decoded", args),
                "torch": rates(args.folder, "augmented", args),
                "torch_original": rates(args.folder, "normalised", args),
            }
        )
    )


if __name__ == "__main__":
    main()
