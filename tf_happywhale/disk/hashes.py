"""Hashes of files and values, which tell whether something has changed."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from tqdm import tqdm

from tf_happywhale.cores import usable_cores
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

    def of(self, paths: Iterable[str | Path], label: str) -> list[tuple[str, list[str]]]:
        """Return for each file what `with_facts` does. Only files that are not remembered are
        shared out among threads, since handing over a file takes longer than a look at it. They
        have a progress bar with this label."""
        asked = list(paths)
        found = [self._remembered(path) for path in asked]
        unknown = [n for n, known in enumerate(found) if known is None]
        if not unknown:
            return found
        with ThreadPoolExecutor(usable_cores()) as workers:
            read = workers.map(self.with_facts, [asked[n] for n in unknown])
            bar = tqdm(read, total=len(unknown), desc=label, unit="img", leave=False)
            for n, known in zip(unknown, bar, strict=True):
                found[n] = known
        return found

    def __call__(self, path: Path) -> str:
        """Return the content hash of one file, or `missing` where it is, or cannot be opened."""
        return self.with_facts(path)[0]

    def with_facts(self, path: Path) -> tuple[str, list[str]]:
        """Return the content hash of one file, and the facts from the same reading of its bytes.
        The facts are empty texts if the file cannot be opened."""
        known = self._remembered(path)
        if known is not None:
            return known
        try:
            entry = self.known[_key(path)] = [*_stamp(path), *self._read(path)]
            self.changed = True
        except OSError:
            return MISSING, [""] * self.count
        return entry[3], entry[4:]

    def _remembered(self, path: Path) -> tuple[str, list[str]] | None:
        """Return what is remembered of a file, or None if it has changed since or is not known."""
        try:
            entry = self.known.get(_key(path))
            if not self._tells(entry, _stamp(path)):
                return None
        except OSError:
            return MISSING, [""] * self.count
        return entry[3], entry[4 : 4 + self.count]

    def _tells(self, entry: Any, stamp: list[int]) -> bool:
        """Return whether what is remembered of a file is of the file as it is, and has all facts
        that are wanted."""
        if not isinstance(entry, list) or entry[:3] != stamp:
            return False
        texts = entry[3 : 4 + self.count]
        return len(texts) == 1 + self.count and set(map(type, texts)) == {str}

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


def stamps(paths: Iterable[str | Path]) -> list[list[int] | None]:
    """Return each file's size and times of change; None if it cannot be looked at."""
    found: list[list[int] | None] = []
    for path in paths:
        try:
            found.append(_stamp(path))
        except OSError:
            found.append(None)
    return found


def _key(path: str | Path) -> str:
    """Return a file's absolute name, as `os.path.abspath` does; most names are that already, and
    it takes longer than a look at the file."""
    text = os.fspath(path)
    if text.startswith("/") and "/." not in text and "//" not in text and text[-1] != "/":
        return text
    return os.path.abspath(text)


def _stamp(path: str | Path) -> list[int]:
    """Return a file's size and times of change.

    Raises:
        OSError: it cannot be looked at.
    """
    status = os.stat(path)
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns]


_JSON = json.JSONEncoder(sort_keys=True, ensure_ascii=False, default=str)


def digest(value: Any) -> str:
    """Return the SHA-256 of a JSON-like value. It is the same for equal values."""
    return hashlib.sha256(_JSON.encode(value).encode()).hexdigest()
