from __future__ import annotations

import keras
import numpy as np

from tf_happywhale.models.layers.layer_scale import LayerScale


def test_each_channel_has_its_own_factor(policy, reload):
    inputs = keras.Input((3, 4))
    layer = LayerScale(name="scale")
    model = keras.Model(inputs, layer(inputs))
    np.testing.assert_allclose(np.asarray(layer.scale), 1e-5)
    layer.set_weights([np.array([1, 2, 0, -4], "f4")])
    found = model(np.full((2, 3, 4), 0.5, "f4"))
    assert found.dtype == keras.config.dtype_policy().compute_dtype
    np.testing.assert_array_equal(np.float32(found)[1, 2], [0.5, 1, 0, -2])
    np.testing.assert_array_equal(
        np.float32(reload(model)(np.ones((1, 3, 4)))), [[[1, 2, 0, -4]] * 3]
    )
