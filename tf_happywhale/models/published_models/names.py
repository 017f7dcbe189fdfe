"""Names of published models, and what is said of each. Keras is not imported."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tf_happywhale.errors import InputError, nearest
from tf_happywhale.models.published_models.licence import UNKNOWN, is_limited
from tf_happywhale.models.published_models.table import PUBLISHED, PublishedModel
from tf_happywhale.run_folders.published_folder import fetched

HEADER = ("name", "network", "numbers", "pixels", "here", "licence", "trained on")


def published_named(name: str) -> PublishedModel:
    """Return the published model of a short name.

    Raises:
        InputError: there is none.
    """
    if name not in PUBLISHED:
        raise InputError(f"There is no published model {name!r}: {nearest(name, PUBLISHED)}.")
    return PUBLISHED[name]


def fetched_folder(name: str) -> Path:
    """Return the folder of a published model on this machine.

    Args:
        name: its short name, one of `PUBLISHED`.

    Raises:
        InputError: it was not fetched.
    """
    folder = fetched(name)
    if folder is None:
        raise InputError(
            f"{name} is not on this machine: run `python -m tf_happywhale.models fetch {name}`, or "
            f"`python -m tf_happywhale.models fetch {name} FILE` with the file that you have "
            "downloaded."
        )
    return folder


def address_of(published: PublishedModel) -> str | None:
    """Return the address of a model's file; None if it is had as a file only."""
    source = published.source.rstrip("/")
    if not source:
        return None
    return source if source.endswith(f"/{published.file}") else f"{source}/{published.file}"


def list_published() -> list[str]:
    """Return a table of all published models, as lines."""
    rows = [HEADER]
    for name, one in PUBLISHED.items():
        here = "yes" if fetched(name) else "no"
        licence = (one.licence or UNKNOWN) + (" (*)" if is_limited(one) else "")
        numbers = str(one.embedding), str(one.size)
        rows.append((name, one.network, *numbers, here, licence, one.trained_on))
    lines = _aligned(rows)
    if any(map(is_limited, PUBLISHED.values())):
        lines.append(
            "(*) forbids something, or is not known: `python -m tf_happywhale.models list NAME` "
            "says more, and `fetch` wants --accept."
        )
    return lines


def describe(published: PublishedModel) -> list[str]:
    """Return all that is known of a published model, as lines."""
    folder = fetched(published.name)
    mean, deviation = (", ".join(f"{x:g}" for x in part) for part in published.mean_std)
    pooling = {"mean": "mean", "gem": "GeM", "token": "class token"}[published.pooling]
    start, only = f" (model.backbone={published.backbone})", ""
    if published.fixed:
        start, only = "; no training starts from it", " only"
    facts = {
        "network": f"{published.network}{start}",
        "pictures": f"{published.size} px{only}; mean {mean}, deviation {deviation}",
        "embedding": f"{published.embedding} numbers; {pooling}"
        + (", BatchNorm" if published.norm else ""),
        "trained on": published.trained_on,
        "licence": published.licence or UNKNOWN,
        "restriction": published.restricted,
        "from": address_of(published) or f"no address is known; the file is {published.file}",
        "SHA-256": published.sha256 or UNKNOWN,
        "here": str(folder) if folder else "no",
    }
    rows = [(name, text) for name, text in facts.items() if text]
    return [published.name, *_aligned(rows)]


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows of text as lines with columns of the same width."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
