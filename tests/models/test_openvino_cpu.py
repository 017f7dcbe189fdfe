from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from tf_happywhale.models import openvino_cpu

CTRL_C = """
import gc, signal
import numpy as np
import openvino
from openvino import opset13
from tf_happywhale.models.openvino_cpu import compiled

def network():
    x = opset13.parameter([1, 4], np.float32)
    return openvino.Model([opset13.relu(x)], [x])

first = compiled(network(), "float32")
second = compiled(network(), "bfloat16")
del first
gc.collect()
del second
gc.collect()
signal.signal(signal.SIGINT, lambda *_: print("obeyed"))
signal.raise_signal(signal.SIGINT)
"""


def test_ctrl_c_is_obeyed_after_models_have_gone() -> None:
    pytest.importorskip("openvino")
    done = subprocess.run([sys.executable, "-c", CTRL_C], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "obeyed\n"


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_model_is_compiled_for_the_processor(precision: str) -> None:
    openvino = pytest.importorskip("openvino")
    x = openvino.opset13.parameter([2, 3], np.float32)
    model = openvino.Model([openvino.opset13.relu(x)], [x])
    given = np.array([[-1, 0, 1], [2, -2, 3]], np.float32)
    ready = openvino_cpu.compiled(model, precision)
    np.testing.assert_array_equal(ready([given])[0], given.clip(0))
