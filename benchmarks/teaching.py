"""What a gallery teaches about new individuals and missed matches, beside what is true.

    python benchmarks/teaching.py --data DIR [--output DIR] [--splits 100] [--json FILE] [--quick]

DIR is a catalogue in Kaggle's layout. The embeddings are lite0's with ImageNet weights, mean
pooled, which nobody has taught an individual. Three things are measured, for the catalogue and for
the drawn pod:

- Fold 0, and a split that holds out whole individuals too: mAP@5 with `new_individual`, AUROC and
  the calibration error of P(new), taught by the gallery and learned the old way by training folds.
- The predicted share of missed matches beside the true one, in random splits.
- What galleries of few individuals teach: the threshold against `new_individual` always second, and
  P(new) against the plain share of new ones. It is what ENOUGH_TO_ORDER and ENOUGH_FOR_NUMBERS rest
  on.
"""

from __future__ import annotations

import argparse
import json
import warnings
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedKFold

from tf_happywhale.catalogue.animals.individuals import NEW_INDIVIDUAL
from tf_happywhale.config import Pod, Rank
from tf_happywhale.retrieval.embeddings import Embeddings, load_embeddings, save_embeddings
from tf_happywhale.retrieval.ensemble.ensemble_embeddings import make_ensemble
from tf_happywhale.retrieval.ensemble.labelled_gallery import LabelledGallery
from tf_happywhale.retrieval.metrics import auroc
from tf_happywhale.retrieval.new_individual.reliability import expected_calibration_error
from tf_happywhale.retrieval.new_individual.thresholds import precision_by_place, weighted_map
from tf_happywhale.retrieval.ranking.learned import Learned, learn
from tf_happywhale.retrieval.search.candidates import Candidates, rank_individuals
from tf_happywhale.retrieval.teaching.questions import ask
from tf_happywhale.retrieval.teaching.says import sentences
from tf_happywhale.retrieval.teaching.taught import Taught, teach

FOLDS, SIZE, NAMED = 5, 224, 21
POD = {"individuals": 64, "new_individuals": 13, "singletons": 10}  # as in configs/demo.yaml
RANK = Rank()
TAUGHT = "tf_happywhale.retrieval.teaching.taught"


def embed(data: Path, file: Path, source: str | None = None) -> Embeddings:
    """A catalogue's embeddings by lite0, kept in a file."""
    if file.is_file():
        return load_embeddings(file)
    from tf_happywhale.catalogue.boxes.box import Box
    from tf_happywhale.inference.explained.baselines import features, read_crops
    from tf_happywhale.models.pretrained import mean_pooled

    table = pd.read_csv(data / "train.csv", dtype=str, keep_default_na=False)
    boxes = {}
    if source:
        found = pd.read_csv(data / "boxes.csv").query("source == @source")
        corners = found[["xmin", "ymin", "xmax", "ymax"]].astype(int).to_numpy().tolist()
        boxes = {image: Box(*box) for image, box in zip(found["image"], corners, strict=True)}
    network, parts, images = mean_pooled("lite0", "default"), [], table["image"].tolist()
    for start in range(0, len(images), 512):
        some = images[start : start + 512]
        parts.append(features(network, read_crops(data / "train_images", some, boxes, SIZE)))
    ids = table["individual_id"].to_numpy(np.str_)
    about = {"trained_on": "nothing"}
    embedded = Embeddings(np.concatenate(parts), np.array(images, np.str_), ids, about)
    file.parent.mkdir(parents=True, exist_ok=True)
    save_embeddings(file, embedded)
    return embedded


def split(whole: Embeddings, gallery: np.ndarray) -> tuple[Embeddings, Embeddings, np.ndarray]:
    """Gallery and queries, both minus the gallery's mean; and the right answers."""
    mean = whole.embedding[gallery].mean(axis=0)
    centred = Embeddings(whole.embedding - mean, whole.image, whole.individual_id, whole.about)
    known, asked = centred.take(gallery), centred.take(~gallery)
    is_known = np.isin(asked.individual_id, known.individual_id)
    return known, asked, np.where(is_known, asked.individual_id, NEW_INDIVIDUAL)


def search(asked: Embeddings, known: Embeddings) -> Candidates:
    return rank_individuals(asked.embedding, known.embedding, known.individual_id.tolist(), NAMED)


def old_way(known: Embeddings) -> Learned:
    """What the same images teach if folds of them are asked of the others."""
    with warnings.catch_warnings(action="ignore"):
        cut = list(StratifiedKFold(FOLDS - 1).split(known.image, known.individual_id))
    fold_of = {known.image[row]: fold for fold, (_, rows) in enumerate(cut) for row in rows}
    ensemble = make_ensemble([known], known.image.tolist())
    return learn(LabelledGallery(ensemble, known.individual_id.tolist(), fold_of), [1.0], RANK)


