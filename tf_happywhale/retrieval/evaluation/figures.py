"""The figures that `evaluate` draws from out-of-fold queries."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tf_happywhale.catalogue.photographs.own_output import mark_own_output
from tf_happywhale.disk.files import atomic_write
from tf_happywhale.retrieval.evaluation.pool import Pool

ADDED = "members_added"  # drawn only for several members
KNOWN, NEW, GREY = "#1f6f8b", "#d1495b", "#8a8f98"
ORDERS = {"given": "in the order given", "best_first": "the best first"}
NAMES = {
    "scores": "Best scores of known and new individuals",
    "modes": "mAP@5 by where new_individual is put",
    "reliability": "How far P(new) can be believed",
    "gallery_images": "mAP@5 by the gallery's images of the individual",
    ADDED: "mAP@5 of known individuals by the number of models",
}


def figure_files(folder: Path) -> dict[Path, str]:
    """Return the files that `draw_figures` may leave there, with their captions."""
    return {Path(folder) / f"{name}.png": caption for name, caption in NAMES.items()}


def draw_figures(folder: Path, pool: Pool, measured: dict, added: dict | None = None) -> list[Path]:
    """Write the figures of out-of-fold queries as PNG files.

    Args:
        folder: where they go; files are named after `NAMES`.
        pool: the queries.
        measured: what `evaluate_pool` found.
        added: what `measure_added` found; None: its figure is not drawn, and an old one is
            deleted.

    Returns:
        The files, in the order of `NAMES`.
    """
    from matplotlib.figure import Figure

    mark_own_output(Path(folder))
    drawn = []
    for name, title in NAMES.items():
        path = Path(folder) / f"{name}.png"
        if name == ADDED and not added:
            path.unlink(missing_ok=True)
            continue
        figure = Figure(figsize=(6.4, 3.6), dpi=120, layout="constrained")
        axes = figure.add_subplot()
        axes.set_title(title, fontsize=11, loc="left")
        axes.spines[["top", "right"]].set_visible(False)
        if name == ADDED:
            _members_added(axes, added)
        else:
            {"scores": _scores, "modes": _modes, "reliability": _reliability,
             "gallery_images": _gallery_images}[name](axes, pool, measured)  # fmt: skip
        with atomic_write(path) as temporary:
            figure.savefig(temporary, metadata={"Software": None})
        drawn.append(path)
    return drawn


def _scores(axes, pool: Pool, measured: dict) -> None:
    finite = pool.standard[:, 0][np.isfinite(pool.standard[:, 0])]
    bins = np.linspace(finite.min(initial=-3), finite.max(initial=3), 41)
    for rows, colour, name in ((~pool.is_new, KNOWN, "known"), (pool.is_new, NEW, "new")):
        if not np.isfinite(pool.standard[rows, 0]).any():
            continue
        axes.hist(
            pool.standard[rows, 0], bins, density=True, color=colour, alpha=0.6,
            label=f"{name} ({int(rows.sum())} images)",
        )  # fmt: skip
    axes.set_xlabel("best score, standard deviations above the mean")
    axes.set_ylabel("density")
    auroc = measured["auroc"]["value"]
    axes.legend(frameon=False, title=f"AUROC {auroc:.3f}" if auroc is not None else None)


def _modes(axes, pool: Pool, measured: dict) -> None:
    rows = [(name, part, KNOWN) for name, part in measured["modes"].items()]
    rows += [(f"oracle, {name}", part, GREY) for name, part in measured["oracle"].items()]
    _bars(axes, rows[::-1])
    axes.set_xlabel(f"mAP@5 ({measured['queries_new']} of {measured['queries']} images are new)")


def _reliability(axes, pool: Pool, measured: dict) -> None:
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=1)
    found = measured["p_new"]
    for when, colour in (("before", GREY), ("after", KNOWN)):
        curve = found.get(f"curve_{when}", [])
        if curve:
            axes.plot(
                [part["p_new"] for part in curve], [part["share_new"] for part in curve],
                marker="o", color=colour,
                label=f"{when}: error {found[f'error_{when}']:.3f}",
            )  # fmt: skip
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="P(new)", ylabel="share that is new")
    if found:
        axes.legend(frameon=False)


def _gallery_images(axes, pool: Pool, measured: dict) -> None:
    rows = [
        (f"{'none (new)' if name == '0' else name}: {part['queries']} queries", part, KNOWN)
        for name, part in measured["gallery_images"].items()
    ]
    _bars(axes, rows[::-1])
    axes.set_xlabel("mAP@5")


def _members_added(axes, added: dict) -> None:
    for name, colour in zip(ORDERS, (KNOWN, NEW), strict=True):
        steps = added.get(name, [])
        axes.plot(
            [step["count"] for step in steps], [step["map5_known"] for step in steps],
            marker="o", color=colour, label=ORDERS[name] if steps else None,
        )  # fmt: skip
    axes.set_xticks([step["count"] for step in added["given"]])
    axes.set_xlabel("models that judge an image together")
    axes.set_ylabel("mAP@5")
    axes.legend(frameon=False)


def _bars(axes, rows: list[tuple[str, dict, str]]) -> None:
    for place, (_, part, colour) in enumerate(rows):
        low, high = part["interval"]
        axes.barh(place, part["value"], color=colour, height=0.6)
        axes.plot([low, high], [place, place], color="black", linewidth=1.5)
        axes.text(high + 0.01, place, f"{part['value']:.3f}", va="center", fontsize=9)
    axes.set_yticks(range(len(rows)), [name for name, _, _ in rows])
    axes.set_xlim(0, 1.1)
