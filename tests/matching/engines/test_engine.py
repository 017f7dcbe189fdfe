from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tests.matching.random_weights import lightglue
from tests.matching.test_lightglue import WIDTHS, inputs, pictures, whole
from tf_happywhale.errors import InputError
from tf_happywhale.matching.engines import engine as engines
from tf_happywhale.matching.engines.engine import load_engine
from tf_happywhale.matching.lightglue_weights import lightglue_weights


def test_openvino_is_used_where_it_is_installed(monkeypatch):
    pytest.importorskip("openvino")
    assert load_engine().name == "openvino"
    monkeypatch.setattr(engines, "find_spec", lambda name: None)
    assert load_engine().name == "keras"


def test_the_precision_follows_the_processor(monkeypatch):
    for has, precision in ((True, "bfloat16"), (False, "float32")):
        monkeypatch.setattr(engines, "multiplies_bfloat16", lambda has=has: has)
        assert load_engine("keras").precision == precision


@pytest.mark.parametrize("name", ["keras", "openvino"])
@pytest.mark.parametrize(("precision", "near"), [("float32", 1e-6), ("bfloat16", 0.02)])
def test_engines_agree(name, precision, near):
    if name == "openvino":
        pytest.importorskip("openvino")
    checkpoint = lightglue()
    given = inputs(*pictures(40, 30, seed=4), checkpoint)
    weights = lightglue_weights(checkpoint)
    best, score, back = load_engine("keras", "float32").compiled(whole, weights, WIDTHS)(*given)
    found = load_engine(name, precision).compiled(whole, weights, WIDTHS)(*given)
    assert found[1].dtype == np.float32
    assert np.corrcoef(found[1], score)[0, 1] > 1 - near
    assert (found[0] == best).mean() > 0.8
    assert (found[2] == back).mean() > 0.8


@pytest.mark.parametrize("name", ["keras", "openvino"])
def test_several_threads_get_what_one_gets(name):
    if name == "openvino":
        pytest.importorskip("openvino")
    checkpoint = lightglue()
    run = load_engine(name, "bfloat16").compiled(whole, lightglue_weights(checkpoint), WIDTHS)
    given = [
        inputs(*pictures(one, other, seed=one), checkpoint)
        for one, other in ((1, 50), (60, 40), (33, 70), (1, 1), (50, 2), (64, 64), (90, 8))
    ]
    with ThreadPoolExecutor(2) as threads:
        together = list(threads.map(lambda arrays: run(*arrays), given))
    for arrays, found in zip(given, together, strict=True):
        assert np.isfinite(found[1]).all()
        np.testing.assert_array_equal(found[0], run(*arrays)[0])


def test_openvino_that_is_asked_for_but_missing_is_a_sentence(monkeypatch):
    monkeypatch.setattr(engines, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install openvino"):
        load_engine("openvino")
