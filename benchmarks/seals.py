"""A small catalogue out of a camera, asked by day: frozen networks, local matching, a model that
was trained on it, and all of them as one score.

    python benchmarks/seals.py --data DIR [--boxes FILE] [--model MODEL ...] [--trained RUN ...]
        [--look-at SOURCE] [--output DIR] [--json FILE]

DIR is a catalogue folder, FILE its boxes (without it `detections.json` in DIR), read as `identify`
reads them. Every image is asked of the others without those of its own day. MODEL is a model that
has never seen these animals, such as the run folder of one for whales; it looks at the boxes, and
once at the whole pictures as `identify` lets it. RUNs are the folds of a model that was trained on
this catalogue, with folds by burst: each asks the images that it has left out.

A whitened row is learned from the gallery without the day that is asked. A fused row is what
`identify` scores; "all fused" weighs each model's cosine beside the matches, as learned from the
gallery's pairs without the individual that is asked. Gains are over lite0's centred cosine;
intervals draw whole individuals.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from own_questions import HEAD, Answers, answers, by_feature, figures, gallery_of, say

from tf_happywhale.config import Match
from tf_happywhale.disk.files import write_json
from tf_happywhale.inference.matched.local_matching import LocalMatching
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.fusion.calibration import Weights, fit_towards
from tf_happywhale.retrieval.fusion.compared import Compared, compared
from tf_happywhale.retrieval.fusion.evidence import inputs_of
from tf_happywhale.retrieval.fusion.fuse import learn_from_pairs
from tf_happywhale.retrieval.fusion.learn_calibration import MATCHED, MATCHED_MAY, PARTS
from tf_happywhale.retrieval.fusion.match_plan import MatchPlan
from tf_happywhale.retrieval.fusion.planned_pairs import own_pairs
from tf_happywhale.retrieval.teaching.same_encounter import same_encounter
from tf_happywhale.training.whitening import within_individuals

BOXES, BASE = "detections.json", "lite0"
RIDGE = 1.0  # of the whitening: as configs/right_whale_strong.yaml has it


@dataclass(frozen=True)
class Part:
    """A catalogue as a model embeds it, and the images that this model may be asked about."""

    images: Embeddings
    rows: np.ndarray


def asked(parts: Sequence[Part], scores) -> Answers:
    """The answers of a model, fold by fold; `scores` makes the scores of a part (None: cosines)."""
    found = [answers(part.images, scores(part) if scores else None, part.rows) for part in parts]
    return sum(found[1:], found[0])


def whitened(part: Part):
    """Cosines after whitening within individuals, learned from the images that were not taken
    together with the question, as a gallery would learn it before a new photograph comes.

    Leaving out the individual instead would flatter: all others' images would then be drawn
    together, and only its own would not.
    """
    images = part.images
    together = same_encounter(images).mask(np.arange(len(images)))
    table = np.zeros(together.shape)
    unit = images.embedding / np.linalg.norm(images.embedding, axis=1, keepdims=True)
    for out in np.unique(together[part.rows], axis=0):
        rows = np.flatnonzero((together == out).all(axis=1))
        kernel, bias = within_individuals(unit[~out], images.individual_id[~out].tolist(), RIDGE)
        mapped = unit @ kernel + bias
        mapped /= np.linalg.norm(mapped, axis=1, keepdims=True)
        table[rows] = mapped[rows] @ mapped.T
    return lambda rows: table[rows]


def fused(part: Part, found: Compared):
    """Scores as `identify` fuses them."""
    return learn_from_pairs(part.images, found, part.rows).own


def inputs(part: Part, found: Compared) -> np.ndarray:
    """What is known of each question and each image, [q, m, 3]; see `evidence.py`."""
    own = fused(part, found)
    many, rows = len(part.images), part.rows
    features = np.full((many, many, found.features.shape[1]), np.nan, np.float32)
    features[found.question, found.image] = found.features
    features = np.where(np.isnan(features), features.transpose(1, 0, 2), features)[rows]
    cosine = own.questions.tile(rows) @ own.gallery.tile(slice(None)).T
    first, second = np.repeat(rows, many), np.tile(np.arange(many), len(rows))
    flat = inputs_of(
        cosine.ravel(),
        features.reshape(-1, features.shape[2]),
        own.asked.of(first),
        own.known.of(second),
    )
    return flat.reshape(len(rows), many, -1)


def all_fused(models: Sequence[Sequence[Part]], found: Compared) -> Answers:
    """The answers of all models and the matches together, their weights cross-fitted."""
    images = models[0][0].images
    many = len(images)
    who = np.unique(images.individual_id, return_inverse=True)[1]
    design = np.full((many, many, len(models) + 2), np.nan)
    for number, parts in enumerate(models):
        for part in parts:
            known = inputs(part, found)
            design[part.rows, :, number] = known[:, :, 0]
            design[part.rows, :, len(models) :] = known[:, :, 1:]
    rows = np.flatnonzero(~np.isnan(design[:, :, : len(models)]).any(axis=(1, 2)))
    usable = ~np.isnan(design).any(axis=2) & ~same_encounter(images).mask(np.arange(many))
    count, score = min(PARTS, who.max() + 1), np.full((many, many), -np.inf)
    weights = np.append(np.full(len(models), MATCHED[0] / len(models)), MATCHED[1:])
    prior = Weights(weights, -np.log(who.max() + 1))
    may = np.append(np.full(len(models), MATCHED_MAY[0]), MATCHED_MAY[1:])
    for number in range(count):
        out = who % count == number
        learns = usable & ~out[:, None] & ~out[None]
        same = (who[:, None] == who)[learns]
        learned = fit_towards(prior, may, design[learns], same)
        score[out] = np.where(usable[out], learned.logit(np.nan_to_num(design[out])), -np.inf)
    return answers(images, lambda some: score[some], rows)


def everything(given: argparse.Namespace) -> list[dict]:
    """Measure and print every row."""
    boxes = given.boxes or given.data / BOXES
    keys = [f"output={given.output}"] + [f"identify.boxes={boxes}"] * boxes.exists()
    keys += given.overrides
    base = gallery_of(BASE, given.data, keys)
    images, rows = base.images, np.flatnonzero(base.honest)
    lite = [Part(images, rows)]
    reference = asked(lite, None)

    def row(name: str, found: Answers, seconds: float = float("nan")) -> dict:
        same = len(found.precision) == len(reference.precision)
        return say(name, figures(found, reference if same else None), seconds)

    print(f"{len(images)} images, {len(rows)} of them asked\n{HEAD}")
    raw = gallery_of(BASE, given.data, keys, centre=False).images
    whole = gallery_of(BASE, given.data, [*keys, "records.source=whole"])
    table = [
        row(f"{BASE}, frozen, not centred", asked([Part(raw, rows)], None)),
        row(f"{BASE}, frozen, centred", reference),
        row(f"{BASE}, frozen, whitened", asked(lite, whitened)),
        row(f"{BASE}, frozen, centred, whole pictures", asked([Part(whole.images, rows)], None)),
    ]
    settings = Match(points=given.points, size=given.size)
    matching = LocalMatching(settings, [given.output / "matched"])
    _, pairs, _ = own_pairs(images, MatchPlan(len(images), len(images)))
    found = compared(len(images), pairs, matching.features(images, images, pairs, "gallery"))
    seconds = matching.seconds_a_pair * len(images)
    alone = asked(lite, lambda part: by_feature(part.images, found, "total"))
    table.append(row("local matching alone", alone, seconds))
    table.append(row(f"{BASE} and matching, fused", asked(lite, lambda p: fused(p, found))))
    models = [lite]
    for model in given.model:
        look = given.look_at or images.about["source"]
        name = "/".join(Path(model).parts[-2:])
        frozen = [Part(gallery_of(model, given.data, keys, look).images, rows)]
        own = [Part(gallery_of(model, given.data, keys).images, rows)]
        table += [
            row(f"{name}, as it looks at pictures", asked(own, None)),
            row(f"{name}, frozen, boxes", asked(frozen, None)),
            row(f"{name}, frozen, boxes, centred", asked([_centred(frozen[0])], None)),
            row(f"{name}, frozen, boxes, whitened", asked(frozen, whitened)),
            row(f"{name} and matching, fused", asked(frozen, lambda p: fused(p, found))),
        ]
        models.append([_centred(frozen[0])])
    if given.trained:
        folds = [gallery_of(run, given.data, keys) for run in given.trained]
        own = [Part(fold.images, np.flatnonzero(fold.honest)) for fold in folds]
        table.append(row("trained here, out of fold", asked(own, None)))
        table.append(row("trained here and matching, fused", asked(own, lambda p: fused(p, found))))
        models.append(own)
    if len(models) > 1:
        table.append(row("all fused", all_fused(models, found)))
    return table


def _centred(part: Part) -> Part:
    mean = part.images.embedding.mean(axis=0)
    return replace(part, images=replace(part.images, embedding=part.images.embedding - mean))


def main() -> None:
    """Measure one catalogue."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="a catalogue folder")
    parser.add_argument("--boxes", type=Path, help=f"its boxes; without it DIR/{BOXES}")
    parser.add_argument("--model", nargs="+", default=[], help="models of other animals")
    parser.add_argument("--trained", nargs="+", default=[], metavar="RUN", help="folds of a model")
    parser.add_argument("--look-at", metavar="SOURCE", help="boxes that models look at")
    parser.add_argument("--points", type=int, default=Match().points)
    parser.add_argument("--size", type=int, default=Match().size, help="of the crops matched")
    parser.add_argument("--output", type=Path, default=Path("output/bench-seals"))
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure here")
    parser.add_argument("overrides", nargs="*", help="key=value, such as image_size=160")
    given = parser.parse_args()
    table = everything(given)
    if given.json:
        write_json(given.json, table)


if __name__ == "__main__":
    main()
