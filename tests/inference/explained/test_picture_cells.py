from __future__ import annotations

from pathlib import Path

import keras
import numpy as np

from tf_happywhale.inference.explained import picture_cells as module
from tf_happywhale.inference.explained.picture_cells import GRID, SIDE, picture_cells
from tf_happywhale.models import pretrained


def averages(name: str, features: tuple[str, ...]) -> keras.Model:
    """In place of a backbone: means of pixels, and the same with the other sign."""
    pictures = keras.Input((SIDE, SIDE, 3))
    x = keras.layers.Rescaling(1 / 255)(pictures)
    return keras.Model(pictures, [keras.layers.AveragePooling2D(16)(x),
                                  keras.layers.AveragePooling2D(32)(-x)])  # fmt: skip


def test_each_cell_has_the_features_of_its_place(tmp_path: Path, save, monkeypatch) -> None:
    monkeypatch.setattr(pretrained, "pretrained_backbone", averages)
    monkeypatch.setattr(module, "BATCH", 2)
    picture = np.zeros((SIDE * 2, SIDE * 2, 3), np.uint8)
    picture[:128, -64:] = 255  # the upper right
    paths = [save(tmp_path / f"{n}.png", picture * (n != 2)) for n in range(3)]
    paths.insert(1, tmp_path / "missing.png")
    cells, read = picture_cells(paths, 3, "looking")
    assert read.tolist() == [True, False, True, True]
    assert cells.shape == (GRID, GRID, 3, 6) and cells.dtype == np.float32
    np.testing.assert_allclose(cells[0, -1, :, :3], [[1] * 3, [1] * 3, [0] * 3], atol=1e-5)
    assert not cells[4:].any() and not cells[..., 3:].any()
    assert picture_cells(paths[1:2], 3, "looking")[1].tolist() == [False]
