"""Hashes of files and values, which tell whether something has changed."""

from __future__ import annotations

import hashlib
import json
import os
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
    """SHA-256 of files, remembered by name, size and times of change in one JSON file.

    Hashing 60 GB of photographs takes minutes, so a second look asks the file system first and
    reads only what changed since. The time of its last change (`ctime`) counts too, since another
    card's photograph may have the same name, size and date. If two processes write the file, the
    last one wins; files that it does not know are hashed again.
    """

    def __init__(self, cache: Path) -> None:
        self.cache = Path(cache)
        self.known: dict[str, list] = {}
        with suppress(FileNotFoundError, ValueError):
            cached = json.loads(self.cache.read_text(encoding="utf-8"))
            if isinstance(cached, dict):
                self.known = cached
        self.changed = False

    def __call__(self, path: Path) -> str:
        """Return the content hash of one file, or `missing` where it is, or cannot be opened."""
        try:
            status = os.stat(path)
            stamp = [status.st_size, status.st_mtime_ns, status.st_ctime_ns]
            key = os.path.abspath(path)
            entry = self.known.get(key)
            if entry is None or entry[:-1] != stamp:
                entry = self.known[key] = [*stamp, sha256(path)]
                self.changed = True
        except OSError:
            return MISSING
        return entry[-1]

    def save(self) -> None:
        """Write the remembered hashes, if there is anything new."""
        if self.changed:
            write_json(self.cache, self.known)
            self.changed = False


def digest(value: Any) -> str:
    """Return the SHA-256 of a JSON-like value. It is the same for equal values."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
