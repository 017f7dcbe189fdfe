"""What a gallery's own pairs have taught, kept until something changes on which it depends.

Learning it takes much longer than identifying a photograph, if the gallery is large.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tf_happywhale.disk.array_checks import checked
from tf_happywhale.disk.hashes import digest
from tf_happywhale.disk.npz import write_npz
from tf_happywhale.galleries.kept_trials import COLUMNS, last_writable
from tf_happywhale.matching.pair_features import FEATURES
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.fusion.calibration import Calibration, Weights
from tf_happywhale.retrieval.fusion.cohorts import Cohort
from tf_happywhale.retrieval.fusion.compared import Compared
from tf_happywhale.retrieval.fusion.evidence import INPUTS, OwnUsual
from tf_happywhale.retrieval.fusion.fuse import Lessons, lessons_of
from tf_happywhale.retrieval.fusion.learn_calibration import Calibrations, parts_of
from tf_happywhale.retrieval.fusion.match_plan import MatchPlan

LESSONS = "lessons"  # a folder in a gallery, and where embeddings are kept
MOST = 4  # files of a folder: how much is matched depends on the number of photographs
FORM = "1"  # another one where lessons are learned in another way
USUAL = {"cosine": 1, "counts": len(INPUTS) - 1}  # numbers of a pair


@dataclass(frozen=True)
class MatchedItself:
    """A gallery that was matched with itself.

    Attributes:
        lessons: what its pairs teach.
        rows: int64 [q], the gallery's images that were matched with others.
        kept: the share of those with a right answer that were matched with one; NaN if none has.
    """

    lessons: Lessons
    rows: np.ndarray
    kept: float

    @property
    def asked(self) -> np.ndarray:
        """Which of the gallery's images were matched with others, bool [m]."""
        return np.isin(np.arange(len(self.lessons.own.known.cosine.mean)), self.rows)


def lessons_key(
    gallery: Embeddings,
    crops: Sequence[str],
    asked: np.ndarray | None,
    plan: MatchPlan,
    matcher: str,
) -> str:
    """Return a digest of what the lessons of a gallery depend on.

    Args:
        gallery: the reference images, as their embeddings are compared.
        crops: keys of their pictures.
        asked: bool [m], the images that may be asked; None: all.
        plan: how much is matched.
        matcher: says how pairs are matched.
    """
    named = [gallery.image.tolist(), gallery.individual_id.tolist(), list(crops)]
    named += [gallery.column(name).tolist() for name in COLUMNS]
    rows = np.arange(len(gallery)) if asked is None else np.flatnonzero(asked)
    numbers = hashlib.sha256(np.ascontiguousarray(gallery.embedding, np.float32)).hexdigest()
    return digest([FORM, numbers, named, rows.tolist(), plan.size, plan.questions, matcher])


def load_lessons(homes: Sequence[Path], key: str, gallery: Embeddings) -> MatchedItself | None:
    """Return the lessons of that key from the first of the folders that keeps them whole; None if
    none does."""
    for home in homes:
        try:
            with np.load(_file(home, key), allow_pickle=False) as file:
                if str(file["key"]) == key:
                    return _from_arrays(dict(file), gallery)
        except Exception:  # NumPy and zipfile raise many kinds; it is learned again
            continue
    return None


def keep_lessons(homes: Sequence[Path], key: str, itself: MatchedItself) -> None:
    """Write lessons into the last of the folders that can be written to, and remove the oldest ones
    there, if they are more than `MOST`. Lessons that cannot be written are not kept."""
    home = last_writable(homes)
    if home is None:
        return
    with suppress(OSError):
        file = _file(home, key)
        file.parent.mkdir(parents=True, exist_ok=True)
        write_npz(file, {"key": np.array(key)} | _to_arrays(itself))
        kept = sorted(file.parent.glob("[!.]*.npz"), key=lambda one: one.stat().st_mtime_ns)
        for old in kept[:-MOST]:
            old.unlink()


def _file(home: Path, key: str) -> Path:
    return home / LESSONS / f"{key[:16]}.npz"


def _to_arrays(itself: MatchedItself) -> dict[str, np.ndarray]:
    lessons = itself.lessons
    found, learned = lessons.found, lessons.calibrations
    counts = [lessons.pairs, lessons.same, learned.individuals]
    arrays = {
        "rows": itself.rows,
        "kept": np.array(itself.kept),
        "start": found.start,
        "image": found.image,
        "features": found.features,
        "numbers": np.array(counts, np.int64),
        "calibrations": np.array([_numbers(one) for one in (learned.whole, *learned.parts)]),
    }
    for name, count in USUAL.items():
        cohort = getattr(lessons.usual, name) or Cohort(*np.zeros((2, 0, count)))
        arrays[name] = np.stack([cohort.mean, cohort.deviation])
    return arrays


def _from_arrays(arrays: dict[str, np.ndarray], gallery: Embeddings) -> MatchedItself:
    """Return lessons; an error of any kind if the arrays are not those of a gallery's lessons."""
    images = len(gallery)
    rows = checked(arrays["rows"], "i", [None], 0, images - 1)
    start = checked(arrays["start"], "i", [images + 1], 0)
    pairs = int(start[-1])
    image = checked(arrays["image"], "i", [pairs], 0, images - 1)
    features = checked(arrays["features"], "f", [pairs, len(FEATURES)], 0, nan=True)
    if start[0] or (np.diff(start) < 0).any() or (np.diff(rows) <= 0).any():
        raise ValueError("rows in another order")
    ids = len(np.unique(gallery.individual_id))
    numbers = checked(arrays["numbers"], "i", [3], 0).tolist()
    weights = checked(arrays["calibrations"], "f", [1 + parts_of(ids), 2 + len(INPUTS) + 1])
    whole, *parts = map(_calibration, weights)
    cohorts = [_usual(arrays[name], count, images) for name, count in USUAL.items()]
    usual = OwnUsual(*cohorts, images)
    kept = float(checked(arrays["kept"], "f", [], 0, 1, nan=True))
    learned, found = Calibrations(whole, parts, numbers[2]), Compared(start, image, features)
    return MatchedItself(lessons_of(gallery, found, usual, learned, *numbers[:2]), rows, kept)


def _usual(array: np.ndarray, count: int, images: int) -> Cohort | None:
    """Return what is usual for each image; None of an empty array."""
    if array.shape == (2, 0, count):
        return None
    mean, deviation = checked(array, "f", [2, images, count])
    return Cohort(mean, checked(deviation, "f", [images, count], np.finfo(np.float64).tiny))


def _numbers(one: Calibration) -> list[float]:
    """Return the weights and intercept of matched pairs, and those of others."""
    return [number for fit in (one.matched, one.alone) for number in (*fit.weights, fit.intercept)]


def _calibration(numbers: np.ndarray) -> Calibration:
    matched, alone = np.split(numbers, [len(INPUTS) + 1])
    return Calibration(*(Weights(fit[:-1], float(fit[-1])) for fit in (matched, alone)))
