"""Embeddings kept by what was embedded, so that each picture goes through a model once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from tf_happywhale.disk.hashes import digest
from tf_happywhale.galleries.numbered_files import add_part, load_parts, only_writer
from tf_happywhale.retrieval.embeddings import Embeddings


class EmbeddingCache:
    """One model's embeddings in a folder of numbered files, by key.

    A writer adds a file. If it is killed, the files that it had added stay.

    Args:
        home: the folder of all caches, one for each model and preprocessing.
        about: what makes the embeddings: model, source, view, preprocess.
    """

    def __init__(self, home: Path, about: Mapping[str, str]) -> None:
        self.about = dict(about)
        self.folder = Path(home) / digest(sorted(self.about.items()))[:12]
        self.folder.mkdir(parents=True, exist_ok=True)
        self.parts: list[Embeddings] = []
        self.place: dict[str, tuple[int, int]] = {}
        for part in load_parts(self.folder):
            self._take_in(part)

    def __contains__(self, key: str) -> bool:
        return key in self.place

    def add(
        self, keys: Sequence[str], embedding: np.ndarray, columns: Mapping[str, Sequence[str]]
    ) -> None:
        """Write embeddings [n, d] float32 with columns of text."""
        named = np.asarray(keys, np.str_)
        part = Embeddings(
            embedding,
            named,
            np.full(len(named), ""),
            self.about,
            columns={name: np.asarray(column, np.str_) for name, column in columns.items()},
        )
        if len(part):
            with only_writer(self.folder):
                add_part(self.folder, part)
            self._take_in(part)

    def get(self, keys: Sequence[str]) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Return embeddings [n, d] float32 of keys that are there, and their columns str [n]."""
        places = [self.place[key] for key in keys]
        if not places:
            return np.zeros((0, 1), np.float32), {}
        rows = np.stack([self.parts[part].embedding[row] for part, row in places])
        names = dict.fromkeys(name for part in self.parts for name in part.columns)
        taken = {part: {name: self.parts[part].column(name) for name in names}
                 for part in {part for part, _ in places}}  # fmt: skip
        return rows, {
            name: np.array([taken[part][name][row] for part, row in places], np.str_)
            for name in names
        }

    def _take_in(self, part: Embeddings) -> None:
        for row, key in enumerate(part.image.tolist()):
            self.place[key] = (len(self.parts), row)
        self.parts.append(part)
