"""A detector's network, in PyTorch or in ONNX Runtime."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from tf_happywhale.cores import usable_cores
from tf_happywhale.detection.letterbox import square_side
from tf_happywhale.detection.ultralytics_package import load_yolo, use_all_cores
from tf_happywhale.disk.os_errors import check_opens
from tf_happywhale.errors import InputError


class Network(Protocol):
    """A network whose output `network_output.find_boxes` decodes.

    Attributes:
        sources: the name of each class.
        side: of the pictures it was trained on, pixels; None if its file does not say.
    """

    sources: Sequence[str]
    side: int | None

    def __call__(self, pictures: np.ndarray) -> np.ndarray:
        """Return outputs, float32 [n, …], of pictures, uint8 RGB [n, side, side, 3]."""


def open_network(weights: Path, home: Path) -> Network:
    """Return the network in a .pt or .onnx file.

    Args:
        weights: the file.
        home: where ultralytics may keep its settings.

    Raises:
        InputError: the file cannot be read, or a package is missing.
    """
    return OnnxNetwork(weights) if weights.suffix == ".onnx" else TorchNetwork(weights, home)


class TorchNetwork:
    """A network in PyTorch, on a GPU if there is one."""

    def __init__(self, weights: Path, home: Path) -> None:
        yolo = load_yolo(weights, home)
        import torch

        use_all_cores()
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.model = yolo.model.fuse(verbose=False).float().eval().to(self.device)
        self.sources = [yolo.names[n] for n in range(len(yolo.names))]
        self.side = _side(yolo.overrides.get("imgsz"))

    def __call__(self, pictures: np.ndarray) -> np.ndarray:
        import torch

        with torch.inference_mode():
            batch = torch.from_numpy(pictures).to(self.device).permute(0, 3, 1, 2).float() / 255
            output = self.model(batch.contiguous())
        output = output[0] if isinstance(output, (tuple, list)) else output
        return output.float().cpu().numpy()


class OnnxNetwork:
    """A network that `detect export` wrote, in ONNX Runtime."""

    def __init__(self, weights: Path) -> None:
        try:
            import onnxruntime
        except ImportError:
            raise InputError(f"{weights} needs ONNX Runtime: pip install onnxruntime.") from None
        check_opens(weights)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = usable_cores()
        providers = [
            name
            for name in ("CUDAExecutionProvider", "CPUExecutionProvider")
            if name in onnxruntime.get_available_providers()
        ]
        try:
            self.session = onnxruntime.InferenceSession(str(weights), options, providers=providers)
            about = self.session.get_modelmeta().custom_metadata_map
            names = ast.literal_eval(about["names"])
            self.sources = [names[n] for n in range(len(names))]
            self.side = _side(ast.literal_eval(about.get("imgsz", "None")))
            shape = self.session.get_inputs()[0].shape
            if any(isinstance(shape[axis], int) for axis in (0, 2, 3)):
                raise ValueError(f"its input is fixed to {shape}")
        except Exception as error:
            reason = str(error).strip().splitlines()[0]
            raise InputError(
                f"{weights} was not written by `detect export` ({reason}): export it again."
            ) from None
        self.input = self.session.get_inputs()[0].name

    def __call__(self, pictures: np.ndarray) -> np.ndarray:
        batch = np.ascontiguousarray(pictures.transpose(0, 3, 1, 2), np.float32) / np.float32(255)
        return self.session.run(None, {self.input: batch})[0]


def _side(size: int | Sequence[int] | None) -> int | None:
    """Return the side of the square for ultralytics' `imgsz`: a side, or height and width."""
    return size and square_side(max(size) if isinstance(size, Sequence) else size)
