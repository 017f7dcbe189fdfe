"""Whether decisions are about the animals that were identified."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tf_happywhale.catalogue.animals.animal_key import (
    BOX_NUMBER,
    animal_words,
    count_animals,
    photograph_of,
    split_key,
)
from tf_happywhale.errors import InputError
from tf_happywhale.galleries.decision_table import APART, read_decision_table
from tf_happywhale.galleries.queries import short_content
from tf_happywhale.retrieval.embeddings import Embeddings


def identified(queries: Embeddings) -> tuple[dict[str, str], dict[str, str]]:
    """Return boxes and contents of the animals identified, by key, as `check_identified` takes
    them."""
    keys, boxes = queries.image.tolist(), queries.column("box").tolist()
    contents = map(short_content, queries.column("content").tolist())
    return dict(zip(keys, boxes, strict=True)), dict(zip(keys, contents, strict=True))


def check_identified(
    path: Path,
    boxes: Mapping[str, str],
    contents: Mapping[str, str],
    encoding: str | None = None,
) -> None:
    """Refuse decisions about another photograph or another box than the one that was identified.

    Args:
        path: the table of decisions. Those of older versions name no number, box or content.
        boxes: of the animals identified, by key.
        contents: of their photographs, as the pages export them, by key.
        encoding: see `read_decisions`.

    Raises:
        InputError: the decisions were made on pages of other photographs with the same names, the
            photographs were identified again with other boxes since, or the table does not say
            which animal of a photograph it means.
    """
    table = read_decision_table(path, encoding, boxes)
    counts = count_animals(boxes)
    for row in table[~table["decision"].isin(("skip", APART))].to_dict("records"):
        photograph, _ = split_key(row["image"])
        count = counts[photograph]
        if BOX_NUMBER not in table.columns and count > 1:
            raise InputError(
                f"{path} does not say which of the {count} animals of {photograph} was decided on: "
                f"export it again from the pages, or add the column {BOX_NUMBER}."
            )
        known = boxes.get(row["image"])
        if row.get("content") and row["content"] != contents.get(row["image"], row["content"]):
            raise InputError(
                f"{path} is about another {photograph} than the one that was identified: "
                "set output=DIR to the folder whose pages the decisions are from."
            )
        if known is not None and row.get("box", known) != known:
            said = row["box"][:80] or "the whole picture"
            raise InputError(
                f"{path} is about {said!r} of {animal_words(row['image'], counts)}, but since then "
                f"{known or 'the whole picture'!r} was identified: decide on the present pages."
            )


def no_longer_found(
    path: Path, contents: Mapping[str, str], encoding: str | None = None
) -> list[str]:
    """Return the keys of animals that were decided on, in photographs that were identified again
    since, with fewer animals.

    Args:
        path: the table of decisions.
        contents: see `check_identified`.
        encoding: see `read_decisions`.
    """
    table = read_decision_table(path, encoding, contents)
    if "content" not in table:
        return []
    photographs = {photograph_of(key): content for key, content in contents.items()}
    rows = table[~table["decision"].isin(("skip", APART))]
    return [
        key
        for key, content in zip(rows["image"], rows["content"], strict=True)
        if key not in contents and content and content == photographs.get(photograph_of(key))
    ]
