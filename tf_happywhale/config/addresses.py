"""Addresses such as `gs://bucket/folder` are refused where a path is wanted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tf_happywhale.errors import ConfigError

ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
NOT_PATHS = {"model.weights": "hf://", "download.message": ""}  # keys that may be addresses


def refuse_address(text: str, what: str) -> None:
    """Raise ConfigError if a text is an address such as `gs://bucket/folder` and not a path."""
    if ADDRESS.match(text):
        raise ConfigError(
            f"{what} is {text[:80]!r}, an address. Only files of this machine are read: "
            "copy them here, or mount them, and give the path."
        )


def refuse_addresses(tree: Any, key: str = "") -> None:
    """Raise ConfigError if a text in an experiment's tree is an address and may not be one."""
    for name, text in _texts(tree, key):
        beginning = NOT_PATHS.get(name)
        if beginning is None or not text.startswith(beginning):
            refuse_address(text, name)


def _texts(tree: Any, key: str) -> Iterator[tuple[str, str]]:
    """Yield each text of a tree with its key. A text in a list has the key of the list."""
    if isinstance(tree, str):
        yield key, tree
    elif isinstance(tree, dict):
        for name, below in tree.items():
            yield from _texts(below, f"{key}.{name}" if key else str(name))
    elif isinstance(tree, (list, tuple)):
        for below in tree:
            yield from _texts(below, key)
