"""From a tree of text to a checked experiment."""

from __future__ import annotations

from functools import reduce
from typing import get_args

from pydantic import ValidationError

from tf_happywhale.config.addresses import refuse_addresses
from tf_happywhale.config.errors_in_words import sentence
from tf_happywhale.config.experiment import Experiment, keys
from tf_happywhale.errors import ConfigError


def validated(tree: dict) -> Experiment:
    """Return the experiment of a tree of sections, keys and values.

    Raises:
        ConfigError: a key or value is refused, a path is an address, or a text is empty that may be
            null.
    """
    try:
        experiment = Experiment.model_validate(tree)
    except ValidationError as error:
        raise ConfigError(sentence(error.errors()[0], dict(keys()))) from None
    refuse_addresses(experiment.model_dump(mode="json", exclude={"variants"}))
    _refuse_empty(experiment)
    return experiment


def _refuse_empty(experiment: Experiment) -> None:
    """Refuse an empty text where null has a meaning: as a path it would be the current folder, and
    it is often a shell's variable that is not set."""
    for key, field in keys():
        value = reduce(getattr, key.split("."), experiment)
        if value == "" and type(None) in get_args(field.annotation):
            raise ConfigError(f"{key} is empty: give it a value, or write {key}=null.")
