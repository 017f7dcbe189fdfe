from __future__ import annotations

import keras
import numpy as np

from tf_happywhale.models.layers.tokens import Tokens


def test_the_class_token_comes_first_and_each_place_has_its_own_sum(policy, reload):
    draw = np.random.default_rng(6)
    cells = draw.normal(size=(2, 3, 4, 5)).astype("f4")
    inputs = keras.Input((3, 4, 5))
    layer = Tokens(name="tokens")
    model = keras.Model(inputs, layer(inputs))
    assert [variable.name for variable in layer.variables] == ["cls_token", "pos_embed"]
    token, places = (draw.normal(size=v.shape).astype("f4") for v in layer.variables)
    layer.set_weights([token, places])
    found = model(cells)
    assert found.dtype == keras.config.dtype_policy().compute_dtype
    found, loose = np.float32(found), 1e-6 if policy == "float32" else 0.05
    assert found.shape == (2, 13, 5) == layer.compute_output_shape((2, 3, 4, 5))
    np.testing.assert_allclose(found[1, 0], token[0, 0] + places[0, 0], atol=loose)
    np.testing.assert_allclose(found[1, 7], cells[1, 1, 2] + places[0, 7], atol=loose)
    np.testing.assert_array_equal(np.float32(reload(model)(cells)), found)
