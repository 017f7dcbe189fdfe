"""Names for formats whose words are separated by spaces, or whose comments can be ended."""

from __future__ import annotations

from collections.abc import Iterable

FILLER = "-"
KEPT = "._-"


def plain_names(names: Iterable[str], kept: str = KEPT) -> dict[str, str]:
    """Return a name of letters, digits and `kept` for each name; different ones stay different.

    Every other character, such as a space, a semicolon, a quote or the slash of `*/`, becomes a
    hyphen. If two names became the same, each later one gets a number.

    Args:
        names: in any order; the result does not depend on it.
        kept: characters that may stay beside letters and digits.
    """
    ordered = sorted(set(names))
    plain = {name: _plain(name, kept) for name in ordered}
    unchanged = {name for name in ordered if plain[name] == name}
    taken = set(unchanged)
    for name in ordered:
        if name in unchanged:
            continue
        wanted, number = plain[name], 2
        while plain[name] in taken:
            plain[name] = f"{wanted}{FILLER}{number}"
            number += 1
        taken.add(plain[name])
    return plain


def renamed_sentence(names: dict[str, str], file: str) -> str:
    """Return a sentence on the names that a file has otherwise; empty if there is none."""
    changed = [(name, plain) for name, plain in sorted(names.items()) if name != plain]
    if not changed:
        return ""
    name, plain = changed[0]
    return (
        f"{file} cannot have some characters: {len(changed)} of its names are written otherwise, "
        f"such as {plain} for {name[:40]!r}; names.csv has all of them."
    )


def _plain(name: str, kept: str) -> str:
    return "".join(c if c.isalnum() or c in kept else FILLER for c in name) or FILLER
