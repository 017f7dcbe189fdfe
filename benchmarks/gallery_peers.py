"""What others find in the drawn gallery: faiss with our index and with its exact one, LanceDB."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import numpy as np
from asked_gallery import recall, times
from drawn_gallery import WIDTH, asked_of, size_gb

FLAT = 2_000_000  # images: IndexFlatIP has all of them in memory


def faiss_alone(folder: Path) -> dict:
    """The same index by faiss itself: 50 images of each query by their compressed embeddings."""
    from tf_happywhale.galleries.search_index import open_search_index
    from tf_happywhale.retrieval.lengths import unit_rows

    gallery = open_search_index(folder / "gallery")
    ids = np.concatenate([part.arrays["individual_id"] for part in gallery.parts.parts])
    import faiss

    def ask(some: np.ndarray) -> list[list[str]]:
        inside = faiss.SearchParametersIVF(nprobe=gallery.head.probes)
        parameters = faiss.SearchParametersPreTransform(index_params=inside)
        found = [
            (score, rows + block.rows.first)
            for block in gallery.blocks
            if block.index is not None
            for score, rows in [block.index.search(unit_rows(some), 50, params=parameters)]
        ]
        score, rows = (np.concatenate(column, axis=1) for column in zip(*found, strict=True))
        return first_five(ids, np.take_along_axis(rows, np.argsort(-score, axis=1), 1))

    queries, _ = asked_of(folder)
    return {**times(ask, queries, 100), **recall(folder, ask(queries))}


def first_five(ids: np.ndarray, rows: np.ndarray) -> list[list[str]]:
    """The first five individuals of images that are in order."""
    return [list(dict.fromkeys(ids[row[row >= 0]].tolist()))[:5] for row in rows]


def faiss_flat(folder: Path) -> dict:
    """faiss' exact search: all embeddings in memory, 50 images of each query."""
    import faiss

    from tf_happywhale.galleries.mapped_parts import map_parts
    from tf_happywhale.retrieval.lengths import unit_rows

    parts = map_parts(folder / "gallery")
    if len(parts) > FLAT:
        return {"skipped": f"{len(parts) * WIDTH * 4 / 1e9:.0f} GB in memory"}
    ids = np.concatenate([part.arrays["individual_id"] for part in parts.parts])
    started = time.perf_counter()
    flat = faiss.IndexFlatIP(WIDTH)
    for start in range(0, len(parts), 2**14):
        flat.add(unit_rows(parts.embeddings(start, min(start + 2**14, len(parts)))))
    opened = time.perf_counter() - started

    def ask(some: np.ndarray) -> list[list[str]]:
        return first_five(ids, flat.search(unit_rows(some), 50)[1])

    queries, _ = asked_of(folder)
    return {"open_s": opened, **times(ask, queries, 20), **recall(folder, ask(queries))}


def lancedb(folder: Path) -> dict:
    """LanceDB: IVF_PQ with its own defaults, its refining by ten times as many rows."""
    import lancedb as store
    import pyarrow as pa

    from tf_happywhale.galleries.mapped_parts import map_parts
    from tf_happywhale.retrieval.lengths import unit_rows

    parts = map_parts(folder / "gallery")
    ids = np.concatenate([part.arrays["individual_id"] for part in parts.parts])
    home = folder / "lancedb"
    shutil.rmtree(home, ignore_errors=True)
    started = time.perf_counter()

    def batches():
        for start in range(0, len(parts), 2**14):
            rows = unit_rows(parts.embeddings(start, min(start + 2**14, len(parts))))
            flat = pa.FixedSizeListArray.from_arrays(pa.array(rows.ravel()), WIDTH)
            numbers = pa.array(np.arange(start, start + len(rows)))
            yield pa.RecordBatch.from_arrays([numbers, flat], schema=schema)

    schema = pa.schema([("row", pa.int64()), ("vector", pa.list_(pa.float32(), WIDTH))])
    table = store.connect(home).create_table("images", batches(), schema=schema)
    table.create_index(metric="cosine", index_type="IVF_PQ")
    built, lists = time.perf_counter() - started, max(1, len(parts) // 8192)

    def ask(some: np.ndarray) -> list[list[str]]:
        answers = []
        for query in unit_rows(some):
            search = table.search(query).metric("cosine").select(["row"]).limit(50)
            found = search.nprobes(max(20, lists // 4)).refine_factor(10).to_arrow()
            answers.append(found["row"].to_numpy())
        return first_five(ids, np.array(answers))

    queries, _ = asked_of(folder)
    measured = {**times(ask, queries, 50), **recall(folder, ask(queries))}
    return {"seconds": built, "disk_gb": size_gb(home), **measured}
