"""A catalogue asked about itself: what `matching_beside.py` and `seals.py` measure with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tf_happywhale.matching.pair_features import FEATURES
from tf_happywhale.retrieval.centring import centred
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.fusion.compared import Compared
from tf_happywhale.retrieval.metrics import auroc, interval, weighted_mean
from tf_happywhale.retrieval.search.scored import Scores
from tf_happywhale.retrieval.teaching.matching_pays import precision_of
from tf_happywhale.retrieval.teaching.questions import ask

SEED = 0  # of the bootstrap


@dataclass(frozen=True)
class Gallery:
    """A catalogue as `identify` embeds it with a model.

    Attributes:
        images: as their embeddings are compared.
        honest: bool [m], the images that the model was not trained on.
        seen: whether it was trained on the others.
    """

    images: Embeddings
    honest: np.ndarray
    seen: bool


def gallery_of(
    model: str | None,
    data: Path,
    overrides: Sequence[str],
    look_at: str | None = None,
    centre: bool = True,
) -> Gallery:
    """Embed a catalogue.

    Args:
        model: a run folder, a name such as lite0; None: lite0.
        data: the catalogue folder.
        overrides: `key=value`.
        look_at: the source of the boxes that the models look at; None: what `identify` takes.
        centre: compare from the middle of the gallery, where the model asks for it.
    """
    from tf_happywhale.inference.embedding.box_source import with_source
    from tf_happywhale.inference.embedding.identifier import load_identifier
    from tf_happywhale.inference.gallery.reference_images import embed_catalogue
    from tf_happywhale.inference.teaching.held_out import held_out
    from tf_happywhale.inference.teaching.who_teaches import who_teaches

    experiment, identifier = load_identifier(model or "lite0", overrides, data)
    identifier = with_source(identifier, experiment, data)
    if look_at is not None:
        looking = tuple(each.looking_at(look_at) for each in identifier.models)
        identifier = replace(identifier, models=looking)
    images = embed_catalogue(data, identifier, experiment)[0]
    if centre:
        images = centred(images, images)[1]
    asked = who_teaches(identifier, images).asked
    if asked is None:
        return Gallery(images, held_out(identifier.models, images), seen=True)
    return Gallery(images, asked, seen=False)


def by_feature(images: Embeddings, found: Compared, name: str) -> Scores:
    """Return scores by one number of the matched pairs by itself."""
    table = np.full((len(images), len(images)), -np.inf)
    question, column = found.question, found.features[:, FEATURES.index(name)]
    table[question, found.image] = np.where(np.isnan(column), -np.inf, column)
    return lambda rows: np.maximum(table, table.T)[rows]


@dataclass(frozen=True)
class Answers:
    """What a catalogue answered.

    Attributes:
        precision: float64 [q], 1/rank within five of each question that has an answer.
        who: str [q], the individual in it.
        best_known: float64 [q], the score of the first candidate.
        best_new: float64 [r], the same of all questions, without the right individual.
        who_new: str [r], the individual in it.
    """

    precision: np.ndarray
    who: np.ndarray
    best_known: np.ndarray
    best_new: np.ndarray
    who_new: np.ndarray

    def __add__(self, other: Answers) -> Answers:
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return Answers(*(np.concatenate(pair) for pair in pairs))


def answers(images: Embeddings, scores: Scores | None, rows: np.ndarray) -> Answers:
    """Ask a catalogue about some of its images, without those that were taken together with each.

    Args:
        images: of the catalogue.
        scores: None for the cosine.
        rows: which are asked, ascending.
    """
    asked = np.isin(np.arange(len(images)), rows)
    found = ask(images, scores, asked)
    best = np.where(found.ids == "", -np.inf, found.score)
    others = np.where(found.ids == found.individual_ids[:, None], -np.inf, best).max(axis=1)
    known = found.known
    who = found.individual_ids
    return Answers(precision_of(found), who[known], best[known].max(axis=1), others, who)


def figures(mine: Answers, against: Answers | None = None) -> dict:
    """The measures, with 95% intervals by individual, and the gain over other answers to the same
    questions."""
    score = np.concatenate([mine.best_known, mine.best_new])
    score = np.where(np.isfinite(score), score, np.nanmin(score[np.isfinite(score)]) - 1)
    is_new = np.arange(len(score)) >= len(mine.best_known)
    who = np.concatenate([mine.who, mine.who_new])
    row = {
        "questions": len(mine.precision),
        "map5": float(mine.precision.mean()),
        "map5_interval": interval(lambda w: weighted_mean(mine.precision, w), mine.who, SEED),
        "rank1": float((mine.precision == 1).mean()),
        "auroc": auroc(-score, is_new),
        "auroc_interval": interval(lambda w: auroc(-score, is_new, w), who, SEED),
    }
    if against is not None:
        gain = mine.precision - against.precision
        row["gain"] = float(gain.mean())
        row["gain_interval"] = interval(lambda w: weighted_mean(gain, w), mine.who, SEED)
    return row


HEAD = (
    f"{'':44}{'mAP@5':>7}{'95%':>14}{'rank 1':>8}{'AUROC':>7}{'95%':>14}"
    f"{'gain':>8}{'95%':>18}{'s a question':>14}"
)


def say(name: str, row: dict, seconds: float = float("nan")) -> dict:
    """Print a row of the table, and return it."""
    line = f"{name:44}{row['map5']:7.3f} {_between(row['map5_interval'])}{row['rank1']:8.3f}"
    line += f"{row['auroc']:7.3f} {_between(row['auroc_interval'])}"
    if "gain" in row:
        low, high = row["gain_interval"]
        line += f"{row['gain']:+8.3f}  ({low:+.3f} to {high:+.3f})"
    if not np.isnan(seconds):
        line += f"{seconds:12.2f}"
    print(line, flush=True)
    return {"row": name, **row, "seconds": None if np.isnan(seconds) else seconds}


def _between(ends: list[float]) -> str:
    return f"[{ends[0]:.3f}, {ends[1]:.3f}]"
