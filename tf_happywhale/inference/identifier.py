"""TrainedModel models as one: photographs to comparable embeddings, and what P(new) rests on."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tf_happywhale.catalogue.boxes.box import WHOLE
from tf_happywhale.catalogue.dataset import load_data, make_folds
from tf_happywhale.config import Rank
from tf_happywhale.disk.hashes import digest
from tf_happywhale.errors import HappywhaleError, InputError
from tf_happywhale.galleries.embedding_cache import EmbeddingStore
from tf_happywhale.inference.shots import Shot, embed_shots
from tf_happywhale.inference.trained_models import TrainedModel
from tf_happywhale.places import data_root
from tf_happywhale.retrieval.embeddings import Embeddings, load_embeddings
from tf_happywhale.retrieval.ensemble.ensemble_embeddings import make_ensemble
from tf_happywhale.retrieval.ensemble.labelled_gallery import LabelledGallery
from tf_happywhale.retrieval.ensemble.trained_on import assignment_of
from tf_happywhale.retrieval.ranking.learned import (
    Learned,
    learn,
    load_learned,
    nothing_learned,
    save_learned,
)

LEARNED = "new_individuals.json"  # in a run folder
ONLY_RANK = {  # settings that `rank` alone knows how to honour, and why
    "preset": (("default",), "the original's rules are for one fixed catalogue"),
    "mirrored": (("none",), "a gallery keeps one embedding of each picture"),
    "centre_share": ((0,), "a gallery may know individuals that no model was trained on"),
    "ensemble": (("join",), "a gallery keeps the models' embeddings as one row"),
    "new": (
        ("first_or_second", "column", "target_share"),
        "one threshold is kept, as with new=column",
    ),
}


@dataclass(frozen=True)
class Identifier:
    """One or several trained models that embed together.

    Of several models the embeddings are L2-normalised, scaled by the root of their share and put
    side by side: the cosine of two such rows is the weighted mean of the models' cosines.

    Attributes:
        models: the models.
        learned: their shares, and what is known about new individuals.
        home: where embeddings are kept.
        batch_size: pictures a step.
    """

    models: tuple[TrainedModel, ...]
    learned: Learned
    home: Path
    batch_size: int

    @property
    def about(self) -> dict[str, str]:
        """What the embeddings say of themselves; different for other models or shares."""
        if len(self.models) == 1:
            return self.models[0].about
        each = [model.about for model in self.models]
        shares = [f"{share:.6g}" for share in self.learned.shares]
        return {
            "model": digest([[about["model"] for about in each], shares]),
            "view": "original",
            **{fact: ", ".join(about[fact] for about in each) for fact in ("source", "preprocess")},
        }

    @property
    def sources(self) -> list[str]:
        """Of which boxes its models want the crops."""
        return list(dict.fromkeys(source for model in self.models for source in model.sources))

    @property
    def stand_ins(self) -> list[str]:
        """Further boxes, whose crops stand in where a photograph has none of those."""
        more = (m.primary for m in self.models if set(m.sources) != {WHOLE})
        return [source for source in dict.fromkeys(more) if source not in self.sources]

    def embed(
        self, shots: Sequence[Shot], individual_ids: Sequence[str], label: str
    ) -> tuple[Embeddings, dict[str, str]]:
        """Embeddings of the shots that can be read, with columns picture, content, box, side,
        sharpness, damage and confidence; and why the others cannot, by image."""
        failed: dict[str, str] = {}
        stores = [EmbeddingStore(self.home, model.about) for model in self.models]
        for model, store in zip(self.models, stores, strict=True):
            failed |= embed_shots(model, shots, store, model.load, self.batch_size, label)
        kept = [n for n, shot in enumerate(shots) if shot.image not in failed]
        good = [shots[n] for n in kept]
        rows, columns = [], {}
        for model, store in zip(self.models, stores, strict=True):
            found, facts = store.get([shot.key(model) for shot in good])
            rows.append(found)
            columns = columns or facts
        columns |= {
            "picture": _text(str(shot.path) for shot in good),
            "content": _text(shot.content for shot in good),
            "confidence": _text(f"{shot.confidence:.4f}" for shot in good),
        }
        return (
            Embeddings(
                rows[0] if len(rows) == 1 else _joined(rows, self.learned.shares),
                _text(shot.image for shot in good),
                _text(individual_ids[n] for n in kept),
                self.about,
                columns=columns,
            ),
            failed,
        )


def identifier_of(
    models: Sequence[TrainedModel], rank: Rank, home: Path, batch_size: int
) -> tuple[Identifier, str]:
    """Those of the models that `rank.members` and `rank.weights` take, as one, and why nothing was
    learned about new individuals if nothing was; then all models are taken as they are weighted."""
    learned, unknown = learned_of(models, rank)
    if unknown and len(models) > 1 and (rank.members or rank.weights == "chosen"):
        unknown += " So all models count, by the weights that are given."
    taken = [n for n, share in enumerate(learned.shares) if share > 0]
    learned = replace(learned, shares=tuple(learned.shares[n] for n in taken))
    return Identifier(tuple(models[n] for n in taken), learned, home, batch_size), unknown


def not_honoured(rank: Rank) -> list[str]:
    """A sentence for each setting of the config that counts in `rank`, but not with a gallery."""
    return [
        f"rank.{name}={getattr(rank, name)} does not count here: {why}."
        for name, (usual, why) in ONLY_RANK.items()
        if getattr(rank, name) not in usual
    ]


def learned_of(models: Sequence[TrainedModel], rank: Rank) -> tuple[Learned, str]:
    """What the models' own catalogue teaches about new individuals, and why nothing if nothing.

    It is worked out once and kept in the first model's run folder, since the catalogue may not be
    at hand where the models are used.
    """
    made_from, keep = learned_from(models, rank), models[0].folder / LEARNED
    weights = [model.weight for model in models]
    rank = rank.model_copy(update={"mirrored": "none", "centre_share": 0.0, "ensemble": "join"})
    kept = load_learned(keep, made_from)
    if kept is not None and kept.wrong_intercept is not None:
        return kept, ""
    try:  # also where an older version has not learned all of it
        found = _learn(models, weights, rank)
    except HappywhaleError as error:
        return (kept, "") if kept is not None else (nothing_learned(weights), str(error))
    try:
        save_learned(keep, found, made_from)
    except OSError as error:  # of a folder that may not be written to; it is worked out again
        if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise
    return found, ""


def learned_from(models: Sequence[TrainedModel], rank: Rank) -> str:
    """A digest of what `learned_of` depends on."""
    weights = [model.weight for model in models]
    choice = [rank.members, rank.weights] if len(models) > 1 else []
    return digest(
        [[model.about["model"] for model in models], weights, rank.best_of, rank.new_share, *choice]
    )


def _learn(models: Sequence[TrainedModel], weights: Sequence[float], rank: Rank) -> Learned:
    members = [load_embeddings(model.folder / "embeddings" / "train.npz") for model in models]
    for model, own in zip(models, members, strict=True):
        if own.about.get("model") != model.about["model"]:
            raise InputError(
                f"The embeddings of {model.folder} are of an older model: run embed again."
            )
    experiment = models[0].experiment
    if not (data_root(experiment) / experiment.data.catalogue).is_file():
        raise InputError(f"The catalogue of {models[0].folder} is not at hand.")
    data = load_data(experiment)
    added = set(data.images) - set(members[0].image.tolist())  # such as confirmed matches
    data = data.without(("train", image) for image in added)
    folds = data.fold_of
    if added and assignment_of(folds) not in members[0].about.get("trained_on", ""):
        found = make_folds(experiment, data.catalogue)
        folds = dict(zip(data.images, found.tolist(), strict=True))
    side = make_ensemble(members, data.images)
    return learn(LabelledGallery(side, data.individual_ids, folds), weights, rank)


def _joined(rows: Sequence[np.ndarray], shares: Sequence[float]) -> np.ndarray:
    scales = np.sqrt(np.asarray(shares) / np.sum(shares))
    return np.concatenate(
        [
            scale * row / np.linalg.norm(row, axis=1, keepdims=True)
            for row, scale in zip(rows, scales, strict=True)
        ],
        axis=1,
    ).astype(np.float32)


def _text(values) -> np.ndarray:
    return np.array(list(values), dtype=np.str_)
