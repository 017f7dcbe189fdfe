"""Settings that are derived from the catalogue (`derive: true`), and the file that keeps them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import yaml

from tf_happywhale.config import Experiment, keys
from tf_happywhale.config.checked import validated
from tf_happywhale.config.derived import (
    Facts,
    Machine,
    Setting,
    derived_places,
    derived_settings,
    seeks_region,
)
from tf_happywhale.config.section import Section
from tf_happywhale.cores import usable_cores
from tf_happywhale.derived_region import REMEMBERED, as_setting, remembered, seek_region
from tf_happywhale.disk.files import write_text
from tf_happywhale.errors import ConfigError, InputError
from tf_happywhale.messages import say_once
from tf_happywhale.places import data_root, output_folder, records_home
from tf_happywhale.training.best_region import Sought

FILE = "derived.yaml"
HEAD = """\
# Settings that were derived from the catalogue, for all commands with this output. What the config
# or the command line gives goes before. They are kept from the first TFRecords or training on; to
# have them derived again then, delete this file.
"""


def with_derived(experiment: Experiment, *, again: bool = False) -> Experiment:
    """Return an experiment with the settings that `derive` leaves to the catalogue.

    They are derived, printed, and kept in `<output>/derived.yaml`. Once there are TFRecords or a
    run folder they are read from there. So all commands agree, and a training that was stopped
    resumes with the same settings; but a first try with another data folder leaves nothing behind.

    Args:
        experiment: as it was loaded.
        again: derive them again too, and say how they differ from those that are kept.

    Raises:
        ConfigError: `data.tfrecords` names TFRecords, in which photographs have lost their sizes.
        InputError: the catalogue cannot be read, or the file is damaged.
    """
    if not experiment.derive:
        return experiment
    if experiment.data.tfrecords is not None:
        raise ConfigError(
            "derive=true looks at photographs, and data.tfrecords names TFRecords: set "
            "derive=false."
        )
    file, given = output_folder(experiment) / FILE, given_keys(experiment)
    before = remembered(file)
    if file.is_file() and _in_use(experiment):
        kept, machine = _read(file)
        say_once(f"settings that were derived from the catalogue are read from {file}")
        if again:
            today, _ = derive(experiment, machine, lambda _: before)
            _say_changes(kept, today, given, file)
        return _put(experiment, kept)
    machine = Machine(usable_cores(), experiment.train.device != "cpu" and _accelerator())
    found, sought = derive(experiment, machine, lambda placed: seek_region(placed, before))
    for key, value, why in found:
        if key not in given:
            print(f"{key} {_text(value)}: {why}")
    complete = _put(experiment, found)  # if that is refused, nothing is kept
    _write(file, found, machine, sought)
    return complete


def _in_use(experiment: Experiment) -> bool:
    """Whether anything was made with the settings that are kept."""
    made = (records_home(experiment).glob("*"), output_folder(experiment).glob("*/fold*"))
    return any(next(files, None) is not None for files in made)


def as_derived(experiment: Experiment) -> Experiment:
    """Return an experiment with the settings that were derived before; nothing is derived now."""
    file = output_folder(experiment) / FILE
    return _put(experiment, _read(file)[0]) if experiment.derive and file.is_file() else experiment


def derive(
    experiment: Experiment, machine: Machine, seek: Callable[[Experiment], Sought | None]
) -> tuple[list[Setting], Sought | None]:
    """Return the settings that follow from the experiment's catalogue, also those that were given;
    and what `seek` has found, if `model.region` is to be sought.

    Raises:
        InputError: the catalogue cannot be read.
    """
    from tf_happywhale.catalogue.dataset import draw_pod
    from tf_happywhale.records.catalogue_facts import catalogue_facts, folder_facts

    root, given = experiment.data.root, dict(_given(experiment, ""))
    if root is None:
        draw_pod(experiment)
    elif not data_root(experiment).is_dir():
        raise InputError(f"There is no data folder {root}: set data.root to a folder.")
    folders = folder_facts(experiment)
    places = list(derived_places(folders))
    placed = _put(experiment, places)
    facts = catalogue_facts(placed, given)
    if "data.boxes" not in given:
        facts = replace(facts, box_files=folders.box_files)
    sought = seek(placed) if seeks_region(facts, given) else None
    return [*places, *derived_settings(facts, machine, given, as_setting(sought))], sought


def given_keys(experiment: Experiment) -> set[str]:
    """Return the keys that a config or the command line gave to an experiment."""
    return {key for key, _ in _given(experiment, "")}


def _given(section: Section, prefix: str) -> Iterator[tuple[str, Any]]:
    for name in section.model_fields_set:
        value = getattr(section, name)
        if isinstance(value, Section):
            yield from _given(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _put(experiment: Experiment, settings: Sequence[Setting]) -> Experiment:
    """Return the experiment with the settings that nobody gave."""
    tree, given = experiment.model_dump(mode="json", exclude_unset=True), given_keys(experiment)
    return validated(_with(tree, [one for one in settings if one[0] not in given]))


def _with(tree: dict[str, Any], settings: Sequence[Setting]) -> dict[str, Any]:
    for key, value, _ in settings:
        section, _, name = key.rpartition(".")
        (tree.setdefault(section, {}) if section else tree)[name] = value
    return tree


def _write(
    file: Path, settings: Sequence[Setting], machine: Machine, sought: Sought | None
) -> None:
    from tf_happywhale.catalogue.photographs.own_output import mark_new_output

    tree = {
        "machine": asdict(machine),
        "settings": {key: {"value": value, "why": why} for key, value, why in settings},
    }
    if sought is not None:
        tree[REMEMBERED] = asdict(sought)
    mark_new_output(file.parent)
    write_text(file, HEAD + yaml.safe_dump(tree, sort_keys=False, allow_unicode=True))


def _read(file: Path) -> tuple[list[Setting], Machine]:
    try:
        tree = yaml.safe_load(file.read_text(encoding="utf-8"))
        settings = [(key, one["value"], one["why"]) for key, one in tree["settings"].items()]
        validated(_with({}, settings))
        machine = Machine(**tree["machine"])
        derived_settings(Facts(1, 1, 1, 1.0), machine)  # what is no machine fails here
        return settings, machine
    except (yaml.YAMLError, ValueError, TypeError, KeyError, AttributeError, ZeroDivisionError):
        raise InputError(
            f"{file} is damaged: delete it to have the settings derived again."
        ) from None


def _say_changes(
    kept: Sequence[Setting], today: Sequence[Setting], given: Collection[str], file: Path
) -> None:
    """Print which settings the catalogue of today would give, where they differ."""
    before = {key: value for key, value, _ in kept}
    after = {key: value for key, value, _ in today}
    default = {key: field.get_default() for key, field in keys()}
    changed = [
        f"{key} {_said(after, key)} (kept: {_said(before, key)})"
        for key in {**after, **before}
        if key not in given
        and _text(after.get(key, default[key])) != _text(before.get(key, default[key]))
    ]
    if changed:
        print(
            "The catalogue has changed, or what is given, or this program: today it would be "
            f"{', '.join(changed)}. What is kept counts; delete {file} to have all derived again, "
            "which trains the model again."
        )


def _accelerator() -> bool:
    from tf_happywhale.inference.engines.runtimes import on_accelerator  # which imports TensorFlow

    return on_accelerator()


def _said(settings: Mapping[str, Any], key: str) -> str:
    return _text(settings[key]) if key in settings else "the default"


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
