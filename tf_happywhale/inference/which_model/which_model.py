"""Which model identifies: the one that is named, or the gallery's own, or an untaught one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from tf_happywhale.config import Experiment, Match
from tf_happywhale.errors import InputError
from tf_happywhale.galleries.gallery_folder import is_gallery, own_model
from tf_happywhale.galleries.own_model import OwnModel, kept_settings
from tf_happywhale.inference.which_model.trained_models import (
    SOURCE,
    TrainedModel,
    find_trained,
    is_run,
)
from tf_happywhale.inference.which_model.untaught_models import (
    DEFAULT,
    UntaughtModel,
    find_untaught,
    is_untaught,
    untaught_names,
)
from tf_happywhale.models.published_models.table import PUBLISHED


def find_models(
    word: str | Path, overrides: Sequence[str] = ()
) -> tuple[Experiment, list[TrainedModel]]:
    """Return the settings and the models that the word MODEL of a command stands for.

    Args:
        word: what `find_trained` takes, or the name of a model that nobody taught, see
            `is_untaught`; a run folder of that name goes before.
        overrides: `key=value`, which change the settings.

    Raises:
        InputError: there is no such model.
    """
    if is_untaught(str(word)) and not is_run(Path(word)):
        experiment, model = find_untaught(str(word), overrides)
        return experiment, [model]
    return find_trained(Path(word), overrides)


def model_names() -> list[str]:
    """Return the names that stand for a model without a path: backbones, published weights of them,
    and published models."""
    return [*untaught_names(), *PUBLISHED]


def model_for(gallery: Path) -> tuple[str, tuple[str, ...]]:
    """Return the word MODEL for a gallery if none is named, and the settings that belong to it. For
    a catalogue folder it is the model that nobody taught.

    Raises:
        InputError: the saved gallery does not say which model embedded it, or that is not there.
    """
    gallery = Path(gallery).expanduser()
    if not is_gallery(gallery):
        return DEFAULT, ()
    model, _ = own_model(gallery)
    if model is None:
        raise InputError(
            f"{gallery} does not say which model embedded it, since an older version built it: "
            f"name the model before it, as in `MODEL {gallery}`."
        )
    if model.is_path and not Path(model.word).exists():
        raise InputError(
            f"The model that embedded {gallery} lay in {model.word}, where it is no more: name the "
            f"place where it is now before the gallery, as in `MODEL {gallery}`."
        )
    return model.word, model.settings


def not_named(word: str, gallery: Path, settings: Match) -> str:
    """Return what is used as no model was named, in a sentence.

    Args:
        word, gallery: see `model_for`.
        settings: the config's section.
    """
    if is_gallery(gallery):
        return f"No model was named: {word} is used, which embedded the gallery"
    features = f"{word}'s ImageNet features, which nobody has taught an individual"
    matching = "" if settings.use == "never" else "local matching and "
    return f"No model was named: pictures are compared by {matching}{features}"


def own_model_of(
    word: str | Path, models: Sequence[TrainedModel], overrides: Sequence[str]
) -> OwnModel:
    """Return what a new gallery keeps of its model.

    Args:
        word: which model was named.
        models: those that the word stands for, as they embed.
        overrides: `key=value` that were given with it.
    """
    settings = kept_settings(overrides)
    first = models[0]
    if isinstance(first, UntaughtModel) or (first.published and len(models) == 1):
        others = [one for one in settings if not one.startswith(SOURCE)]
        settings = (*others, f"{SOURCE}{first.primary}")
    if str(word) in model_names() and not is_run(Path(word)):
        return OwnModel(str(word), False, settings)
    return OwnModel(str(Path(word).expanduser()), True, settings)


def check_unchanged(gallery: Path, word: str, about: Mapping[str, str]) -> None:
    """Raise InputError if a saved gallery's own model is another one than that which embedded it.

    Args:
        gallery: a saved gallery or a catalogue folder.
        word: which model it is.
        about: what the model's embeddings are made by.
    """
    if not is_gallery(gallery):
        return
    before = own_model(gallery)[1]
    if before.get("model") != about["model"]:
        raise InputError(
            f"{word} is another model than the one that embedded {gallery}: name that one if it is "
            f"somewhere else, as in `MODEL {gallery}`, or build a new gallery with this one."
        )
