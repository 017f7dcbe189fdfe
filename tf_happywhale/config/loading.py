"""Read an experiment from YAML and `key=value`, and write it as YAML."""

from __future__ import annotations

from pathlib import Path

import yaml

from tf_happywhale.config.experiment import Experiment
from tf_happywhale.config.text import put_override, read_yaml
from tf_happywhale.config.validation import validated
from tf_happywhale.config.variants import variants_of, without_given


def load_experiment(path: str | Path | None, overrides: list[str] = ()) -> Experiment:
    """Read a YAML file (None: defaults only), apply `key=value` overrides, and check it all.

    An override holds for all variants of the file, those that have a value of their own too.

    Raises:
        ConfigError: one sentence that names the key, its value and what is allowed.
    """
    tree = read_yaml(Path(path)) if path is not None else {}
    for override in overrides:
        put_override(tree, override)
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
