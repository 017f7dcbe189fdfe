from __future__ import annotations

import numpy as np
import pytest

from tf_happywhale.models.margins import dynamic_margins


def test_margins_of_the_first_place_for_few_and_many_images():
    """0.27126·n^-0.364399 + 0.05 by hand: ln 16 = 2.772589, ln 400 = 5.991465."""
    found = dynamic_margins([1, 16, 400], factor=0.27126, exponent=-0.364399, offset=0.05)
    assert found.tolist() == pytest.approx([0.32126, 0.148767, 0.080562], abs=2e-5)
    assert found.dtype == np.float64


def test_nobody_without_a_training_image_divides_by_nothing():
    found = dynamic_margins([0, 1], factor=0.3, exponent=-0.5, offset=0.1)
    assert found.tolist() == pytest.approx([0.4, 0.4])


def test_the_rarer_the_larger():
    found = dynamic_margins(range(1, 401), factor=0.226253, exponent=-0.720133, offset=0.05)
    assert (np.diff(found) < 0).all()
    assert found[-1] > 0.05
