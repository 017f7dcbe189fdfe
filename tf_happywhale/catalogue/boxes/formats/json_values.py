"""Values of a JSON file that another program wrote, checked: errors name what is missing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tf_happywhale.catalogue.boxes.formats.cells import is_finite, quoted, to_number
from tf_happywhale.errors import InputError

KINDS = {dict: "an object", list: "a list", str: "text"}


def read_json(path: Path) -> Any:
    """What a JSON file holds.

    Raises:
        InputError: there is no such file, or it is not JSON.
    """
    if not path.is_file():
        raise InputError(f"There is no file {path}: check the folder and the name.")
    return parse_json(path.read_bytes(), str(path))


def parse_json(text: str | bytes, where: str) -> Any:
    """What a JSON text holds; the error begins with `where`. A name that an object has twice with
    two values is an error, since programs take one or the other."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            odd = next((name for name, value in pairs if found[name] != value), None)
            if odd is not None:
                raise InputError(f"{where} has {odd[:80]!r} twice, differently: correct it.")
        return found

    try:
        if isinstance(text, bytes):
            text = text.decode(json.detect_encoding(text))
        return json.loads(text, object_pairs_hook=once)
    except InputError:  # which is a ValueError
        raise
    except UnicodeDecodeError:
        raise InputError(f"{where} is not UTF-8 text: save it as UTF-8.") from None
    except RecursionError:
        raise InputError(f"{where} cannot be read as JSON: it is nested too deeply.") from None
    except json.JSONDecodeError as error:
        raise InputError(
            f"{where} cannot be read as JSON (line {error.lineno}: {error.msg}): correct it, or "
            "export it again."
        ) from None
    except ValueError:  # of whole numbers with thousands of digits
        raise InputError(f"{where} holds a number that is too long: export it again.") from None


def field(tree: Any, name: str, kind: type, where: str) -> Any:
    """A value of an object, which must be of this kind (dict, list or str).

    Raises:
        InputError: it is not an object, or lacks the value.
    """
    value = tree.get(name) if isinstance(tree, dict) else None
    return expect(value, kind, f"{where}: {name}")


def expect(value: Any, kind: type, what: str) -> Any:
    """The value, which must be of this kind; the error begins with `what`."""
    if not isinstance(value, kind):
        said = "is missing" if value is None else f"{quoted(value)} is not {KINDS[kind]}"
        raise InputError(f"{what} {said}: correct the file, or export it again.")
    return value


def four_numbers(value: Any, where: str) -> tuple[float, float, float, float]:
    """The four numbers of a box.

    Raises:
        InputError: they are not four, or not numbers.
    """
    if not isinstance(value, list) or len(value) != 4:
        more = ", as a turned box has" if isinstance(value, list) and len(value) == 5 else ""
        raise InputError(
            f"{where}: the box {quoted(value)} must be four numbers{more}: export it again."
        )
    return tuple(to_number(number, f"{where}: the box") for number in value)


def size_of(tree: Any, wide: str, high: str) -> tuple[float, float] | None:
    """Width and height of a picture, if an object says them; 0 and less say nothing."""
    sides = [tree.get(name) for name in (wide, high)]
    known = all(isinstance(side, int | float) and is_finite(side) and side > 0 for side in sides)
    return (float(sides[0]), float(sides[1])) if known else None
