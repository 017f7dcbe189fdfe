"""What identifies animals on the first day, before anything was trained: each part by itself, and
all together.

    python benchmarks/first_day.py --data DIR [--boxes FILE] [--grid] [--json FILE] [--quick]
        [KEY=VALUE …]

DIR is a catalogue folder (`train.csv`, `train_images/`), FILE its boxes; without it
`detections.json` in DIR is used. Every image is asked of the others without those of its own day.
The columns are mAP@5, the same where individuals known from the image's side come first (with a
bootstrap interval of the questions), the share of those whose first individual is right, and the
AUROC of telling known from new animals, each image asked again without its individual.

--grid tries numbers of points, sizes of the crops, boxes and margins, one after the other around
the usual ones. Points, pairs and embeddings are kept in --output, so that nothing is computed
twice.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tf_happywhale.config import Match
from tf_happywhale.disk.files import write_json
from tf_happywhale.inference.matched.local_matching import LocalMatching
from tf_happywhale.matching.pair_features import FEATURES
from tf_happywhale.retrieval.centring import centred
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.fusion.compared import Compared, compared
from tf_happywhale.retrieval.fusion.fuse import learn_from_pairs
from tf_happywhale.retrieval.fusion.match_plan import MatchPlan
from tf_happywhale.retrieval.fusion.planned_pairs import own_pairs
from tf_happywhale.retrieval.metrics import auroc
from tf_happywhale.retrieval.search.scored import Scores
from tf_happywhale.retrieval.teaching.questions import ask

BOXES = "detections.json"
GRID = {"points": (128, 256, 512, 1024), "size": (384, 640, 800), "margin": (0.1, 0.2)}
DRAWS = 2000  # of the bootstrap


@dataclass(frozen=True)
class Asked:
    """A gallery that was matched with itself: the images as they are compared, the rows that were
    asked, their pairs, and how many seconds a new pair took (NaN: all were known)."""

    images: Embeddings
    rows: np.ndarray
    found: Compared
    seconds: float

    @property
    def fused(self) -> Scores:
        """All parts together, as `identify` scores a gallery's own images."""
        return learn_from_pairs(self.images, self.found, self.rows).own

    def feature(self, name: str) -> Scores:
        """One number of the pairs by itself."""
        table = np.full((len(self.images), len(self.images)), -np.inf)
        question, column = self.found.question, self.found.features[:, FEATURES.index(name)]
        table[question, self.found.image] = column
        table = np.maximum(table, table.T)
        return lambda rows: table[rows]


def gallery_of(data: Path, overrides: Sequence[str]) -> Embeddings:
    """A catalogue folder as `identify` embeds it without a model."""
    from tf_happywhale.inference.embedding.box_source import with_source
    from tf_happywhale.inference.embedding.identifier import load_identifier
    from tf_happywhale.inference.gallery.reference_images import embed_catalogue

    experiment, identifier = load_identifier(None, overrides, data)
    identifier = with_source(identifier, experiment, data)
    images, _ = embed_catalogue(data, identifier, experiment)
    return centred(images, images)[1]


def match_itself(images: Embeddings, matching: LocalMatching, plan: MatchPlan) -> Asked:
    """Match a gallery with itself, as `identify` does it."""
    rows, pairs, _ = own_pairs(images, plan)
    matching.look_at(images, "gallery")
    known, start = sum(map(len, matching.pairs)), time.perf_counter()
    features = matching.features(images, images, pairs, "gallery")
    new = sum(map(len, matching.pairs)) - known
    seconds = (time.perf_counter() - start) / new if new else float("nan")
    return Asked(images, rows, compared(len(images), pairs, features), seconds)


