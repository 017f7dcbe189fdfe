"""A training's log as a table and as a figure. Both are made from `log.jsonl` alone."""

from __future__ import annotations

import csv
from pathlib import Path

from tf_happywhale.disk.files import atomic_write
from tf_happywhale.training.log.log_file import read_log

TABLE, FIGURE = "log.csv", "training.png"
LOSS, MAP, GREY = "#d1495b", "#1f6f8b", "#8a8f98"


def write_table(run: Path) -> None:
    """Write the log as `log.csv`, a row for each epoch; missing values are empty."""
    entries = read_log(run)
    if not entries:
        (run / TABLE).unlink(missing_ok=True)
        return
    columns = list(dict.fromkeys(name for entry in entries for name in entry))
    with (
        atomic_write(run / TABLE) as temporary,
        temporary.open("w", encoding="utf-8", newline="") as file,
    ):
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(entries)


def draw_figure(run: Path) -> None:
    """Draw loss and mAP@5 over epochs, the best one marked, as `training.png`."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    entries = read_log(run)
    panels = {
        "Loss of the training": ("loss", LOSS),
        "mAP@5 of the validation, known individuals": ("map5_known", MAP),
    }
    figure = Figure(figsize=(9, 3.2), dpi=100, layout="constrained")
    for axes, (title, (key, colour)) in zip(figure.subplots(1, 2), panels.items(), strict=True):
        points = [(e["epoch"] + 1, e[key]) for e in entries if e.get(key) is not None]
        axes.set_title(title, fontsize=11, loc="left")
        axes.set_xlabel("epoch")
        axes.spines[["top", "right"]].set_visible(False)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(axis="y", color=GREY, alpha=0.25)
        if not points:
            axes.text(0.5, 0.5, "nothing was measured", ha="center", transform=axes.transAxes)
            continue
        axes.plot(*zip(*points, strict=True), color=colour, marker="o", markersize=3)
        axes.set_xlim(0.5, len(entries) + 0.5)
        if key == "map5_known":
            axes.set_ylim(0, 1)
            epoch, best = max(points, key=lambda point: (point[1], point[0]))
            axes.plot(epoch, best, "o", color=colour, markersize=9, fillstyle="none")
            away = 9 if best < 0.85 else -18  # points, of the text from the mark
            axes.annotate(
                f"{best:.3f}, epoch {epoch}", (epoch, best), (0, away), textcoords="offset points",
                ha="right" if epoch > len(entries) / 2 else "left", color=colour,
            )  # fmt: skip
    with atomic_write(run / FIGURE) as temporary:
        figure.savefig(temporary, metadata={"Software": None})
