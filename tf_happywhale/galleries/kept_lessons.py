"""What a gallery's own pairs have taught, kept in one `.npz` until the gallery changes.

Of a large gallery it takes much longer to learn than a photograph to identify.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tf_happywhale.disk.hashes import digest
from tf_happywhale.disk.npz import write_npz
from tf_happywhale.galleries.kept_trials import COLUMNS, last_writable
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.fusion.calibration import Calibration, Weights
from tf_happywhale.retrieval.fusion.cohorts import Cohort
from tf_happywhale.retrieval.fusion.compared import Compared
from tf_happywhale.retrieval.fusion.evidence import INPUTS, OwnUsual
from tf_happywhale.retrieval.fusion.fuse import Lessons, lessons_of
from tf_happywhale.retrieval.fusion.learn_calibration import Calibrations
from tf_happywhale.retrieval.fusion.match_plan import MatchPlan

FILE = "lessons.npz"  # in a gallery, and where embeddings are kept
FORM = "1"  # another one where lessons are learned in another way
USUAL = ("cosine", "counts")


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
    gallery: Embeddings, asked: np.ndarray | None, plan: MatchPlan, matcher: str
) -> str:
    """Return a digest of what the lessons of a gallery depend on.

    Args:
        gallery: the reference images, as their embeddings are compared.
        asked: bool [m], the images that may be asked; None: all.
        plan: how much is matched.
        matcher: says how pairs are matched.
    """
    embedding = np.ascontiguousarray(gallery.embedding, np.float32)
    named = [gallery.image.tolist(), gallery.individual_id.tolist()]
    named += [gallery.column(name).tolist() for name in COLUMNS]
    rows = None if asked is None else np.flatnonzero(asked).tolist()
    numbers = hashlib.sha256(memoryview(embedding).cast("B")).hexdigest()
    return digest([FORM, numbers, named, rows, plan.size, plan.questions, matcher])


def load_lessons(homes: Sequence[Path], key: str, gallery: Embeddings) -> MatchedItself | None:
    """Return the lessons of that key from the first of the folders that keeps them; None if none
    does, or its file is damaged."""
    for home in homes:
        try:
            with np.load(home / FILE, allow_pickle=False) as file:
                if str(file["key"]) == key:
                    return _from_arrays(dict(file), gallery)
        except Exception:  # NumPy and zipfile raise many kinds; it is learned again
            continue
    return None


def keep_lessons(homes: Sequence[Path], key: str, itself: MatchedItself) -> None:
    """Write lessons into the last of the folders that can be written to, in place of those that
    it keeps."""
    home = last_writable(homes)
    if home is not None:
        home.mkdir(parents=True, exist_ok=True)
        write_npz(home / FILE, {"key": np.array(key)} | _to_arrays(itself))


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
    for name in USUAL:
        cohort = getattr(lessons.usual, name)
        if cohort is not None:
            arrays[name] = np.stack([cohort.mean, cohort.deviation])
    return arrays


def _from_arrays(arrays: dict[str, np.ndarray], gallery: Embeddings) -> MatchedItself:
    """Return lessons; an error of any kind if the arrays are not those of so many images."""
    images = len(gallery)
    found = Compared(arrays["start"], arrays["image"], arrays["features"])
    usual = {name: Cohort(*arrays[name]) if name in arrays else None for name in USUAL}
    whole, *parts = map(_calibration, arrays["calibrations"])
    pairs, same, individuals = arrays["numbers"].tolist()
    if len(found) != images or any(len(one.mean) != images for one in usual.values() if one):
        raise ValueError("lessons of another number of images")
    learned = Calibrations(whole, parts, individuals)
    lessons = lessons_of(gallery, found, OwnUsual(**usual, images=images), learned, pairs, same)
    return MatchedItself(lessons, arrays["rows"], float(arrays["kept"]))


def _numbers(one: Calibration) -> list[float]:
    """Return the weights and intercept of matched pairs, and those of others."""
    return [number for fit in (one.matched, one.alone) for number in (*fit.weights, fit.intercept)]


def _calibration(numbers: np.ndarray) -> Calibration:
    matched, alone = np.split(numbers, [len(INPUTS) + 1])
    return Calibration(*(Weights(fit[:-1], float(fit[-1])) for fit in (matched, alone)))
