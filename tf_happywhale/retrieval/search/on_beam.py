"""Large searches dealt out to the workers of an Apache Beam runner."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from tf_happywhale.beam_workers import do_pieces
from tf_happywhale.retrieval.search.exact import Neighbours, nearest
from tf_happywhale.retrieval.search.joined_rows import Blend, Stack
from tf_happywhale.retrieval.search.parts import do_part, join_parts, parts_of
from tf_happywhale.retrieval.search.stored_search import StoredSearch, store_search

WORTH = 1e12  # multiplications: a few seconds of one machine, in which workers have not yet begun


def search_on_beam(home: Path, options: Sequence[str]) -> Callable[..., Neighbours]:
    """Return a function that does what `exact.nearest` does, to the last bit, on workers.

    Searches too small to be worth it are done here. A search that was stopped resumes when it is
    asked for again.

    Args:
        home: the folder of the searches, which all workers share.
        options: of Apache Beam.
    """
    return partial(_search, home.absolute(), options)


def _search(
    home: Path,
    options: Sequence[str],
    queries: Stack,
    gallery: Stack | Blend,
    labels: np.ndarray,
    k: int,
    **settings: str | int,
) -> Neighbours:
    if float(len(queries)) * len(gallery) * gallery.width < WORTH:
        return nearest(queries, gallery, labels, k, **settings)
    search = StoredSearch(queries, gallery, labels, {"k": k, **settings})
    folder = store_search(home, search)
    parts = parts_of(folder, search)
    do_pieces(parts, do_part, options, f"searching {len(queries)} × {len(gallery)} images")
    return join_parts(parts, k)