def measure(learned: Learned, found: Candidates, truth: np.ndarray) -> dict:
    """How well these queries are answered."""
    score, is_new = found.score.astype(np.float64), truth == NEW_INDIVIDUAL
    rule, p_new = learned.rule(RANK, score), learned.p_new(score)
    threshold = np.array([rule.threshold_for(row) for row in score])
    place = (score[:, 0] > threshold).astype(int)
    precision = precision_by_place(found.individual_id, truth, 1)[np.arange(len(truth)), place]
    share = RANK.new_share
    weights = np.where(is_new, share / is_new.mean(), (1 - share) / (1 - is_new.mean()))
    return {
        "map5": float(precision.mean()),
        "map5_known": float(precision[~is_new].mean()),
        "map5_new": float(precision[is_new].mean()),
        f"map5_at_{share}": weighted_map(
            found.individual_id, score - threshold[:, None], truth, 0.0, share, rule.anywhere
        ),
        "auroc": auroc(p_new, is_new),
        "auroc_of_score": auroc(-score[:, 0], is_new),
        "calibration_error": expected_calibration_error(p_new, is_new),
        f"calibration_error_at_{share}": expected_calibration_error(p_new, is_new, weights=weights),
        "threshold": rule.threshold,
    }


def both_ways(whole: Embeddings, gallery: np.ndarray) -> dict:
    """What the gallery teaches and what training folds teach, on the other images."""
    known, asked, truth = split(whole, gallery)
    found, taught = search(asked, known), teach(ask(known), RANK)
    return {
        "queries": len(truth),
        "queries_new": int((truth == NEW_INDIVIDUAL).sum()),
        "new_individuals": len(set(asked.individual_id[truth == NEW_INDIVIDUAL].tolist())),
        "gallery_teaches": measure(taught.learned, found, truth)
        | {
            "said_calibration_error": taught.calibration.error if taught.calibration else None,
            "said_auroc": taught.calibration.auroc if taught.calibration else None,
        },
        "training_folds": measure(old_way(known), found, truth),
    }


def hold_out(ids: np.ndarray, rng: np.random.Generator, individuals: float, images: float):
    """Which images stay in the gallery: some individuals are held out whole, and some images."""
    names = np.unique(ids)
    new = rng.choice(names, round(individuals * len(names)), replace=False)
    return ~np.isin(ids, new) & (rng.random(len(ids)) >= images)


def predicted_misses(whole: Embeddings, splits: int) -> dict:
    """The predicted share of missed matches beside the true one, by candidates looked at."""
    rows: dict[str, list] = {}
    for seed in range(splits):
        rng = np.random.default_rng(seed)
        known, asked, truth = split(whole, hold_out(whole.individual_id, rng, 0.1, 0.2))
        is_known = truth != NEW_INDIVIDUAL
        found = search(asked.take(is_known), known).individual_id
        taught = teach(ask(known), RANK, photographs=int(is_known.sum()))
        _add(rows, taught, found, truth[is_known])
    return _beside(rows)


def _add(rows: dict[str, list], taught: Taught, found: np.ndarray, truth: np.ndarray) -> None:
    for one in taught.misses:
        missed = 1 - (found[:, : one.candidates] == truth[:, None]).any(axis=1).mean()
        row = [one.share, one.low, one.high, float(missed)]
        rows.setdefault(str(one.candidates), []).append(row)


def _beside(rows: dict[str, list]) -> dict:
    return {
        looked: {
            "splits": len(found),
            "inside": sum(low <= true <= high for _, low, high, true in found),
            "predicted": [round(share, 3) for share, *_ in found],
            "true": [round(true, 3) for *_, true in found],
            "width": float(np.mean([high - low for _, low, high, _ in found])),
        }
        for looked, found in rows.items()
    }


def few_individuals(whole: Embeddings, count: int, tries: int) -> list[dict]:
    """What galleries of so many individuals teach, tried on other images and individuals; nothing
    if the catalogue has too few."""
    found = []
    names = np.unique(whole.individual_id)
    for seed in range(tries if count + 30 <= len(names) else 0):
        rng = np.random.default_rng([seed, count])
        names = rng.permutation(names)
        part = whole.take(np.isin(whole.individual_id, names[: count + 60]))
        inside = np.isin(part.individual_id, names[:count])
        known, asked, truth = split(part, inside & (rng.random(len(part)) >= 0.3))
        if (truth == NEW_INDIVIDUAL).all():
            continue
        with patch(f"{TAUGHT}.ENOUGH_TO_ORDER", 1), patch(f"{TAUGHT}.ENOUGH_FOR_NUMBERS", 1):
            taught = teach(ask(known), RANK)
        found.append(_against_plain(taught, search(asked, known), truth))
    if not found:
        return []
    mean = {key: float(np.nanmean([row[key] for row in found])) for key in found[0]}
    return [{"individuals": count, "galleries": len(found)} | mean]


