"""The derived `model.region`: sought once, and remembered beside the other derived settings."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import yaml

from tf_happywhale.config import Experiment
from tf_happywhale.config.derived import Setting
from tf_happywhale.errors import HappywhaleError
from tf_happywhale.training.best_region import Sought, best_region

KEY = "model.region"
REMEMBERED = "sought_region"  # in derived.yaml


def seek_region(experiment: Experiment, before: Sought | None) -> Sought | None:
    """Return what a search finds, or has found before; None if nothing can be asked. That no part
    pays is printed, or why nothing was sought: the other settings do without.

    Args:
        experiment: with the places of its data.
        before: what an earlier search has found.
    """
    if os.environ.get("TF_CONFIG"):
        print(f"{KEY} is not sought: TF_CONFIG names workers, of which each would find its own.")
        return None
    try:
        sought = best_region(experiment, before)
    except ModuleNotFoundError as error:
        print(f"{KEY} is not sought: the package {error.name} is not installed.")
        return None
    except HappywhaleError as error:
        print(f"{KEY} is not sought: {error}")
        return None
    if sought is not None and sought.region is None:
        print(f"{KEY} stays null: {sought.why}")
    return sought


def as_setting(sought: Sought | None) -> Setting | None:
    """Return what was found as a setting; None if no part pays, or none was sought."""
    return (KEY, sought.region, sought.why) if sought is not None and sought.region else None


def remembered(file: Path) -> Sought | None:
    """Return what derived.yaml remembers of a search; None if it does not, or is damaged."""
    with suppress(OSError, ValueError, TypeError, KeyError, yaml.YAMLError):
        tree = yaml.safe_load(file.read_text(encoding="utf-8"))[REMEMBERED]
        region = tree["region"]
        if region is not None:
            region = [float(share) for share in region]
            if len(region) != 4:
                return None
        return Sought(str(tree["asked"]), region, str(tree["why"]))
    return None
