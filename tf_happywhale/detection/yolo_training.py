"""Training, judging and exporting a network through ultralytics."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tf_happywhale.config import Detect
from tf_happywhale.cores import usable_cores
from tf_happywhale.detection.letterbox import square_side
from tf_happywhale.detection.ultralytics_package import load_yolo, use_all_cores
from tf_happywhale.disk.files import atomic_write, write_json
from tf_happywhale.disk.hashes import digest
from tf_happywhale.errors import InputError

if TYPE_CHECKING:
    from ultralytics import YOLO

NOTE = "asked.json"
CHECKPOINT = "checkpoint.pt"  # of the last whole epoch, while there are more to come


def was_begun(folder: Path, asked: dict[str, Any]) -> bool:
    """Whether a training that asked for the same was begun in this folder.

    Args:
        folder: what ultralytics writes while it trains.
        asked: everything the training depends on.
    """
    with suppress(FileNotFoundError, ValueError, KeyError, TypeError):
        note = json.loads((folder / NOTE).read_text(encoding="utf-8"))
        return note["digest"] == digest(asked)
    return False


def prepare(place: Path, made: Path, asked: dict[str, Any], *, restart: bool) -> bool:
    """Whether the model that is asked for is there already. What an earlier training has left is
    checked before anything is changed.

    Args:
        place: a fold's folder, with the model that is used.
        made: the folder in it where a model is made.
        asked: everything the training depends on.
        restart: give up an unfinished training of something else.

    Raises:
        InputError: there is such a training, and `restart` is not set.
    """
    old, new = place / "training", made / "training"
    if (old / CHECKPOINT).is_file() and not new.exists():  # an earlier version trained there
        made.mkdir(parents=True, exist_ok=True)
        os.replace(old, new)
    if not new.exists() and (place / "weights.pt").is_file() and was_begun(old, asked):
        return (place / "metrics.json").is_file()
    begun = (new / CHECKPOINT).is_file() or (made / "weights.pt").is_file()
    if begun and not was_begun(new, asked) and not restart:
        raise InputError(
            f"{made} holds an unfinished training of other photographs, boxes or settings"
            f"{_differing(new, asked)}: resume it as it was, or give it up with "
            "detect.restart=true."
        )
    return False


def _differing(folder: Path, asked: dict[str, Any]) -> str:
    """The settings that differ, in words; empty if the note does not name them."""
    with suppress(FileNotFoundError, ValueError, KeyError, TypeError):
        note = json.loads((folder / NOTE).read_text(encoding="utf-8"))
        before, now = note["asked"]["settings"], asked["settings"]
        found = [
            f"detect.{key} is {json.dumps(value)}, was {json.dumps(before[key])}"
            for key, value in now.items()
            if key in before and json.dumps(before[key]) != json.dumps(value)
        ]
        return f" ({'; '.join(found)})" if found else ""
    return ""


def begin(folder: Path, asked: dict[str, Any], stale: Iterable[Path]) -> None:
    """Take away what another training has left; only then the folder says what is asked now.

    Raises:
        OSError: something that must not be resumed cannot be removed.
    """
    for old in (*stale, folder / CHECKPOINT):
        old.unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    write_json(folder / NOTE, {"digest": digest(asked), "asked": asked})


def train_network(
    data: Path, weights: Path, folder: Path, home: Path, settings: Detect, seed: int
) -> None:
    """Train on the `train` part of a training set and write the last epoch's averaged weights.

    The held-out part chooses nothing, so that what is measured on it afterwards is not flattered.
    A step of the optimizer comes after `step_images` images, however small the batches are.

    A training that was stopped in the same folder resumes after its last whole epoch: from the
    average of the weights, in half precision, since that is what ultralytics keeps, so that it does
    not end at the same bits as one left in peace.

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

    def keep(trainer: Any) -> None:
        """Ultralytics writes over its last file; this one is whole whenever it is there."""
        if trainer.epoch + 1 < trainer.epochs:
            with atomic_write(checkpoint) as temporary:
                shutil.copyfile(trainer.last, temporary)

    yolo = _load_stopped(checkpoint, home)
    stopped = yolo is not None
    yolo = yolo or load_yolo(settings.model, home)
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
        workers=usable_cores(),  # a checkpoint remembers those of another machine
        augmentations=[],  # else some more where albumentations happens to be installed
        close_mosaic=min(10, settings.epochs // 4),
        seed=seed,
        deterministic=True,
        val=False,
        plots=False,
        verbose=False,
    )
    with atomic_write(weights) as temporary:
        shutil.copyfile(yolo.trainer.last, temporary)
    checkpoint.unlink(missing_ok=True)


def _load_stopped(checkpoint: Path, home: Path) -> YOLO | None:
    """The network of a stopped training; None if there is none that can be read."""
    if not checkpoint.is_file():
        return None
    try:
        return load_yolo(checkpoint, home)
    except InputError:
        print(f"detect: {checkpoint} cannot be read, so that this training begins again")
        checkpoint.unlink()
        return None


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
