"""Hashes of files and values, which tell whether something has changed."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from tf_happywhale.disk.files import write_json

MISSING = "missing"  # instead of the hash of a file that is not there


def sha256(path: Path) -> str:
    """Return the hexadecimal SHA-256 of a file's content."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class ContentHashes:
    """SHA-256 of files, and facts that stand in them, remembered by name, size and times of
    change in one JSON file.

    Hashing 60 GB of photographs takes minutes, so a second look asks the file system first and
    reads only what changed since. The time of its last change (`ctime`) counts too, since another
    card's photograph may have the same name, size and date. If two processes write the file, the
    last one wins; files that it does not know are hashed again.

    Args:
        cache: the JSON file. One that was written with fewer facts is completed: each of its files
            is read once more. One with more facts serves too, since new facts come last. None:
            nothing is remembered.
        facts: gives texts from a file's bytes; None: only hashes are wanted.
        count: how many texts.
    """

    def __init__(
        self,
        cache: Path | None,
        facts: Callable[[bytes], Sequence[str]] | None = None,
        count: int = 0,
    ) -> None:
        self.cache, self.facts, self.count = cache and Path(cache), facts, count
        self.known: dict[str, list] = {}
        self.changed = False
        if self.cache is None:
            return
        with suppress(FileNotFoundError, ValueError):
            cached = json.loads(self.cache.read_text(encoding="utf-8"))
            if isinstance(cached, dict):
                self.known = cached

    def __call__(self, path: Path) -> str:
        """Return the content hash of one file, or `missing` where it is, or cannot be opened."""
        return self.with_facts(path)[0]

    def with_facts(self, path: Path) -> tuple[str, list[str]]:
        """Return the content hash of one file, and the facts from the same reading of its bytes.
        The facts are empty texts if the file cannot be opened."""
        try:
            status = os.stat(path)
            stamp = [status.st_size, status.st_mtime_ns, status.st_ctime_ns]
            key = os.path.abspath(path)
            entry = self.known.get(key)
            if not self._tells(entry, stamp):
                entry = self.known[key] = [*stamp, *self._read(path)]
                self.changed = True
        except OSError:
            return MISSING, [""] * self.count
        return entry[3], entry[4 : 4 + self.count]

    def _tells(self, entry: Any, stamp: list[int]) -> bool:
        """Return whether what is remembered of a file is of the file as it is, and has all facts
        that are wanted."""
        if not isinstance(entry, list) or entry[:3] != stamp:
            return False
        texts = entry[3 : 4 + self.count]
        return len(texts) == 1 + self.count and all(isinstance(text, str) for text in texts)

    def _read(self, path: Path) -> list[str]:
        if self.facts is None:
            return [sha256(path)]
        raw = Path(path).read_bytes()
        return [hashlib.sha256(raw).hexdigest(), *self.facts(raw)]

    def save(self) -> None:
        """Write the remembered hashes, if there is anything new."""
        if self.changed and self.cache is not None:
            write_json(self.cache, self.known)
            self.changed = False


def digest(value: Any) -> str:
    """Return the SHA-256 of a JSON-like value. It is the same for equal values."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
