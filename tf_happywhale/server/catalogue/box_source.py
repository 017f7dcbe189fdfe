"""Which part of an animal the boxes show: the source that the model in use looks at."""

from __future__ import annotations

from pathlib import Path

from tf_happywhale.catalogue.boxes.box import WHOLE
from tf_happywhale.catalogue.boxes.read_boxes import read_box_rows
from tf_happywhale.config import Experiment
from tf_happywhale.config.loading import load_dumped
from tf_happywhale.errors import HappywhaleError, InputError, nearest
from tf_happywhale.galleries.gallery_folder import own_model
from tf_happywhale.server.home.home import MODEL, SOURCE, Home

ANY = ""  # a row that does not say its source counts for every model


def source_in_use(home: Home) -> str:
    """Return the source of the boxes that `identify` will look at: that of the gallery, or else of
    the chosen model, or else the only one in the catalogue's table, or else the usual one. It is
    empty for a model that looks at several, and `whole` for one that looks at whole photographs.
    """
    if home.has_gallery:
        sources = own_model(home.gallery)[1]["source"].split(", ")
        return _one(sources)
    chosen = home.store.setting(SOURCE)
    return _of_model(home.store.setting(MODEL)) or chosen or _of_catalogue(home) or _usual()


def sources_read(home: Home) -> set[str]:
    """Return the sources of rows that `identify` will use."""
    source = source_in_use(home)
    return set() if source == WHOLE else {source, ANY}


def catalogue_sources(home: Home) -> list[str]:
    """Return what is in the boxes of the catalogue's own table; empty if it says nothing of it."""
    table = home.catalogue / "boxes.csv" if home.catalogue else None
    if table is None or not table.is_file():
        return []
    try:
        return sorted({row.source for row in read_box_rows(table) if row.box and row.source})
    except HappywhaleError:
        return []  # the command that uses the table says what is wrong with it


def choose_source(home: Home, source: str) -> None:
    """Keep which boxes of the catalogue count; `whole`: none, photographs are used whole.

    Raises:
        InputError: the catalogue has no box of this source.
    """
    known = [*catalogue_sources(home), WHOLE]
    if source not in known:
        raise InputError(
            f"The catalogue has no boxes of {source[:80]!r}: {nearest(source, known)}."
        )
    home.store.put_setting(SOURCE, source)


def source_setting(home: Home, model: str | None) -> list[str]:
    """Return the setting that says which boxes of the catalogue count; none where its table has one
    kind.

    Args:
        home: the home folder.
        model: the word MODEL. One that was trained here looks at the boxes of its training.

    Raises:
        InputError: it has several, and nobody has chosen.
    """
    chosen, named = home.store.setting(SOURCE), catalogue_sources(home)
    if len(named) < 2 or _of_model(model):
        return []
    if chosen is None:
        raise InputError(
            f"The catalogue has boxes of {' and of '.join(named)}: choose which count."
        )
    return [f"records.source={chosen}"]


def _one(sources: list[str]) -> str:
    return sources[0] if len(set(sources)) == 1 and sources[0] != "all" else ANY


def _of_model(word: str | None) -> str:
    config = Path(word or "") / "config.yaml"
    if not word or not config.is_file() or (config.parent / "published.json").is_file():
        return ""
    try:
        records = load_dumped(config).records
    except HappywhaleError:
        return ""  # the command that uses the model says what is wrong with it
    return _one([records.embed_source or records.source])


def _of_catalogue(home: Home) -> str:
    named = catalogue_sources(home)
    return named[0] if len(named) == 1 else ""


def _usual() -> str:
    return Experiment().records.source
