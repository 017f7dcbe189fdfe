from __future__ import annotations

import numpy as np

from tf_happywhale.records.augmentation.mixup import mixup

PICTURES = np.random.default_rng(3).integers(0, 256, (6, 8, 8, 3), dtype=np.uint8)
NAMES = [f"{n}.jpg".encode() for n in range(6)]


def mixed(probability: float = 1.0, alpha: float = 1.0, seed: int = 1, epoch: int = 0):
    return mixup(PICTURES, NAMES, probability=probability, alpha=alpha, seed=seed, epoch=epoch)


def test_a_picture_is_its_share_of_itself_and_the_rest_of_the_next() -> None:
    before = PICTURES.copy()
    pictures, shares = mixed()
    weights = shares[:, None, None, None]
    expected = PICTURES * weights + np.roll(PICTURES, -1, axis=0) * (1 - weights)
    assert np.abs(pictures - expected).max() <= 1
    assert pictures.dtype == np.uint8
    assert shares.dtype == np.float32
    assert np.array_equal(PICTURES, before)


def test_with_probability_zero_all_stays() -> None:
    pictures, shares = mixed(probability=0)
    assert np.array_equal(pictures, PICTURES)
    assert (shares == 1).all()


def test_the_share_is_of_seed_epoch_and_image() -> None:
    first = mixed()[1].tolist()
    assert mixed()[1].tolist() == first
    assert mixed(seed=2)[1].tolist() != first
    assert mixed(epoch=1)[1].tolist() != first
    fewer = mixup(PICTURES[:3], NAMES[:3], probability=1, alpha=1, seed=1, epoch=0)[1]
    assert fewer.tolist() == first[:3]


def test_a_small_alpha_leaves_one_of_the_two() -> None:
    shares = np.concatenate([mixed(alpha=0.05, epoch=epoch)[1] for epoch in range(30)])
    assert ((shares < 0.05) | (shares > 0.95)).mean() > 0.7
    assert 0.3 < (shares > 0.5).mean() < 0.7
