"""Names of earlier versions: old configs, run folders and `key=value` are still read."""

from __future__ import annotations

from typing import Any

from tf_happywhale.messages import say_once

# The key, and its value before and now.
VALUES = {
    ("rank.preset", "seed"): "original",
    ("rank.new", "seed"): "first_or_second",
    ("train.schedule", "seed"): "original",
}
# Values that are gone, each with the one that is used now.
REMOVED_VALUES = {
    ("rank.engine", "sklearn"): "auto",
    ("rank.engine", "faiss"): "auto",
}
# Keys that are gone, each with the value that is used now for all.
REMOVED = {
    "augment.blur_size": [3, 7],
    "augment.motion_blur_size": [3, 9],
    "augment.noise_variance": [10.0, 50.0],
    "augment.cutout_holes": 4,
    "augment.cutout_size": 0.2,
    "augment.occlusion_area": [0.02, 0.2],
    "augment.mixup_alpha": 0.4,
    "detect.mosaic": 0.75,
    "curate.map": "pca",
    "model.species_scale": 33.14,
    "model.species_margin": [0.226253, -0.720133, 0.05],
    "rank.index": "auto",
    "train.shuffle_buffer": 8192,
}


def renewed(tree: dict[str, Any], *, tell: bool = False, section: str = "") -> dict[str, Any]:
    """Return a config's tree with today's names, and without keys that are gone.

    Args:
        tree: sections of keys, or keys such as `train.epochs`; values are typed or text.
        tell: print a sentence for each name that has changed.
        section: where in the config the tree is, with a dot behind it.
    """
    found = {}
    for name, value in tree.items():
        key = f"{section}{name}"
        if key == "variants" and isinstance(value, list):
            value = [renewed(v, tell=tell) if isinstance(v, dict) else v for v in value]
        elif isinstance(value, dict):
            value = renewed(value, tell=tell, section=f"{key}.")
        elif isinstance(value, str) and (key, value) in VALUES:
            value, before = VALUES[key, value], value
            if tell:
                say_once(f"{key}={before} is now called {key}={value}")
        elif isinstance(value, str) and (key, value) in REMOVED_VALUES:
            value, before = REMOVED_VALUES[key, value], value
            if tell:
                say_once(f"{key}={before} is gone; {key}={value} is used")
        elif key in REMOVED:
            if tell and _text(value) != _text(REMOVED[key]):
                say_once(
                    f"{key} no longer does anything ({_text(REMOVED[key])} is used): remove it"
                )
            continue
        found[name] = value
    return found


def as_before(tree: dict[str, Any], section: str = "") -> dict[str, Any]:
    """Return a tree of today's values with their earlier names, as stamps of stages have them."""
    names = {(key, now): before for (key, before), now in VALUES.items()}
    found = {}
    for name, value in tree.items():
        key = f"{section}{name}"
        if isinstance(value, dict):
            value = as_before(value, f"{key}.")
        elif isinstance(value, str):
            value = names.get((key, value), value)
        found[name] = value
    return found


def _text(value: Any) -> str:
    items = list(map(str, value)) if isinstance(value, (list, tuple)) else [str(value)]
    return ", ".join(items).lower()