def _against_plain(taught: Taught, found: Candidates, truth: np.ndarray) -> dict:
    score, is_new, row = found.score.astype(np.float64), truth == NEW_INDIVIDUAL, {}
    share = RANK.new_share
    rule = taught.learned.rule(RANK, score)
    needed = np.array([rule.threshold_for(one) for one in score])
    for name, above in (("taught", score - needed[:, None]), ("second", score + 9)):
        row[f"map5_{name}"] = weighted_map(found.individual_id, above, truth, 0.0, share)
    weights = np.where(is_new, share / is_new.mean(), (1 - share) / (1 - is_new.mean()))
    p_new = taught.learned.p_new(score)
    loss = np.average(
        -np.log(np.clip(np.where(is_new, p_new, 1 - p_new), 1e-6, 1)), weights=weights
    )
    plain = -(share * np.log(share) + (1 - share) * np.log(1 - share))
    row["p_new_beats_share"] = float(loss < plain) if np.isfinite(loss) else np.nan
    row["calibration_error"] = expected_calibration_error(p_new, is_new, weights=weights)
    return row


def pod(output: Path) -> Embeddings:
    """The drawn pod's embeddings."""
    from tf_happywhale.catalogue.pod.layout import write_pod

    write_pod(output / "pod", Pod(**POD, mean_images=8, test_images=2), seed=7, workers=2)
    return embed(output / "pod", output / "pod.npz", "backfin")


def twelve_of_two(whole: Embeddings, tries: int) -> dict:
    """What a gallery of 12 individuals with 2 images each says, and whether the rest of their
    images is missed as often as it says."""
    ids = whole.individual_id
    names, counts = np.unique(ids, return_counts=True)
    said: list[str] = []
    rows: dict[str, list] = {}
    for seed in range(tries):
        rng = np.random.default_rng(seed)
        chosen = rng.choice(names[counts > 2], 12, replace=False)
        mine = [rng.permutation(np.flatnonzero(ids == name)) for name in chosen]
        part = whole.take(np.concatenate(mine))
        gallery = np.concatenate([np.arange(len(own)) < 2 for own in mine])
        known, asked, truth = split(part, gallery)
        taught = teach(ask(known), RANK, photographs=len(truth))
        said = said or sentences(taught)
        _add(rows, taught, search(asked, known).individual_id, truth)
    return {"says": said, "misses": _beside(rows)}


def report(name: str, whole: Embeddings, given: argparse.Namespace) -> dict:
    """Measure one catalogue, and print it."""
    ids, rng = whole.individual_id, np.random.default_rng(0)
    fold = np.ones(len(ids), bool)
    with warnings.catch_warnings(action="ignore"):  # individuals with fewer images than folds
        fold[next(StratifiedKFold(FOLDS).split(ids, ids))[1]] = False
    found = {"images": len(ids), "individuals": len(set(ids.tolist()))}
    print(f"\n{name}: {len(ids)} images of {found['individuals']} individuals", flush=True)
    for kind, gallery in (("fold 0", fold), ("open", hold_out(ids, rng, 0.2, 0.2))):
        found[kind] = part = both_ways(whole, gallery)
        print(f"  {kind}: {part['queries']} queries, {part['queries_new']} of them of "
              f"{part['new_individuals']} new individuals")  # fmt: skip
        for way in ("gallery_teaches", "training_folds"):
            row = "".join(f"  {k} {v:.3f}" for k, v in part[way].items() if v is not None)
            print(f"    {way:16}{row}", flush=True)
    found["misses"] = predicted_misses(whole, given.splits)
    print_misses(found["misses"])
    found["twelve of two"] = twelve_of_two(whole, given.tries)
    print("  a gallery of 12 individuals with 2 images each says:")
    print("\n".join(f"    {sentence}" for sentence in found["twelve of two"]["says"]))
    print_misses(found["twelve of two"]["misses"])
    found["few"] = []
    for count in given.few:
        found["few"] += (rows := few_individuals(whole, count, given.tries))
        for row in rows:
            print("  " + "  ".join(f"{k} {v:.3f}" if isinstance(v, float) else f"{v:4} {k}"
                                   for k, v in row.items()), flush=True)  # fmt: skip
    return found


def print_misses(found: dict) -> None:
    """Print how often the truth was inside the interval."""
    for looked, part in found.items():
        print(f"  missed at {looked}: inside the interval in {part['inside']} of {part['splits']}, "
              f"mean width {part['width']:.3f}, mean predicted {np.mean(part['predicted']):.3f}, "
              f"true {np.mean(part['true']):.3f}", flush=True)  # fmt: skip


def main() -> None:
    """Measure the catalogue and the pod."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="a catalogue; without it the pod alone")
    parser.add_argument("--output", type=Path, default=Path("output/bench-teaching"))
    parser.add_argument("--splits", type=int, default=100)
    parser.add_argument("--tries", type=int, default=100)
    parser.add_argument("--few", type=int, nargs="*", default=[4, 6, 8, 12, 16, 20, 30, 40, 80])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--quick", action="store_true", help="the pod alone, and few tries")
    given = parser.parse_args()
    if given.quick:
        given.data, given.splits, given.tries, given.few = None, 3, 5, [6, 12]
    found = {}
    if given.data:
        whole = embed(given.data, given.output / f"{given.data.name}.npz")
        found[given.data.name] = report(given.data.name, whole, given)
    found["pod"] = report("pod", pod(given.output), given)
    if given.json:
        given.json.write_text(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
