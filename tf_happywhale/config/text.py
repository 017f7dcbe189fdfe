"""YAML and `key=value` as trees of text; the schema decides what each value becomes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from tf_happywhale.errors import ConfigError


class _TextLoader(yaml.SafeLoader):
    """YAML in which every plain scalar but null is text."""


_TextLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag.endswith(":null")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _mapping(loader: _TextLoader, node: yaml.MappingNode) -> dict:
    names = [loader.construct_object(key) for key, _ in node.value]
    for name in names:
        if not isinstance(name, str):
            raise ConfigError(f"Line {node.start_mark.line + 1}: {name!r} is not a key.")
        if names.count(name) > 1:
            line = node.start_mark.line + 1
            raise ConfigError(f"The section from line {line} has the key {name!r} twice.")
    return loader.construct_mapping(node, deep=True)


_TextLoader.add_constructor("tag:yaml.org,2002:map", _mapping)


def read_yaml(path: Path) -> dict:
    """Return the tree of a YAML file, in which each scalar is text or null.

    Raises:
        ConfigError: there is no such file, or it does not hold YAML with `key: value` lines.
    """
    if not path.is_file():
        near = sorted(str(file) for file in path.parent.glob("*.yaml"))
        shown = f"; in that folder: {', '.join(near)}" if near else ""
        raise ConfigError(f"There is no config file {path}{shown}.")
    try:
        tree = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=_TextLoader) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        where = getattr(error, "problem_mark", None)
        line = f" at line {where.line + 1}" if where else ""
        raise ConfigError(f"{path} is not valid YAML{line}: correct it and run again.") from None
    if not isinstance(tree, dict):
        raise ConfigError(f"{path} must hold `key: value` lines, such as `image_size: 512`.")
    return tree


def put_override(tree: dict, override: str) -> list[str]:
    """Put `key=value` into the tree, and return the keys that it gives. The key has dots; the value
    may be null or a list. The value of a section is a table, which gives only the keys in it.

    Raises:
        ConfigError: there is no `=`, or the value is a list that does not close.
    """
    key, equals, text = override.partition("=")
    if not equals:
        raise ConfigError(
            f"{override!r} is not a setting: write it as key=value, without spaces around =."
        )
    key, value = key.strip(), _value(key, text.strip())
    section = isinstance(value, dict) and value and "." not in key
    given = {f"{key}.{name}": below for name, below in value.items()} if section else {key: value}
    for name, below in given.items():
        _put(tree, name, below)
    return list(given)


def put_value(tree: dict, key: str, value: str | None) -> None:
    """Put a key with the text of its value into the tree, as `put_override` does."""
    _put(tree, key, None if value is None else _value(key, value))


def _value(key: str, text: str) -> Any:
    name = text[:1] == "{" and text[-1:] != "}"  # such as {split}-{fold}-{count}.tfrec
    if text[:1] not in ("[", "{") or name:
        return None if text == "null" else text
    try:
        return yaml.load(text, Loader=_TextLoader)
    except yaml.YAMLError:
        raise ConfigError(f"{key}={text} is not a list: write it as {key}=[a, b].") from None


def _put(tree: dict, key: str, value: Any) -> None:
    *sections, name = key.split(".")
    for section in sections:
        if tree.get(section) is None:
            tree[section] = {}
        below = tree[section]
        if not isinstance(below, dict):
            raise ConfigError(f"Unknown key {key!r}: {section} holds a value, not a section.")
        tree = below
    tree[name] = value
