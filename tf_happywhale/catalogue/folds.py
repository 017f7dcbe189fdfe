"""Folds: the images that a model does not train on, so that they can measure it."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd

from tf_happywhale.catalogue.bursts import (
    burst_sentence,
    bursts_of,
    check_days,
    deal_bursts,
    without_a_burst,
)
from tf_happywhale.errors import InputError
from tf_happywhale.messages import say_once


def assign_folds(
    catalogue: pd.DataFrame,
    *,
    fold_by: str,
    folds: int,
    open_share: float,
    seed: int,
    taken: Sequence[str] = (),
) -> np.ndarray:
    """The fold [n] int64 of each catalogue row.

    Args:
        catalogue: columns individual_id and, for `encounter`, encounter; for `burst`, image, and
            encounter and date if they are known.
        fold_by: `stratified` (the original's: StratifiedKFold on individual_id, rows in file order,
            no shuffle), `encounter` (no encounter in two folds), `burst` (no encounter, and no day
            of an individual, in two folds: see `bursts.py`), `open` (see `open_folds`), or `auto`
            (`encounter` where that column exists, else `stratified`).
        folds: number of folds.
        open_share: for `open`, share of the individuals that are held out whole.
        seed: for `open`, which individuals those are.
        taken: for `burst`, when each photograph was taken by its EXIF; empty where it is not known.

    Raises:
        InputError: fewer images or bursts than folds, no encounter column where one is asked for,
            or, for `burst`, dates that can be read in two ways.
    """
    if len(catalogue) < folds:
        raise InputError(f"{len(catalogue)} images do not make {folds} folds: lower data.folds.")
    if fold_by == "burst":
        return _burst_folds(catalogue, folds, taken)
    assigned = _assign(catalogue, fold_by, folds, open_share, seed)
    empty = set(range(folds)) - set(assigned.tolist())
    if empty:
        raise InputError(f"Fold {min(empty)} would have no images: lower data.folds.")
    return assigned


def why_unjudged(individual_ids: Sequence[str], folds: Sequence[int], fold: int) -> str:
    """A sentence on why a fold's images cannot measure a model: none shows an individual that the
    other folds show too. Empty if some do."""
    pairs = list(zip(individual_ids, folds, strict=True))
    others = {who for who, where in pairs if where != fold}
    if any(who in others for who, where in pairs if where == fold):
        return ""
    once = len(set(individual_ids)) == len(pairs)
    remedy = (
        "every individual has one image: add a second image of some"
        if once
        else "set data.fold_by or data.folds so that images of one individual lie in two folds"
    )
    return (
        f"Fold {fold} shows no individual that the other folds show too, so neither the best epoch "
        "nor a threshold for new_individual can be chosen, and the last epoch is kept; "
        f"{remedy}, or set rank.threshold."
    )


def _burst_folds(catalogue: pd.DataFrame, folds: int, taken: Sequence[str]) -> np.ndarray:
    """The folds by burst; what the bursts are is printed."""
    individual_ids, taken = list(catalogue["individual_id"]), taken or [""] * len(catalogue)
    check_days(catalogue, taken)
    bursts = bursts_of(catalogue, taken).tolist()
    assigned = deal_bursts(bursts, individual_ids, folds)
    times = zip(without_a_burst(catalogue), taken, strict=True)
    unknown = sum(bool(silent) and not time for silent, time in times)
    say_once(burst_sentence(bursts, individual_ids, unknown))
    return assigned


def _assign(
    catalogue: pd.DataFrame, fold_by: str, folds: int, open_share: float, seed: int
) -> np.ndarray:
    if fold_by == "auto":
        fold_by = "encounter" if "encounter" in catalogue.columns else "stratified"
    individual_ids = list(catalogue["individual_id"])
    if fold_by == "open":
        return open_folds(individual_ids, folds=folds, open_share=open_share, seed=seed)
    if fold_by == "stratified":
        return stratified_folds(individual_ids, folds)
    if "encounter" not in catalogue.columns:
        raise InputError("The catalogue has no encounter column: use data.fold_by=stratified.")
    groups = [
        encounter or f"\0{row}"  # an image without an encounter is an encounter by itself
        for row, encounter in enumerate(catalogue["encounter"])
    ]
    if len(set(groups)) < folds:
        raise InputError(
            f"{len(set(groups))} encounters do not make {folds} folds: lower data.folds."
        )
    return _encounter_folds(individual_ids, groups, folds)


def stratified_folds(individual_ids: Sequence[str], folds: int) -> np.ndarray:
    """The folds of scikit-learn's StratifiedKFold without shuffle, as in the original: fold [n]
    int64.

    The rows, sorted by individual, are dealt out in turn. That says how many of an individual's
    images each fold gets; the first ones in file order go to the first fold. scikit-learn goes
    through all rows once for each individual, and it is slow to import.
    """
    few = max(Counter(individual_ids).values()) < folds
    # scikit-learn refuses this case, although its rule would work.
    order_of = sorted(set(individual_ids)) if few else dict.fromkeys(individual_ids)
    place = {identity: n for n, identity in enumerate(order_of)}
    places = np.array([place[identity] for identity in individual_ids], np.int64)
    order = np.argsort(places, kind="stable")
    turns = np.arange(len(order)) % folds
    if not few:
        turns = turns[np.lexsort((turns, places[order]))]
    assigned = np.empty(len(order), np.int64)
    assigned[order] = turns
    return assigned


def open_folds(
    individual_ids: Sequence[str], *, folds: int, open_share: float, seed: int
) -> np.ndarray:
    """Folds that each hold out whole individuals, to measure answers for new individuals.

    Individuals are sorted by their number of images, and every `1/open_share`-th of them (from a
    start drawn by `seed`) is put completely into one fold, each into the next fold. So those held
    out have as few or as many images as all individuals do. The images of the others are spread by
    `stratified_folds`. About `open_share` of each fold's images then show individuals that the
    other folds do not show.
    """
    counts = Counter(individual_ids)
    ordered = sorted(counts, key=lambda identity: (counts[identity], identity))
    rng = np.random.default_rng([seed, 0xF01D])
    count = max(1, round(len(ordered) * open_share))
    places = (np.arange(count) + rng.random()) * (len(ordered) / count)
    held_out = [ordered[int(place)] for place in places]
    fold_of = {identity: turn % folds for turn, identity in enumerate(held_out)}
    assigned = np.array([fold_of.get(identity, -1) for identity in individual_ids], np.int64)
    others = np.flatnonzero(assigned < 0)
    if len(others):
        assigned[others] = stratified_folds([individual_ids[row] for row in others], folds)
    return assigned


def _encounter_folds(
    individual_ids: Sequence[str], groups: Sequence[str], folds: int
) -> np.ndarray:
    """The fold [n] int64 of each row, no group in two folds, by scikit-learn."""
    from sklearn.model_selection import GroupKFold, StratifiedGroupKFold  # takes a second

    # scikit-learn cannot stratify where every individual has fewer images than there are folds.
    few = max(Counter(individual_ids).values()) < folds
    splitter = GroupKFold(folds) if few else StratifiedGroupKFold(folds)
    assigned = np.full(len(individual_ids), -1, np.int64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # individuals with fewer images than folds
        parts = splitter.split(np.zeros(len(individual_ids)), individual_ids, groups)
        for fold, (_, rows) in enumerate(parts):
            assigned[rows] = fold
    return assigned
