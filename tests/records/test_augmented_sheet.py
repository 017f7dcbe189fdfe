from __future__ import annotations

from pathlib import Path

import numpy as np

from tf_happywhale.config import load_experiment
from tf_happywhale.pictures.pixels import read_picture
from tf_happywhale.records.augmented_sheet import GAP, draw_sheet


def test_a_row_an_image_and_a_column_an_epoch(written, tmp_path: Path) -> None:
    folder, side = written(6), 20
    settings = ["affine_p=0", "brightness_contrast_p=1", "brightness=0.2", "contrast=0"]
    experiment = load_experiment(
        None, ["image_size=32", "seed=1", *(f"augment.{each}" for each in settings)]
    )
    file = tmp_path / "new" / "sheet.jpg"
    draw_sheet(file, folder, ["4.png", "1.png"], experiment, epochs=3, side=side)
    sheet = read_picture(file).astype(int)
    assert sheet.shape == (2 * (side + GAP) - GAP, 4 * (side + GAP) - GAP, 3)
    for row, level in enumerate((10 + 8 * 4, 10 + 8)):
        top = row * (side + GAP)
        places = [
            sheet[top : top + side, x : x + side].mean() for x in range(0, 4 * side, side + GAP)
        ]
        assert abs(places[0] - level) < 2  # as evaluation sees it
        assert len({round(place) for place in places[1:]}) > 1
    assert (sheet[side + 1 : side + GAP - 1] > 245).all()
    assert np.ptp(sheet) > 200
