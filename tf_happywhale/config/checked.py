"""From a tree of text to a checked experiment."""

from __future__ import annotations

from pydantic import ValidationError

from tf_happywhale.config.addresses import refuse_addresses
from tf_happywhale.config.errors_in_words import sentence
from tf_happywhale.config.experiment import Experiment, keys
from tf_happywhale.errors import ConfigError


def validated(tree: dict) -> Experiment:
    """Return the experiment of a tree of sections, keys and values.

    Raises:
        ConfigError: a key or value is refused, or a path is an address.
    """
    try:
        experiment = Experiment.model_validate(tree)
    except ValidationError as error:
        raise ConfigError(sentence(error.errors()[0], dict(keys()))) from None
    refuse_addresses(experiment.model_dump(mode="json", exclude={"variants"}))
    return experiment
