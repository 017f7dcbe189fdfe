from __future__ import annotations

from collections import Counter

import numpy as np

from tf_happywhale.records.augmentation.occlusion import cutout, grid_shuffle, occlude


def noise_picture(height: int = 32, width: int = 32) -> np.ndarray:
    return np.random.default_rng(5).integers(1, 255, (height, width, 3), dtype=np.uint8)


def test_the_quarters_change_places() -> None:
    picture = np.zeros((4, 6, 3), np.uint8)
    picture[:2, 3:], picture[2:, :3], picture[2:, 3:] = 1, 2, 3
    assert np.array_equal(grid_shuffle(picture, np.arange(4)), picture)
    shuffled = grid_shuffle(picture, np.array([2, 3, 1, 0]))
    assert shuffled[::2, ::3, 0].tolist() == [[2, 3], [1, 0]]
    assert Counter(shuffled.ravel().tolist()) == Counter(picture.ravel().tolist())


def test_an_odd_last_row_and_column_stay() -> None:
    picture = noise_picture(5, 7)
    shuffled = grid_shuffle(picture, np.array([3, 2, 1, 0]))
    assert np.array_equal(shuffled[4], picture[4])
    assert np.array_equal(shuffled[:, 6], picture[:, 6])
    assert np.array_equal(shuffled[:2, :3], picture[2:4, 3:6])


def test_a_cutout_is_black_squares_and_nothing_else() -> None:
    picture = noise_picture(40, 40)
    before = picture.copy()
    holes = [cutout(picture, 1, 0.25, np.random.default_rng(n)) for n in range(60)]
    for cut in holes:
        black = ~cut.any(axis=2)
        rows, columns = np.flatnonzero(black.any(axis=1)), np.flatnonzero(black.any(axis=0))
        assert black[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()
        assert len(rows) <= 10 >= len(columns)
        assert np.array_equal(cut[~black], picture[~black])
    assert max((~cut.any(axis=2)).sum() for cut in holes) == 100
    assert len({cut.tobytes() for cut in holes}) > 50
    assert np.array_equal(picture, before)
    four = ~cutout(picture, 4, 0.25, np.random.default_rng(1)).any(axis=2)
    assert 150 < four.sum() <= 400


def test_an_occlusion_is_one_rectangle_of_random_pixels_of_the_area_asked_for() -> None:
    picture = np.full((50, 80, 3), 100, np.uint8)
    shares, ratios = [], []
    for n in range(60):
        covered = occlude(picture, (0.1, 0.3), (0.5, 2.0), np.random.default_rng(n))
        changed = (covered != 100).any(axis=2)
        rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
        inside = covered[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        assert inside.std() > 60
        shares.append(inside.shape[0] * inside.shape[1] / 4000)
        ratios.append(inside.shape[0] / inside.shape[1])
    assert 0.09 < min(shares) < 0.14
    assert 0.26 < max(shares) < 0.32
    assert 0.45 < min(ratios) < 0.7
    assert 1.4 < max(ratios) < 2.1
    assert (picture == 100).all()


def test_an_occlusion_that_never_fits_leaves_the_picture() -> None:
    picture = noise_picture(4, 400)
    covered = occlude(picture, (0.9, 0.9), (1.0, 1.0), np.random.default_rng(1))
    assert np.array_equal(covered, picture)
