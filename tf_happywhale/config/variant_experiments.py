"""Experiments that differ from their config in some keys: `variants`, and further trainings."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from tf_happywhale.config.checked import validated
from tf_happywhale.config.experiment import Experiment
from tf_happywhale.config.text import put_value
from tf_happywhale.errors import ConfigError


def variants_of(experiment: Experiment) -> list[Experiment]:
    """Return the experiments that are trained: the variants, or the experiment if it has none.

    Raises:
        ConfigError: a variant has a wrong key or value, or two have the same name and fold.
    """
    if not experiment.variants:
        return [experiment]
    base = experiment.model_dump(mode="json", exclude={"variants"})
    found = [_changed(base, changes) for changes in experiment.variants]
    places = [(variant.name, fold) for variant in found for fold in variant.folds]
    for name, fold in places:
        if places.count((name, fold)) > 1:
            raise ConfigError(
                f"Two variants train {name}, fold {fold}: give each its own name, and none to all "
                "of them."
            )
    return found


def as_trained(experiment: Experiment) -> Experiment:
    """Return an experiment with the settings of its training: those of `pseudo.settings` count
    for every training but the first.

    Raises:
        ConfigError: one of them has a wrong key or value, or would need other TFRecords.
    """
    if not experiment.round:
        return experiment
    trained = _changed(experiment.model_dump(mode="json"), experiment.pseudo.settings)
    if trained.image_size != experiment.image_size and not experiment.records.size:
        raise ConfigError(
            f"pseudo.settings sets image_size to {trained.image_size}, but the TFRecords hold "
            f"pictures of {experiment.image_size} pixels: set records.size, the size of pictures "
            "in the TFRecords of all trainings."
        )
    return trained


def _changed(base: dict[str, Any], changes: Mapping[str, str | None]) -> Experiment:
    tree = deepcopy(base)
    for key, value in changes.items():
        put_value(tree, key, value)
    return validated(tree)


def without_given(variants: Any, given: list[str]) -> Any:
    """Return the variants of a file without the keys that the command line gives.

    Variants that differed in nothing else become one, such as the folds of one network with
    `fold=0`.

    Raises:
        ConfigError: a key is a part of a table that a variant gives as a whole.
    """
    if not isinstance(variants, list) or not all(isinstance(each, dict) for each in variants):
        return variants  # which is refused when all is checked
    left: list[dict] = []
    for variant in variants:
        kept = {}
        for own, value in variant.items():
            if any(key.startswith(f"{own}.") for key in given):
                raise ConfigError(
                    f"A variant of the config gives all of {own}: give all of it on the command "
                    f"line too, as {own}={{…}}."
                )
            if not any(f"{own}.".startswith(f"{key}.") for key in given):
                kept[own] = value
        if kept == variant or kept not in left:
            left.append(kept)
    return left
