"""An epoch's entry in the log, and what the screen shows of it."""

from __future__ import annotations

import numpy as np
from tqdm import tqdm

from tf_happywhale.config import Train
from tf_happywhale.training.resume.checkpoint import Progress

RUNNING = 50  # steps


def entry_of(progress: Progress, train: Train, rate: float) -> dict:
    """Return the log's entry of an epoch that has just been trained."""
    seconds = max(progress.seconds, 1e-9)
    count = len(progress.losses)
    entry = {
        "epoch": progress.epoch,
        "loss": float(np.mean(progress.losses)) if count else None,
        "learning_rate": rate,
        "bad_steps": progress.bad_steps,
        "seconds": round(seconds, 2),
        "images_per_second": round(count * train.batch_size / seconds, 1),
    }
    if train.freeze_epochs:
        entry["frozen"] = progress.epoch < train.freeze_epochs
    return entry


def show_loss(bar: tqdm, losses: list[float]) -> None:
    """Show the running loss in a progress bar: the mean of the last `RUNNING` finite steps."""
    if losses:
        bar.set_postfix_str(f"loss {np.mean(losses[-RUNNING:]):.3f}", refresh=False)


def line_of(entry: dict) -> str:
    """Return the printed line of an entry, with mAP@5 if the epoch was validated."""
    loss = "not finite" if entry["loss"] is None else f"{entry['loss']:.3f}"
    frozen = " (backbone frozen)" if entry.get("frozen") else ""
    line = f"epoch {entry['epoch'] + 1}{frozen}: loss {loss}, {entry['seconds']:.0f} s, "
    line += f"{entry['images_per_second']:.0f} img/s"
    if entry.get("map5_known") is not None:
        line += f", mAP@5 {entry['map5_known']:.3f} on {entry['queries_known']} known individuals'"
        line += " images"
    return line
