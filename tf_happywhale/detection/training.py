"""Training, judging and exporting a network through ultralytics."""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

from tf_happywhale.config import Detect
from tf_happywhale.detection.letterbox import square_side
from tf_happywhale.detection.ultralytics_package import load_yolo, use_all_cores
from tf_happywhale.files import atomic_write, digest, write_json

CHECKPOINT = "checkpoint.pt"  # of the last whole epoch, while there are more to come


def goes_on(folder: Path, asked: dict[str, Any]) -> bool:
    """Whether a training that asked for the same was begun in this folder; if not, it is emptied.

    Args:
        folder: what ultralytics writes while it trains.
        asked: everything the training depends on.
    """
    note = folder / "asked.json"
    with suppress(FileNotFoundError, ValueError, KeyError, TypeError):
        if json.loads(note.read_text(encoding="utf-8"))["digest"] == digest(asked):
            return True
    shutil.rmtree(folder, ignore_errors=True)
    write_json(note, {"digest": digest(asked)})
    return False


def train_network(
    data: Path, weights: Path, folder: Path, home: Path, settings: Detect, seed: int
) -> None:
    """Train on the `train` part of a training set and write the last epoch's averaged weights.

    The held-out part chooses nothing, so that what is measured on it afterwards is not flattered.
    A step of the optimizer comes after `step_images` images, however small the batches are.

    A training that was stopped in the same folder goes on after its last whole epoch: from the
    average of the weights, in half precision, since that is what ultralytics keeps, so that it ends
    close to one left in peace, not at the same bits.

    Args:
        data: YOLO's description of the training set.
        weights: the .pt file to write.
        folder: what ultralytics writes meanwhile.
        home: where it may keep its settings.
        settings: network and hyper-parameters.
        seed: of everything random.

    Raises:
        InputError: ultralytics is missing, or the network cannot be loaded.
    """
    checkpoint = folder / CHECKPOINT
    stopped = checkpoint.is_file()

    def keep(trainer: Any) -> None:
        """Ultralytics writes over its last file; this one is whole whenever it is there."""
        if trainer.epoch + 1 < trainer.epochs:
            with atomic_write(checkpoint) as temporary:
                shutil.copyfile(trainer.last, temporary)

    yolo = load_yolo(checkpoint if stopped else settings.model, home)
    yolo.add_callback("on_train_start", lambda trainer: use_all_cores())
    yolo.add_callback("on_model_save", keep)
    adaptive = settings.optimizer == "AdamW"
    yolo.train(
        data=str(data),
        save_dir=str(folder.resolve()),
        resume=stopped,
        imgsz=square_side(settings.image_size),
        epochs=settings.epochs,
        batch=settings.batch_size,
        nbs=settings.step_images,
        optimizer=settings.optimizer,
        lr0=settings.learning_rate,
        momentum=0.9 if adaptive else 0.937,
        warmup_bias_lr=0.0 if adaptive else 0.1,  # which is SGD's
        degrees=settings.rotate,
        scale=settings.scale,
        mosaic=settings.mosaic,
        augmentations=[],  # else some more where albumentations happens to be installed
        close_mosaic=min(10, settings.epochs // 4),
        seed=seed,
        deterministic=True,
        val=False,
        plots=False,
        verbose=False,
    )
    with atomic_write(weights) as temporary:
        shutil.copyfile(folder / "weights" / "last.pt", temporary)
    checkpoint.unlink(missing_ok=True)


def judge_network(
    data: Path, weights: Path, folder: Path, home: Path, settings: Detect
) -> dict[str, float | dict]:
    """Precision, recall, AP50 and AP50:95 on the held-out part, by ultralytics' own validator.

    Returns:
        These four, and under `sources` the same for each source.
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
    rows = [("", (box.mp, box.mr, box.map50, box.map))]
    rows += [
        (yolo.names[int(kind)], box.class_result(place))
        for place, kind in enumerate(box.ap_class_index)
    ]
    names = ("precision", "recall", "AP50", "AP50:95")
    scores = {
        source: dict(zip(names, (round(float(value), 5) for value in values), strict=True))
        for source, values in rows
    }
    return {**scores.pop(""), "sources": scores}


def export_network(weights: Path, home: Path, settings: Detect) -> Path:
    """Write the network beside its weights as .onnx, for any number of pictures at a time.

    Raises:
        InputError: ultralytics is missing, or the weights are.
    """
    yolo = load_yolo(weights, home)
    side = square_side(settings.image_size)
    return Path(yolo.export(format="onnx", dynamic=True, simplify=False, imgsz=side, batch=1))
