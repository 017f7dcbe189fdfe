"""What a network that nobody has trained on a catalogue sees in each part of its pictures."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from tqdm import tqdm

from tf_happywhale.cores import usable_cores
from tf_happywhale.errors import InputError
from tf_happywhale.inference.engines.runtimes import by_keras
from tf_happywhale.pictures.pixels import read_small
from tf_happywhale.pictures.resizing import resize

BACKBONE = "lite0"  # its weights are installed with this package
SIDE = 256  # of the pictures, pixels
GRID = SIDE // 32  # cells along a side: the places of the network's last map
BATCH = 32


def picture_cells(
    paths: Sequence[Path], exponent: int, label: str
) -> tuple[np.ndarray, np.ndarray]:
    """Return the features of whole pictures in each cell of a grid, and which could be read.

    Args:
        paths: the pictures.
        exponent: GeM's, to whose power the features are.
        label: the text of the progress bar.

    Returns:
        Features float32 [GRID, GRID, n, c], at least 0: the last two maps of lite0 with ImageNet's
        weights, beside each other; and bool [len(paths)], of which n are true.

    Raises:
        InputError: the weights cannot be had.
    """
    forward = by_keras(_network(exponent))
    rows, read = [], []
    with (
        ThreadPoolExecutor(usable_cores()) as workers,
        tqdm(total=len(paths), desc=label, unit="img", leave=False) as progress,
    ):
        for start in range(0, len(paths), BATCH):
            pictures = list(workers.map(_picture, paths[start : start + BATCH]))
            shown = [picture for picture in pictures if picture is not None]
            if shown:
                filled = np.stack(shown + shown[:1] * (BATCH - len(shown)))  # one trace for all
                rows.append(forward(filled)[: len(shown)])
            read += [picture is not None for picture in pictures]
            progress.update(len(pictures))
    whole = np.concatenate(rows) if rows else np.zeros((0, GRID, GRID, 0), np.float32)
    return np.ascontiguousarray(whole.transpose(1, 2, 0, 3)), np.array(read, bool)


def _picture(path: Path) -> np.ndarray | None:
    """Return a picture uint8 RGB [SIDE, SIDE, 3]; None if it cannot be read."""
    try:
        return resize(read_small(path, None, SIDE), SIDE)
    except InputError:
        return None


def _network(exponent: int):
    """Return a Keras model of pictures [n, SIDE, SIDE, 3] to features [n, GRID, GRID, c]."""
    import keras

    from tf_happywhale.models.pretrained import pretrained_backbone

    backbone = pretrained_backbone(BACKBONE, features=("stage3", "stage4"))
    pictures = keras.Input((SIDE, SIDE, 3), name="picture")
    finer, last = (keras.ops.relu(one) ** exponent for one in backbone(pictures))
    both = [keras.ops.average_pool(finer, 2), last]
    return keras.Model(pictures, keras.ops.concatenate(both, axis=-1), name="cells")
