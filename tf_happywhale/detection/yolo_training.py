"""Training a network and measuring its accuracy, with ultralytics."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tf_happywhale.config import Detect
from tf_happywhale.cores import usable_cores
from tf_happywhale.detection.letterbox import square_side
from tf_happywhale.detection.ultralytics_package import load_yolo, use_all_cores
from tf_happywhale.detection.unfinished_training import CHECKPOINT
from tf_happywhale.disk.files import atomic_write
from tf_happywhale.errors import InputError

if TYPE_CHECKING:
    from ultralytics import YOLO

MOSAIC = 0.75  # probability that four photographs become one picture
SCORES = ("precision", "recall", "AP50", "AP50:95")


def train_network(
    data: Path, weights: Path, folder: Path, home: Path, settings: Detect, seed: int
) -> None:
    """Train on the `train` part of a training set and write the last epoch's averaged weights.

    No choice depends on the held-out part, so its scores are not flattered. The optimizer takes a
    step after `step_images` images, however small the batches are.

    A training that was stopped in the same folder resumes after its last complete epoch. It starts
    from the average of the weights, in half precision, because that is what ultralytics saves; so
    it does not end with the same bits as a training that was never stopped.

    Args:
        data: YOLO's description of the training set.
        weights: the .pt file to write.
        folder: where ultralytics writes its log and its files.
        home: where ultralytics may keep its settings.
        settings: network and hyper-parameters.
        seed: of everything random.

    Raises:
        InputError: ultralytics is missing, or the network cannot be loaded.
    """
    checkpoint = folder / CHECKPOINT

    def keep(trainer: Any) -> None:
        """Copy ultralytics' last file, which it overwrites: so a complete one always exists."""
        if trainer.epoch + 1 < trainer.epochs:
            with atomic_write(checkpoint) as temporary:
                shutil.copyfile(trainer.last, temporary)

    yolo = _load_stopped(checkpoint, home)
    stopped = yolo is not None
    yolo = yolo or load_yolo(settings.model, home)
    yolo.add_callback("on_train_start", lambda trainer: use_all_cores())
    yolo.add_callback("on_model_save", keep)
    yolo.train(
        data=str(data),
        save_dir=str(folder.resolve()),
        resume=stopped,
        seed=seed,
        **_hyper_parameters(settings),
    )
    with atomic_write(weights) as temporary:
        shutil.copyfile(yolo.trainer.last, temporary)
    checkpoint.unlink(missing_ok=True)


def measure_network(
    data: Path, weights: Path, folder: Path, home: Path, settings: Detect
) -> dict[str, float | dict]:
    """Return precision, recall, AP50 and AP50:95 on the held-out part, measured by ultralytics.

    Args:
        data: YOLO's description of the training set.
        weights: a .pt file.
        folder: where ultralytics may write.
        home: where ultralytics may keep its settings.
        settings: size and batch size.

    Returns:
        The four scores by name, and under `sources` the same for each source.
    """
    yolo = load_yolo(weights, home)
    box = yolo.val(
        data=str(data),
        split="val",
        project=str(folder.resolve().parent),
        name=folder.name,
        exist_ok=True,
        imgsz=square_side(settings.image_size),
        batch=settings.batch_size,
        plots=False,
        verbose=False,
    ).box
    sources = {
        yolo.names[int(kind)]: _scores(box.class_result(place))
        for place, kind in enumerate(box.ap_class_index)
    }
    return {**_scores((box.mp, box.mr, box.map50, box.map)), "sources": sources}


def _hyper_parameters(settings: Detect) -> dict[str, Any]:
    adaptive = settings.optimizer == "AdamW"
    return {
        "imgsz": square_side(settings.image_size),
        "epochs": settings.epochs,
        "batch": settings.batch_size,
        "nbs": settings.step_images,
        "optimizer": settings.optimizer,
        "lr0": settings.learning_rate,
        "momentum": 0.9 if adaptive else 0.937,
        "warmup_bias_lr": 0.0 if adaptive else 0.1,  # ultralytics' value is for SGD
        "degrees": settings.rotate,
        "scale": settings.scale,
        "mosaic": MOSAIC,
        "close_mosaic": min(10, settings.epochs // 4),
        "workers": usable_cores(),  # a checkpoint stores those of the machine that wrote it
        "augmentations": [],  # else ultralytics adds more if albumentations is installed
        "deterministic": True,
        "val": False,
        "plots": False,
        "verbose": False,
    }


def _load_stopped(checkpoint: Path, home: Path) -> YOLO | None:
    """Return the network of a stopped training; None if there is none that can be read."""
    if not checkpoint.is_file():
        return None
    try:
        return load_yolo(checkpoint, home)
    except InputError:
        print(f"detect: {checkpoint} cannot be read, so this training begins again")
        checkpoint.unlink()
        return None


def _scores(values: Any) -> dict[str, float]:
    return dict(zip(SCORES, (round(float(value), 5) for value in values), strict=True))
