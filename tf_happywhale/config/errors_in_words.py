"""What is wrong with a config, as a sentence, and what a key allows."""

from __future__ import annotations

import difflib
import types
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo


def sentence(error: dict, known: dict[str, FieldInfo]) -> str:
    """Return one of pydantic's errors as a sentence with the key, its value, and what is allowed.

    Args:
        error: from `ValidationError.errors()`.
        known: all keys of the config with their fields.
    """
    parts = [str(part) for part in error["loc"]]
    if error["type"] == "value_error":
        return str(error["ctx"]["error"]) + "."
    if error["type"] == "extra_forbidden":
        below = error["input"] if isinstance(error["input"], dict) else {}
        key = ".".join([*parts, *map(str, list(below)[:1])])  # a misspelt section: with its key
        return f"Unknown key {key!r}{_nearest(key, list(known))}."
    key = next((".".join(parts[:n]) for n in (2, 1) if ".".join(parts[:n]) in known), None)
    if key is None:
        example = next(name for name in known if name.startswith(f"{parts[0]}."))
        return f"{'.'.join(parts)} is a section: give its keys, such as {example}."
    return f"{key} is {error['input']!r}, but it must be {allowed(known[key])}."


def _nearest(key: str, known: list[str]) -> str:
    last = key.rpartition(".")[2]
    ends = {name: name.rpartition(".")[2] for name in known}
    for cutoff in (1.0, 0.9):  # the last part counts first: batchsize is batch_size, not match.size
        alike = difflib.get_close_matches(last, list(dict.fromkeys(ends.values())), 1, cutoff)
        same = [name for name in known if ends[name] in alike]
        if same:
            break
    near = difflib.get_close_matches(key, same or known, 1, 0 if same else 0.5)
    if not near:
        by_end = {end: name for name, end in ends.items()}
        near = [by_end[end] for end in difflib.get_close_matches(last, list(by_end), 1, 0.5)]
    if near:
        return f"; the nearest is {near[0]!r}"
    return f"; keys start with {', '.join(dict.fromkeys(name.split('.')[0] for name in known))}"


def allowed(field: FieldInfo) -> str:
    """Return the values that a key accepts, in words."""
    return _describe(field.annotation, field.metadata)


def _describe(annotation: Any, metadata: list) -> str:
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *more = get_args(annotation)
        for extra in more:
            metadata = [*metadata, *getattr(extra, "metadata", [])]
        return _describe(inner, metadata)
    if origin in (Union, types.UnionType):
        return " or ".join(_describe(option, metadata) for option in get_args(annotation))
    if origin is Literal:
        options = ", ".join(str(option) for option in get_args(annotation))
        return options if len(get_args(annotation)) == 1 else f"one of {options}"
    if origin is dict:
        name, value = get_args(annotation)
        names = f", each name {_describe(name, [])}" if get_origin(name) is Literal else ""
        return f"a table {{name: {_describe(value, [])}, …}}{names}"
    if origin is tuple:
        options = get_args(annotation)
        if options[-1] is Ellipsis:
            parts = getattr(options[0], "model_fields", None)
            each = f"with {' and '.join(parts)}" if parts else _describe(options[0], [])
            return f"a list, each {each}"
        return f"a list of {len(options)}, each {_describe(options[0], [])}"
    names = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}
    if annotation is type(None):
        return "null"
    words = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
    limits = [
        f"{word} {getattr(limit, name):g}"
        for name, word in words.items()
        for limit in metadata
        if getattr(limit, name, None) is not None
    ]
    pattern = [f"matching {limit.pattern}" for limit in metadata if getattr(limit, "pattern", None)]
    return " ".join([names[annotation], " and ".join(limits + pattern)]).strip()
