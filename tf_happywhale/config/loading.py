"""Read an experiment from YAML and `key=value`, and write it as YAML."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import yaml

from tf_happywhale.config.experiment import Experiment
from tf_happywhale.config.renamed import renewed
from tf_happywhale.config.text import put_override, read_yaml
from tf_happywhale.config.validation import validated
from tf_happywhale.config.variants import variants_of, without_given


def load_experiment(path: str | Path | None, overrides: Sequence[str] = ()) -> Experiment:
    """Read a YAML file (None: defaults only), apply `key=value` overrides, and check it all.

    An override holds for all variants of the file, those that have a value of their own too.

    Raises:
        ConfigError: one sentence that names the key, its value and what is allowed.
    """
    return _load({} if path is None else renewed(read_yaml(Path(path)), tell=True), overrides)


def load_dumped(path: str | Path, overrides: Sequence[str] = ()) -> Experiment:
    """Read what `dump_experiment` wrote, as `load_experiment` does. Names of earlier versions are
    read in silence, since nobody needs to change such a file."""
    return _load(renewed(read_yaml(Path(path))), overrides)


def _load(tree: dict, overrides: Sequence[str]) -> Experiment:
    for override in overrides:
        put_override(tree, override)
    tree = renewed(tree, tell=True)
    given = [override.partition("=")[0].strip() for override in overrides]
    if "variants" in tree and "variants" not in given:
        tree["variants"] = without_given(tree["variants"], given)
    experiment = validated(tree)
    variants_of(experiment)
    return experiment


def dump_experiment(experiment: Experiment) -> str:
    """The resolved experiment as YAML text that `load_experiment` reads back to the same."""
    tree = experiment.model_dump(mode="json")
    return yaml.safe_dump(tree, sort_keys=False, allow_unicode=True)
