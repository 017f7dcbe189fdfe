from __future__ import annotations

import keras
import numpy as np

from tf_happywhale.models.pretrained import mean_pooled


def test_the_features_of_an_untrained_backbone_are_the_mean_of_its_last_map() -> None:
    crops = np.random.default_rng(0).integers(60, 200, (2, 64, 64, 3), dtype=np.uint8)
    model = mean_pooled("lite0", "none")
    mapped = keras.Model(model.input, model.layers[-2].output)(crops)
    found = np.asarray(model(crops))
    assert found.shape == (2, 1280)
    np.testing.assert_allclose(found, np.asarray(mapped).mean(axis=(1, 2)), rtol=1e-4, atol=1e-7)