def measure(images: Embeddings, rows: np.ndarray, scores: Scores | None) -> dict:
    """The measures of scores; None for the cosine of embeddings."""
    asked = np.isin(np.arange(len(images)), rows)
    plain = ask(images, scores, asked, same_side=False)
    sided = ask(images, scores, asked)
    precision, by_side = (_precision(found.rank[found.known]) for found in (plain, sided))
    best = np.where(np.isfinite(plain.score), plain.score, -np.inf)
    others = np.where(plain.ids == plain.individual_ids[:, None], -np.inf, best).max(axis=1)
    top = np.concatenate([best[plain.known].max(axis=1), others])
    is_new = np.arange(len(top)) >= plain.known.sum()
    low, high = _interval(by_side)
    return {
        "questions": int(plain.known.sum()),
        "map5": float(precision.mean()),
        "map5_same_side": float(by_side.mean()),
        "low": low,
        "high": high,
        "rank1": float((precision == 1).mean()),
        "rank1_same_side": float((by_side == 1).mean()),
        "auroc": auroc(-top, is_new),
    }


def _precision(rank: np.ndarray) -> np.ndarray:
    return np.where(rank < 5, 1 / (1.0 + rank), 0.0)


def _interval(values: np.ndarray) -> tuple[float, float]:
    """The middle 95% of the means of as many draws."""
    rng = np.random.default_rng(0)
    means = values[rng.integers(0, len(values), (DRAWS, len(values)))].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def report(name: str, found: dict, seconds: float = float("nan")) -> dict:
    """Print a row of the table, and return it."""
    timed = "" if np.isnan(seconds) else f"{seconds:10.3f}"
    print(
        f"{name:32}{found['map5']:8.3f}{found['map5_same_side']:11.3f} "
        f"[{found['low']:.2f}, {found['high']:.2f}]{found['rank1']:8.3f}"
        f"{found['rank1_same_side']:11.3f}{found['auroc']:8.3f}{timed}",
        flush=True,
    )
    return {"setting": name, **found, "seconds_a_pair": None if np.isnan(seconds) else seconds}


def settings_of(grid: bool) -> list[tuple[str, str, Match]]:
    """Name, box and settings of what is tried; the usual ones first."""
    found = [("usual settings", "best", Match())]
    if grid:
        for key, values in GRID.items():
            found += [(f"{key} {value}", "best", Match(**{key: value})) for value in values]
        found.append(("whole picture", "whole", Match()))
        found.append(("whole picture, size 1023", "whole", Match(size=1023)))
    return found


def main() -> None:
    """Measure each part, and then the settings."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="a catalogue folder")
    parser.add_argument("--boxes", type=Path, help=f"its boxes; without it DIR/{BOXES}")
    parser.add_argument("--output", type=Path, default=Path("output/bench-first-day"))
    parser.add_argument("--grid", action="store_true", help="try other settings too")
    parser.add_argument("--quick", action="store_true", help="64 points of crops of 192 pixels")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure here")
    parser.add_argument("overrides", nargs="*", help="key=value, such as records.source=whole")
    given = parser.parse_args()
    tried = settings_of(given.grid)
    if given.quick:
        tried = [("quick", "best", Match(points=64, size=192))]
    boxes, rows = given.boxes or given.data / BOXES, []
    common = [f"output={given.output}"] + [f"identify.boxes={boxes}"] * boxes.exists()
    galleries: dict[str, Embeddings] = {}
    for name, box, settings in tried:
        if box not in galleries:
            whole = ["records.source=whole"] if box == "whole" else []
            galleries[box] = gallery_of(given.data, [*common, *given.overrides, *whole])
        images = galleries[box]
        matching = LocalMatching(settings, [given.output / "matched"])
        asked = match_itself(images, matching, MatchPlan(len(images), len(images)))
        if not rows:
            print(f"{'':32}{'mAP@5':>8}{'same side':>11}{'95%':>13}{'rank 1':>9}"
                  f"{'same side':>11}{'AUROC':>8}{'s a pair':>10}")  # fmt: skip
            rows.append(report("cosine", measure(images, asked.rows, None)))
            for feature in FEATURES:
                found = measure(images, asked.rows, asked.feature(feature))
                rows.append(report(feature, found))
        found = measure(images, asked.rows, asked.fused)
        rows.append(report(f"fused, {name}", found, asked.seconds))
    if given.json:
        write_json(given.json, rows)


if __name__ == "__main__":
    main()
