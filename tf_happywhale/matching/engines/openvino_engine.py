"""OpenVINO: a network is compiled for any number of rows, and each call runs on one core."""

from __future__ import annotations

import queue
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tf_happywhale.cores import usable_cores
from tf_happywhale.matching.engines.engine import Compiled
from tf_happywhale.models import openvino_cpu


class OpenVinoEngine:
    """OpenVINO's CPU."""

    name = "openvino"

    def __init__(self, precision: str) -> None:
        self.precision = precision

    def compiled(
        self,
        function: Callable[..., Sequence],
        weights: Any,
        widths: Sequence[int],
        exact: bool = False,
    ) -> Compiled:
        """See `Engine`."""
        import openvino

        from tf_happywhale.matching.engines import openvino_operations

        inputs = [
            openvino.opset13.parameter(openvino.PartialShape([-1, width]), np.float32)
            for width in widths
        ]
        outputs = function(openvino_operations, weights, *(each.output(0) for each in inputs))
        model = openvino.Model([_output(each) for each in outputs], inputs)
        ready = openvino_cpu.compiled(model, "float32" if exact else self.precision)
        requests = queue.SimpleQueue()
        for request in _warm(ready, widths, usable_cores()):
            requests.put(request)

        def call(*arrays: np.ndarray) -> tuple[np.ndarray, ...]:
            request = requests.get()
            try:
                request.infer(arrays)
                return tuple(
                    np.array(request.get_output_tensor(n).data) for n in range(len(outputs))
                )
            finally:
                requests.put(request)

        return call


def _warm(ready: Any, widths: Sequence[int], count: int) -> list:
    """Return requests that have run once. If the first rows were only one, OpenVINO 2026.4 would
    pack bfloat16 weights so that all later results are NaN."""
    requests = [ready.create_infer_request() for _ in range(count)]
    for request in requests:
        request.start_async([np.zeros((64, width), np.float32) for width in widths])
    for request in requests:
        request.wait()
    return requests


def _output(node):
    return node.output(0) if hasattr(node, "output") else node
