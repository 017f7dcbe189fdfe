from __future__ import annotations

from pathlib import Path

import numpy as np

from tf_happywhale.config import Augment
from tf_happywhale.pictures.pixels import read_picture
from tf_happywhale.records.sheet import GAP, draw_sheet


def test_a_row_an_image_and_a_column_an_epoch(written, tmp_path: Path) -> None:
    folder, side = written(6), 20
    draw_sheet(
        tmp_path / "new" / "sheet.jpg",
        folder,
        ["4.png", "1.png"],
        size=16,
        settings=Augment(affine_p=0, brightness_contrast_p=1, brightness=0.2, contrast=0),
        seed=1,
        epochs=3,
        side=side,
    )
    sheet = read_picture(tmp_path / "new" / "sheet.jpg").astype(int)
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
