"""ultralytics (AGPL-3.0, an extra): imported late, kept from the user's home, from reporting its
use and from installing anything; a network by name it does fetch."""

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
    """Do nothing where ultralytics is installed.

    Raises:
        InputError: it is not.
    """
    if find_spec("ultralytics") is None or find_spec("torch") is None:
        raise InputError(
            "The detector needs ultralytics and PyTorch: pip install 'tf-happywhale[detect]' "
            "(AGPL-3.0), or predict with weights that `detect export` wrote, which need neither: "
            "name the .onnx file, or set detect.engine=onnx."
        )


def use_all_cores() -> None:
    """Let PyTorch use every core: ultralytics leaves one out, which of two is half."""
    import torch

    torch.set_num_threads(usable_cores())


def load_yolo(model: str | Path, home: Path) -> YOLO:
    """A YOLO by name, from its .yaml (untrained) or a .pt file.

    A .pt file is read without unpickling anything but network layers.

    Args:
        model: what to load; a name that is not a file is fetched by ultralytics.
        home: where it may keep its settings.

    Raises:
        InputError: ultralytics is missing, or there is no such network.
    """
    need_ultralytics()
    mark_own_output(home)
    os.environ.setdefault("YOLO_CONFIG_DIR", str(home))
    os.environ.setdefault("YOLO_AUTOINSTALL", "false")
    os.environ.setdefault("ULTRALYTICS_SAFE_LOAD", "true")
    from ultralytics import YOLO, settings

    settings.update({"sync": False})  # it would report its use
    try:
        return YOLO(str(model), task="detect")
    except Exception as error:
        reason = str(error).strip().splitlines()[-1] if str(error).strip() else type(error).__name__
        raise InputError(
            f"The detector {str(model)!r} cannot be loaded ({reason}): name a YOLO such as "
            "yolov5nu, its yolov5n.yaml to start from scratch, or a .pt file."
        ) from None
