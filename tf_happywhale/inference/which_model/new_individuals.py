"""What the catalogue of trained models taught about new individuals, kept in their run folder."""

from __future__ import annotations

from collections.abc import Sequence

from tf_happywhale.catalogue.dataset import load_data
from tf_happywhale.catalogue.experiment_folds import make_folds
from tf_happywhale.config import Rank
from tf_happywhale.disk.hashes import digest
from tf_happywhale.disk.os_errors import DENIED
from tf_happywhale.errors import HappywhaleError, InputError
from tf_happywhale.inference.which_model.trained_models import TrainedModel
from tf_happywhale.places import data_root
from tf_happywhale.retrieval.embeddings import load_embeddings
from tf_happywhale.retrieval.ensemble.ensemble_embeddings import make_ensemble
from tf_happywhale.retrieval.ensemble.labelled_gallery import LabelledGallery
from tf_happywhale.retrieval.ensemble.trained_on import assignment_of
from tf_happywhale.retrieval.ranking.learned import VERSION, Learned, learn, nothing_learned
from tf_happywhale.retrieval.ranking.learned_file import load_learned, save_learned

LEARNED = "new_individuals.json"  # in a run folder
UNTAUGHT = "nobody has taught the model an individual."
OF_OTHERS = "others have trained the model, and their catalogue is not here."


def learned_of(models: Sequence[TrainedModel], rank: Rank) -> tuple[Learned, str]:
    """Return what the models' own catalogue teaches about new individuals, and why it teaches
    nothing; empty if it does.

    It is computed once and kept in the first model's run folder, since the models may be used where
    the catalogue is not.
    """
    if not all(model.taught for model in models):
        return nothing_learned([model.weight for model in models]), UNTAUGHT
    if any(model.published for model in models):
        return nothing_learned([model.weight for model in models]), OF_OTHERS
    made_from, keep = learned_from(models, rank), models[0].folder / LEARNED
    weights = [model.weight for model in models]
    rank = rank.model_copy(update={"mirrored": "none", "centre_share": 0.0, "ensemble": "join"})
    kept = load_learned(keep, made_from)
    if kept is not None and kept.version == VERSION:
        return kept, ""
    try:  # also if an older version has learned otherwise
        found = _learn(models, weights, rank)
    except HappywhaleError as error:
        return (kept, "") if kept is not None else (nothing_learned(weights), str(error))
    try:
        save_learned(keep, found, made_from)
    except OSError as error:  # the folder is read-only: compute it again the next time
        if error.errno not in DENIED:
            raise
    return found, ""


def learned_from(models: Sequence[TrainedModel], rank: Rank) -> str:
    """Return a digest of what `learned_of` depends on."""
    weights = [model.weight for model in models]
    choice = [rank.members, rank.weights] if len(models) > 1 else []
    return digest(
        [[model.about["model"] for model in models], weights, rank.best_of, rank.new_share, *choice]
    )


def _learn(models: Sequence[TrainedModel], weights: Sequence[float], rank: Rank) -> Learned:
    """Learn from the images of the catalogue that the models were trained on.

    Raises:
        InputError: the catalogue is not there, or the embeddings of it are missing or too old.
    """
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
        found = make_folds(experiment, data.catalogue, data.train_folder)
        folds = dict(zip(data.images, found.tolist(), strict=True))
    ensemble = make_ensemble(members, data.images)
    return learn(LabelledGallery(ensemble, data.individual_ids, folds), weights, rank)
