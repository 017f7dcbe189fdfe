"""The configs that come with this package: in its folder once it is installed, in a clone beside
it."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from tf_happywhale.messages import say_once

FOLDER = "configs"


def shipped_configs() -> Path:
    """Return the folder of the configs that come with this package."""
    package = Path(str(files("tf_happywhale")))
    installed = package / FOLDER
    return installed if installed.is_dir() else package.parent / FOLDER


def shipped_config(name: str) -> Path:
    """Return the file of one of them, such as `my_catalogue.yaml`."""
    return shipped_configs() / name


def find_config(path: Path) -> Path:
    """Return a config file. `configs/NAME.yaml`, as the documentation writes it, is the shipped one
    where there is no such file; that is printed."""
    shipped = shipped_config(path.name)
    if path.exists() or path.parent != Path(FOLDER) or not shipped.is_file():
        return path
    say_once(f"{path} is the config that comes with the package, since there is none here")
    return shipped
