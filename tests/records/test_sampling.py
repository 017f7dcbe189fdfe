from __future__ import annotations

import numpy as np
import pytest

from tf_happywhale.records.sampling import balanced_copies

TARGETS = [0] * 16 + [1] * 4 + [2]


@pytest.mark.parametrize(
    ("balance", "shares"),
    [(1.0, [1 / 3, 1 / 3, 1 / 3]), (0.5, [4 / 7, 2 / 7, 1 / 7]), (0.0, [16 / 21, 4 / 21, 1 / 21])],
)
def test_shares_of_the_individuals_over_many_epochs(balance, shares):
    """16, 4 and 1 images: in proportion to n^(1 − balance)."""
    total = sum(balanced_copies(TARGETS, balance, 1, epoch) for epoch in range(400))
    found = [total[:16].sum(), total[16:20].sum(), total[20]]
    np.testing.assert_allclose(np.array(found) / (400 * 21), shares, atol=0.01)
    # Within an individual every image comes as often as another.
    np.testing.assert_allclose(total[:16], total[:16].mean(), rtol=0.25)


@pytest.mark.parametrize("balance", [0.0, 0.3, 1.0])
def test_an_epoch_is_as_long_as_without_and_shares_are_rounded(balance):
    counts = np.array([16] * 16 + [4] * 4 + [1])
    shares = {0: 16 ** (1 - balance), 1: 4 ** (1 - balance), 2: 1.0}
    wanted = 21 * np.array([shares[t] for t in TARGETS]) / sum(shares.values()) / counts
    for epoch in range(30):
        copies = balanced_copies(TARGETS, balance, 7, epoch)
        assert copies.sum() == 21
        assert (copies >= np.floor(wanted - 1e-9)).all()
        assert (copies <= np.ceil(wanted + 1e-9)).all()


def test_it_is_a_function_of_seed_and_epoch():
    first = balanced_copies(TARGETS, 1.0, 3, 2)
    assert first.tolist() == balanced_copies(TARGETS, 1.0, 3, 2).tolist()
    others = [balanced_copies(TARGETS, 1.0, *key) for key in ((3, 3), (4, 2))]
    assert all(first.tolist() != other.tolist() for other in others)


def test_one_image_is_one_copy():
    assert balanced_copies([5], 1.0, 0, 0).tolist() == [1]
