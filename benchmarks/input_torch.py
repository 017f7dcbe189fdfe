"""The PyTorch peer of input.py: a DataLoader with albumentations over a folder of JPEGs.

Images a second of every round, decoding alone and with the seed's whole list, as one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import cv2
import numpy as np
from seed_torch import augmentation, start_worker
from torch.utils.data import DataLoader, Dataset


class Jpegs(Dataset):
    """Pictures uint8 [size, size, 3], decoded and, if asked, augmented when they are wanted."""

    def __init__(self, folder: Path, augmented: bool) -> None:
        self.encoded = [np.fromfile(path, np.uint8) for path in sorted(folder.iterdir())]
        size = cv2.imdecode(self.encoded[0], cv2.IMREAD_COLOR).shape[0]
        self.augment, self.augmented = augmentation(size), augmented

    def __len__(self) -> int:
        return len(self.encoded)

    def __getitem__(self, row: int) -> np.ndarray:
        picture = cv2.cvtColor(cv2.imdecode(self.encoded[row], cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
        return self.augment(image=picture)["image"] if self.augmented else picture


def rates(folder: Path, augmented: bool, args: argparse.Namespace) -> list[float]:
    loader = DataLoader(
        Jpegs(folder, augmented),
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
                "torch_decode": rates(args.folder, False, args),
                "torch": rates(args.folder, True, args),
            }
        )
    )


if __name__ == "__main__":
    main()
