"""Who teaches where `new_individual` goes: the models' own catalogue, or the gallery itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tf_happywhale.catalogue.animals.animal_key import photograph_of
from tf_happywhale.inference.embedding.identifier import Identifier
from tf_happywhale.inference.which_model.trained_models import TrainedModel
from tf_happywhale.retrieval.embedded_names import embedded_names
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.teaching.elsewhere import seen_elsewhere
from tf_happywhale.retrieval.teaching.unseen import Seen, Unseen, unseen_individuals
from tf_happywhale.run_folders.contents import read_trained_on


@dataclass(frozen=True)
class WhoTeaches:
    """Whether a gallery teaches, and why.

    Attributes:
        asked: bool [m], the gallery's images that are asked about; None: the models' own catalogue
            teaches.
        said: sentences on what a person would not expect.
    """

    asked: np.ndarray | None = None
    said: tuple[str, ...] = ()


def who_teaches(identifier: Identifier, gallery: Embeddings) -> WhoTeaches:
    """Return who teaches: the gallery, by the individuals that no model was trained on, if these
    are most of it, or if the models' own catalogue teaches nothing.

    A model that others trained has seen other individuals, unless their names say something else
    (`retrieval/teaching/elsewhere.py`).

    Args:
        identifier: its models, and what their own catalogue has taught.
        gallery: the reference images.
    """
    seen = seen_by(identifier.models, gallery)
    if seen is None:
        return WhoTeaches()
    unseen = unseen_individuals(gallery, seen)
    said = [*_of_others(identifier.models, gallery), *_doubt(unseen)]
    most = bool(identifier.unknown) or 2 * unseen.count > unseen.everyone
    if not unseen.count or not most:
        return WhoTeaches(None, tuple(said))
    if unseen.count < unseen.everyone:
        said.append(
            f"The model was trained on {unseen.everyone - unseen.count} of the gallery's "
            f"{unseen.everyone} individuals: only the others teach."
        )
    return WhoTeaches(unseen.images, tuple(said))


def seen_by(models: Sequence[TrainedModel], gallery: Embeddings) -> Seen | None:
    """Return what models were trained on, all together; None if one of them does not say.

    Args:
        models: the models.
        gallery: the reference images; of a model of others it is known only which of these it may
            have seen.

    Raises:
        InputError: a file that says it is damaged.
    """
    found = Seen()
    for model in models:
        own = _seen_by(model, gallery)
        if own is None:
            return None
        found |= own
    return found


def _seen_by(model: TrainedModel, gallery: Embeddings) -> Seen | None:
    """Return what a model was trained on, by what its run folder says."""
    if not model.taught:
        return Seen()
    if model.published:
        return seen_elsewhere(
            model.about["trained_on"], gallery.individual_id.tolist(), gallery.image.tolist()
        )
    told, file = read_trained_on(model.folder), model.folder / "embeddings" / "train.npz"
    if file.is_file():
        images, ids = embedded_names(file)
        individuals = {*ids, *(told[1] if told else ())} - {""}
        return Seen(frozenset(individuals), frozenset(map(photograph_of, images)))
    return Seen(frozenset(told[1])) if told else None


def _of_others(models: Sequence[TrainedModel], gallery: Embeddings) -> list[str]:
    """Return a sentence on each model of others that may have seen the gallery's individuals."""
    said = []
    for model in models:
        if model.published and (seen := _seen_by(model, gallery)):
            count = unseen_individuals(gallery, seen)
            said.append(
                f"{model.published.name} was trained on Happywhale, and "
                f"{count.everyone - count.count} of the gallery's {count.everyone} individuals are "
                "named as there: they count as known to it."
            )
    return said


def _doubt(unseen: Unseen) -> list[str]:
    """Return a sentence on individuals that may be others than the model was trained on."""
    if not unseen.doubtful:
        return []
    count = len(unseen.doubtful)
    return [
        f"{count} of the gallery's individuals (such as {unseen.doubtful[0]}) "
        f"{'has' if count == 1 else 'have'} an id or a photograph's name of the model's own "
        "catalogue, but not both: they count as known to the model. Give them other ids if they "
        "are other animals."
    ]
