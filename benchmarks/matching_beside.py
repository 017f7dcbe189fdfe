"""What local matching adds to a model's cosine, and for how many seconds.

    python benchmarks/matching_beside.py --data DIR [--model MODEL] [--questions N] [--seed N]
        [--shortlists 10 20 50] [--look-at SOURCE] [--output DIR] [--json FILE] [KEY=VALUE …]

DIR is a catalogue folder. MODEL is a run folder, or a name such as lite0 (the usual one). Images
that the model was not trained on are asked of all others, without those that were taken together
with them: all images of animals that it has never seen, else the fold that it has left out. Each is
compared point by point with its nearest images, so many as a shortlist has. Calibration is learned
on the same questions, cross-fitted by individual, as `identify` does it.

Columns: mAP@5 and rank-1 of the questions with an answer; the AUROC of telling them from the same
questions without their individual; the gain of mAP@5 over the cosine; 95% intervals that draw whole
individuals; and seconds that the pairs of a question take. "Matching alone" is the sum of the match
scores, on the shortlist. Below each fused row stands what `identify` would do with such a shortlist
and `match.use=auto`.

Points and pairs are kept in --output, so that a longer measurement uses those of a shorter one.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from own_questions import HEAD, Gallery, answers, by_feature, figures, gallery_of, say

from tf_happywhale.config import Match
from tf_happywhale.disk.files import write_json
from tf_happywhale.inference.matched.local_matching import LocalMatching
from tf_happywhale.retrieval.fusion.compared import compared
from tf_happywhale.retrieval.fusion.fuse import learn_from_pairs
from tf_happywhale.retrieval.fusion.match_plan import MatchPlan
from tf_happywhale.retrieval.fusion.planned_pairs import own_pairs
from tf_happywhale.retrieval.teaching.matching_pays import matching_pays
from tf_happywhale.retrieval.teaching.questions import ask


def drawn(gallery: Gallery, count: int | None, seed: int) -> np.ndarray:
    """Rows of so many of the honest images; those that have an answer come first."""
    rows = np.flatnonzero(gallery.honest)
    if count is None or count >= len(rows):
        return rows
    found = ask(gallery.images, asked=gallery.honest, most=len(rows))
    order = np.random.default_rng(seed).permutation(rows)
    answered = np.isin(order, found.row[found.known])
    return np.sort(order[np.argsort(~answered, kind="stable")][:count])


def measure(
    gallery: Gallery, rows: np.ndarray, sizes: list[int], matching: LocalMatching
) -> list[dict]:
    """Measure and print the cosine, and each shortlist."""
    images, asked = gallery.images, np.isin(np.arange(len(gallery.images)), rows)
    plain = answers(images, None, rows)
    print(f"{len(images)} images, {len(rows)} of them asked\n{HEAD}")
    found = [say("cosine alone", figures(plain))]
    for size in sorted(sizes):
        pairs, kept = own_pairs(images, MatchPlan(size, len(rows)), asked)[1:]
        features = matching.features(images, images, pairs, f"shortlist {size}")
        matched = compared(len(images), pairs, features)
        seconds = matching.seconds_a_pair * size
        fused = learn_from_pairs(images, matched, rows)
        alone = answers(images, by_feature(images, matched, "total"), rows)
        name = f"{size} images ({kept:.3f} have a right one)"
        found.append(say(f"matching alone, {name}", figures(alone, plain), seconds))
        mine = answers(images, fused.own, rows)
        found.append(say(f"fused, {name}", figures(mine, plain), seconds))
        weights = fused.calibrations.whole.matched
        found[-1]["weights"] = [*weights.weights.tolist(), weights.intercept]
        pays = bool(matching_pays(images, fused.own, asked, seen=gallery.seen))
        found[-1] |= {"shortlist": size, "kept": kept, "used": pays}
        print(f"{'':8}identify would {'' if pays else 'not '}match", flush=True)
    return found


def main() -> None:
    """Measure one catalogue with one model."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="a catalogue folder")
    parser.add_argument("--model", help="a run folder, or a name; without it lite0")
    parser.add_argument("--questions", type=int, help="so many, drawn; without it all")
    parser.add_argument("--seed", type=int, default=0, help="of the questions that are drawn")
    parser.add_argument("--shortlists", type=int, nargs="+", default=[10, 20, 50])
    parser.add_argument("--look-at", metavar="SOURCE", help="boxes that a trained model looks at")
    parser.add_argument("--points", type=int, default=Match().points)
    parser.add_argument("--size", type=int, default=Match().size, help="of the crops matched")
    parser.add_argument("--output", type=Path, default=Path("output/bench-matching-beside"))
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure here")
    parser.add_argument("overrides", nargs="*", help="key=value, such as identify.boxes=FILE")
    given = parser.parse_args()
    keys = [f"output={given.output}", *given.overrides]
    gallery = gallery_of(given.model, given.data, keys, given.look_at)
    if not gallery.honest.any():
        parser.error("the model was trained on all images, so none can be asked")
    rows = drawn(gallery, given.questions, given.seed)
    settings = Match(points=given.points, size=given.size)
    matching = LocalMatching(settings, [given.output / "matched"])
    found = measure(gallery, rows, given.shortlists, matching)
    if given.json:
        write_json(given.json, found)


if __name__ == "__main__":
    main()
