"""When photographs of a catalogue were taken, which encounters follow, and what it is worth to
compare an animal only with images of its own side.

    python benchmarks/like_with_like.py --data DIR [--boxes FILE] [--column viewpoint] [--json FILE]
        [--output DIR] [KEY=VALUE …]

DIR is a catalogue folder, FILE its boxes; without it `detections.json` in DIR is used. Encounters
are made by time and place, with several gaps; how many of those with several photographs show
several individuals says whether they may be ranked together. Then every image is asked of the
others without those of its own day: by lite0's cosine and by matched points fused with it, with
individuals known from the same side first (as `identify` does), without that, and with
`identify.only`. Gains are over the first; intervals draw whole individuals.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

import numpy as np
from own_questions import gallery_of

from tf_happywhale.config import Match
from tf_happywhale.disk.files import write_json
from tf_happywhale.inference.identify.encounters_made import moments_of
from tf_happywhale.inference.matched.local_matching import LocalMatching
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.fusion.compared import compared
from tf_happywhale.retrieval.fusion.fuse import learn_from_pairs
from tf_happywhale.retrieval.fusion.match_plan import MatchPlan
from tf_happywhale.retrieval.fusion.planned_pairs import own_pairs
from tf_happywhale.retrieval.metrics import interval, weighted_mean
from tf_happywhale.retrieval.search.joined_rows import stack
from tf_happywhale.retrieval.search.only import only_of, restricted
from tf_happywhale.retrieval.search.scored import Scores, cosines
from tf_happywhale.retrieval.teaching.filter_worth import filter_worth, worth_sentence
from tf_happywhale.retrieval.teaching.matching_pays import precision_of
from tf_happywhale.retrieval.teaching.questions import ask
from tf_happywhale.sightings.encounters import encounters_from_time

BOXES, SEED = "detections.json", 0
GAPS = (1, 5, 10, 30, 60)  # minutes
DISTANCE = 1000.0  # metres


def times_and_encounters(images: Embeddings) -> list[dict]:
    """Say how many photographs have a time and a place, and which encounters follow."""
    moments = list({moment.image: moment for moment in moments_of(images)}.values())
    timed = sum(moment.local is not None for moment in moments)
    placed = sum(moment.where is not None for moment in moments)
    days = len({moment.date for moment in moments if moment.date})
    cameras = Counter(moment.camera or "unknown" for moment in moments)
    print(f"{timed} of {len(moments)} photographs have a time, on {days} days; {placed} a place")
    print("cameras: " + ", ".join(f"{name} {count}" for name, count in cameras.most_common()))
    who: dict[str, set[str]] = {}
    for image, individual in zip(images.image.tolist(), images.individual_id.tolist(), strict=True):
        who.setdefault(image.partition("#")[0], set()).add(individual)
    table = []
    for gap in GAPS:
        found = encounters_from_time(moments, gap, DISTANCE)
        several = [e for e in found if len(e.moments) > 1]
        mixed = sum(len(set().union(*(who[m.image] for m in e.moments))) > 1 for e in several)
        row = {"gap": gap, "encounters": len(found), "several": len(several), "mixed": mixed}
        print(
            f"gap of {gap} minutes: {row['encounters']} encounters, {row['several']} of several "
            f"photographs, {row['mixed']} of these with several individuals"
        )
        table.append(row)
    return table


def worth(images: Embeddings, column: str, matching: LocalMatching) -> list[dict]:
    """Say what a filter is worth, by cosines and with matched points."""
    only, own = only_of(images, images, [column]), stack([images.embedding])
    rows, pairs, _ = own_pairs(images, MatchPlan(len(images), len(images)))
    features = matching.features(images, images, pairs, "gallery")
    counts = ~only.out(pairs[:, 0])[np.arange(len(pairs)), pairs[:, 1]]
    every = compared(len(images), pairs, features)
    some = compared(len(images), pairs[counts], features[counts])
    by_cosine = cosines(own, own)
    fused = learn_from_pairs(images, every, rows).own
    filtered = learn_from_pairs(images, some, rows, only).own
    print(worth_sentence(filter_worth(images, [column])))
    table = []
    for name, plain, within in (
        ("cosine", by_cosine, by_cosine),
        ("matched", fused, filtered),
    ):
        first = _precision(images, plain, same_side=True)
        table += [
            _say(images, f"{name}, same side first", first, first),
            _say(images, f"{name}, sides ignored", _precision(images, plain), first),
            _say(
                images,
                f"{name}, only its own {column}",
                _precision(images, restricted(within, only)),
                first,
            ),
        ]
    return table


def _precision(images: Embeddings, scores: Scores, same_side: bool = False) -> np.ndarray:
    return precision_of(ask(images, scores, same_side=same_side))


def _say(images: Embeddings, name: str, mine: np.ndarray, against: np.ndarray) -> dict:
    asked = ask(images, same_side=False)
    who, gain = asked.individual_ids[asked.known], mine - against
    ends = interval(lambda w: weighted_mean(mine, w), who, SEED)
    low, high = interval(lambda w: weighted_mean(gain, w), who, SEED)
    print(
        f"{name}: mAP@5 {mine.mean():.3f} ({ends[0]:.2f} to {ends[1]:.2f}), rank 1 "
        f"{(mine == 1).mean():.3f}; gain {gain.mean():+.3f} ({low:+.3f} to {high:+.3f})"
    )
    return {
        "name": name,
        "map5": float(mine.mean()),
        "interval": ends,
        "rank1": float((mine == 1).mean()),
        "gain": float(gain.mean()),
        "gain_interval": (low, high),
    }


def main() -> None:
    """Measure one catalogue."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="a catalogue folder")
    parser.add_argument("--boxes", type=Path, help=f"its boxes; without it DIR/{BOXES}")
    parser.add_argument("--column", default="viewpoint", help="species, viewpoint or place")
    parser.add_argument("--output", type=Path, default=Path("output/bench-like-with-like"))
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure here")
    parser.add_argument("overrides", nargs="*", help="key=value, such as data.date_order=day_first")
    given = parser.parse_args()
    boxes = given.boxes or given.data / BOXES
    keys = [f"output={given.output}"] + [f"identify.boxes={boxes}"] * boxes.exists()
    images = gallery_of(None, given.data, [*keys, *given.overrides]).images
    encounters = times_and_encounters(images)
    matching = LocalMatching(Match(), [given.output / "embedded"])
    table = worth(images, given.column, matching)
    if given.json:
        write_json(given.json, {"encounters": encounters, "worth": table})


if __name__ == "__main__":
    main()
