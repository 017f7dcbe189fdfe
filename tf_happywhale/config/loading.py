"""Read an experiment from YAML and `key=value`, and write it as YAML."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import yaml

from tf_happywhale.config.checked import validated
from tf_happywhale.config.experiment import Experiment
from tf_happywhale.config.renamed import renewed
from tf_happywhale.config.shipped import find_config, shipped_configs
from tf_happywhale.config.text import put_override, read_yaml
from tf_happywhale.config.variant_experiments import as_trained, variants_of, without_given
from tf_happywhale.errors import ConfigError

SHIPPED = shipped_configs()


def load_experiment(path: str | Path | None, overrides: Sequence[str] = ()) -> Experiment:
    """Read a YAML file (None: defaults only), apply `key=value` overrides, and check it all.

    A file says only what differs from another if it has `base: FILE`, which is looked for in its
    folder, then among the shipped configs. Sections are joined key by key, also those of overrides;
    a list or a table is taken whole. An override holds for all variants of the file, also for those
    that set the key.
    `configs/NAME.yaml` that is not there is the shipped config of that name.

    Raises:
        ConfigError: one sentence that names the key, its value and what is allowed.
    """
    if path is None:
        return _load({}, overrides)
    return _load(renewed(_with_base(find_config(Path(path))), tell=True), overrides)


def load_dumped(path: str | Path, overrides: Sequence[str] = ()) -> Experiment:
    """Read what `dump_experiment` wrote, as `load_experiment` does. Names of earlier versions are
    read in silence, since nobody needs to change such a file."""
    return _load(renewed(read_yaml(Path(path))), overrides)


def _with_base(path: Path, above: Sequence[Path] = ()) -> dict:
    """Return the tree of a config, put on the tree of the config that its `base` names."""
    tree, above = read_yaml(path), [*above, path.resolve()]
    name = tree.pop("base", None)
    if name is None:
        return tree
    if not isinstance(name, str):
        raise ConfigError(f"base is {name!r} in {path}, but it must be the name of a config file.")
    near = path.parent / name
    file = near if near.is_file() or not (SHIPPED / name).is_file() else SHIPPED / name
    if file.resolve() in above:
        raise ConfigError(f"base is {name} in {path}, which is in a circle: name another config.")
    below = _with_base(file, above)
    for key, value in tree.items():
        section = isinstance(value, dict) and isinstance(below.get(key), dict)
        below[key] = {**below[key], **value} if section else value
    return below


def _load(tree: dict, overrides: Sequence[str]) -> Experiment:
    given = [key for override in overrides for key in put_override(tree, override)]
    tree = renewed(tree, tell=True)
    if "variants" in tree and "variants" not in given:
        tree["variants"] = without_given(tree["variants"], given)
    further = tree.get("pseudo") or {}
    if isinstance(further, dict) and "settings" in further and "pseudo.settings" not in given:
        (further["settings"],) = without_given([further["settings"]], given) or [{}]
    experiment = validated(tree)
    for variant in variants_of(experiment):
        as_trained(variant)
    return experiment


def dump_experiment(experiment: Experiment) -> str:
    """Return an experiment as YAML with all keys, which `load_experiment` reads to the same."""
    tree = experiment.model_dump(mode="json")
    return yaml.safe_dump(tree, sort_keys=False, allow_unicode=True)
