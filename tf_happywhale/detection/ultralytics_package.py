"""The package ultralytics (AGPL-3.0, the extra `[detect]`), imported only when it is used.

It may not write to the user's home, report its use or install packages. It does download networks
that are given by name.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from tf_happywhale.catalogue.photographs.own_output import mark_own_output
from tf_happywhale.cores import usable_cores
from tf_happywhale.errors import InputError

if TYPE_CHECKING:
    from ultralytics import YOLO


def need_ultralytics() -> None:
    """Check that ultralytics is installed.

    Raises:
        InputError: ultralytics or PyTorch is missing.
    """
    if find_spec("ultralytics") is None or find_spec("torch") is None:
        raise InputError(
            "The detector needs ultralytics and PyTorch: pip install 'tf-happywhale[detect]' "
            "(AGPL-3.0). Weights that `detect export` wrote predict without them: name the .onnx "
            "file, or set detect.engine=onnx."
        )


def use_all_cores() -> None:
    """Let PyTorch use every core; ultralytics leaves one unused."""
    import torch

    torch.set_num_threads(usable_cores())


def load_yolo(model: str | Path, home: Path) -> YOLO:
    """Return a YOLO by name, from a .yaml (untrained) or from a .pt file.

    From a .pt file nothing but network layers is unpickled.

    Args:
        model: what to load; ultralytics downloads a name that is not a file.
        home: where ultralytics may keep its settings.

    Raises:
        InputError: ultralytics is missing, or there is no such network.
    """
    need_ultralytics()
    mark_own_output(home)
    os.environ.setdefault("YOLO_CONFIG_DIR", str(home))
    os.environ.setdefault("YOLO_AUTOINSTALL", "false")
    os.environ.setdefault("ULTRALYTICS_SAFE_LOAD", "true")
    from ultralytics import YOLO, settings

    settings.update({"sync": False})  # else it reports its use
    try:
        return YOLO(str(model), task="detect")
    except Exception as error:
        reason = str(error).strip().splitlines()[-1] if str(error).strip() else type(error).__name__
        raise InputError(
            f"The detector {str(model)!r} cannot be loaded ({reason}): name a YOLO such as "
            "yolov5nu, its yolov5n.yaml to start from scratch, or a .pt file."
        ) from None
