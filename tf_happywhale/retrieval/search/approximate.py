"""Images near queries, found in an inverted file of compressed embeddings by faiss.

It may miss images. So it only proposes them: who is scored, and how, is decided elsewhere by the
embeddings themselves.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from tf_happywhale.disk.files import atomic_write
from tf_happywhale.errors import InputError
from tf_happywhale.retrieval.lengths import unit_rows

TO_INSTALL = "python -m pip install 'tf-happywhale[index]'"
ROUNDS = 10  # of k-means
LEAST = 256  # embeddings to learn from; fewer are repeated
BLOCK = 2**14  # embeddings added at a time


def empty_index(sample: np.ndarray, lists: int) -> Any:
    """Return an index without images, trained on some of them.

    A random rotation makes all numbers of an embedding equally important. Then each pair of them
    is rounded to one of sixteen, which takes four bits.

    Args:
        sample: embeddings float32 [s, d], s ≥ lists.
        lists: parts into which it divides all images; a query looks at the nearest of them.

    Raises:
        InputError: faiss is not installed.
    """
    faiss = _faiss()
    width, pairs = sample.shape[1], -(-sample.shape[1] // 2)
    kind = f"RR{2 * pairs},IVF{lists},PQ{pairs}x4fs"
    index = faiss.index_factory(width, kind, faiss.METRIC_INNER_PRODUCT)
    inside = faiss.downcast_index(index.index)
    for learning in (inside.cp, inside.pq.cp):
        learning.min_points_per_centroid = 1  # of small galleries, without a warning
        learning.niter = ROUNDS
    index.train(unit_rows(np.resize(sample, (max(len(sample), LEAST), width))))
    return index


def filled(empty: Path, blocks: Iterable[np.ndarray]) -> Any:
    """Return an index with images, numbered from 0 on as they come.

    Args:
        empty: the file of an index without images.
        blocks: embeddings float32 [n, d].
    """
    index = open_index(empty)
    for block in blocks:
        for start in range(0, len(block), BLOCK):
            index.add(unit_rows(np.asarray(block[start : start + BLOCK])))
    return index


def save_index(file: Path, index: Any) -> None:
    """Write an index, whole or not at all."""
    with atomic_write(file) as temporary:
        _faiss().write_index(index, str(temporary))


def open_index(file: Path) -> Any:
    """Return an index that was written, all of it in memory.

    Raises:
        InputError: faiss is not installed, or the file is missing or damaged.
    """
    faiss = _faiss()
    try:
        return faiss.read_index(str(file))
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1][-80:]
        raise InputError(
            f"{file} is damaged ({reason}): remove its folder, and run `gallery index` again."
        ) from None


def near(index: Any, queries: np.ndarray, count: int, probes: int) -> np.ndarray:
    """Return the images that look nearest to each query, int64 [n, count] in no order; −1 in places
    that are not filled. The farthest of all may be missing, although there is room for them.

    Args:
        index: see `open_index`.
        queries: embeddings float32 [n, d].
        count: images of each query.
        probes: lists that are looked at for each query.
    """
    faiss = _faiss()
    inside = faiss.SearchParametersIVF(nprobe=probes)
    parameters = faiss.SearchParametersPreTransform(index_params=inside)
    count = min(count, index.ntotal)
    return index.search(unit_rows(queries), count, params=parameters)[1]


def _faiss() -> Any:
    try:
        import faiss
    except ImportError:
        raise InputError(
            f"An index needs faiss: {TO_INSTALL}, or set identify.search=exact."
        ) from None
    return faiss
