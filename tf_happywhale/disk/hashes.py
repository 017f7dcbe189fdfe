"""Hashes of files and values, which tell whether something has changed."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
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
    """SHA-256 of files, and a fact that stands in them, remembered by name, size and times of
    change in one JSON file.

    Hashing 60 GB of photographs takes minutes, so a second look asks the file system first and
    reads only what changed since. The time of its last change (`ctime`) counts too, since another
    card's photograph may have the same name, size and date. If two processes write the file, the
    last one wins; files that it does not know are hashed again.

    Args:
        cache: the JSON file. One that was written without a fact is completed: each of its files
            is read once more.
        fact: gives a text from a file's bytes; None: only hashes are wanted.
    """

    def __init__(self, cache: Path, fact: Callable[[bytes], str] | None = None) -> None:
        self.cache, self.fact = Path(cache), fact
        self.known: dict[str, list] = {}
        with suppress(FileNotFoundError, ValueError):
            cached = json.loads(self.cache.read_text(encoding="utf-8"))
            if isinstance(cached, dict):
                self.known = cached
        self.changed = False

    def __call__(self, path: Path) -> str:
        """Return the content hash of one file, or `missing` where it is, or cannot be opened."""
        return self.with_fact(path)[0]

    def with_fact(self, path: Path) -> tuple[str, str]:
        """Return the content hash of one file, and the fact from the same reading of its bytes.
        The fact is empty if none is wanted, or if the file cannot be opened."""
        try:
            status = os.stat(path)
            stamp = [status.st_size, status.st_mtime_ns, status.st_ctime_ns]
            key = os.path.abspath(path)
            entry = self.known.get(key)
            if not self._tells(entry, stamp):
                entry = self.known[key] = [*stamp, *self._read(path)]
                self.changed = True
        except OSError:
            return MISSING, ""
        return entry[3], entry[4] if self.fact else ""

    def _tells(self, entry: Any, stamp: list[int]) -> bool:
        """Return whether what is remembered of a file is of the file as it is, and has a fact if
        one is wanted."""
        wanted = 5 if self.fact else 4
        return isinstance(entry, list) and entry[:3] == stamp and len(entry) >= wanted

    def _read(self, path: Path) -> list[str]:
        if self.fact is None:
            return [sha256(path)]
        raw = Path(path).read_bytes()
        return [hashlib.sha256(raw).hexdigest(), self.fact(raw)]

    def save(self) -> None:
        """Write the remembered hashes, if there is anything new."""
        if self.changed:
            write_json(self.cache, self.known)
            self.changed = False


def digest(value: Any) -> str:
    """Return the SHA-256 of a JSON-like value. It is the same for equal values."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
