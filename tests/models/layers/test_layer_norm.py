from __future__ import annotations

import keras
import numpy as np

from tf_happywhale.models.layers.layer_norm import LayerNorm


def test_is_keras_own_norm_under_every_policy(policy, reload):
    x = np.random.default_rng(2).normal(40, 3, (2, 5, 4, 12)).astype("f4")
    inputs = keras.Input((5, 4, 12))
    ours = LayerNorm(epsilon=1e-5, name="norm")
    model = keras.Model(inputs, ours(inputs))
    for variable in ours.variables:
        variable.assign(np.random.default_rng(3).uniform(0.5, 2, variable.shape))
    found = model(x)
    assert found.dtype == keras.config.dtype_policy().compute_dtype
    seen = np.float64(x)  # a norm's pictures are not rounded before it
    unit = (seen - seen.mean(-1, keepdims=True)) / np.sqrt(seen.var(-1, keepdims=True) + 1e-5)
    wanted = unit * np.asarray(ours.gamma) + np.asarray(ours.beta)
    loose = 2e-5 if policy == "float32" else 0.03
    np.testing.assert_allclose(np.asarray(found).astype("f4"), wanted, atol=loose, rtol=loose)
    loaded = reload(model)
    np.testing.assert_array_equal(np.float32(loaded(x)), np.float32(found))
