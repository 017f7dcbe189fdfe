from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from tf_happywhale.disk import hashes as hashing
from tf_happywhale.disk.hashes import ContentHashes, digest, sha256


def test_sha256_is_that_of_the_bytes(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"abc")
    assert sha256(tmp_path / "file") == hashlib.sha256(b"abc").hexdigest()


def test_content_hashes_notice_changed_content(tmp_path: Path) -> None:
    path = tmp_path / "picture.jpg"
    path.write_bytes(b"one")
    os.utime(path, ns=(10**18, 10**18))
    hashes = ContentHashes(tmp_path / "cache.json")
    assert hashes(path) == hashlib.sha256(b"one").hexdigest()
    path.write_bytes(b"two")  # as long, but later
    os.utime(path, ns=(10**18, 10**18 + 1))
    assert hashes(path) == hashlib.sha256(b"two").hexdigest()
    path.write_bytes(b"longer")  # at the same time, but longer
    os.utime(path, ns=(10**18, 10**18 + 1))
    assert hashes(path) == hashlib.sha256(b"longer").hexdigest()
    path.unlink()
    assert hashes(path) == "missing"


def test_content_hashes_read_an_unchanged_file_once(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "picture.jpg"
    path.write_bytes(b"one")
    first = ContentHashes(tmp_path / "cache.json")
    known = first(path)
    first.save()
    monkeypatch.setattr(hashing, "sha256", lambda path: pytest.fail("read again"))
    assert first(path) == known
    assert ContentHashes(tmp_path / "cache.json")(path) == known


def test_content_hashes_notice_another_file_of_the_same_name_size_and_date(tmp_path: Path) -> None:
    path, hashes = tmp_path / "picture.jpg", ContentHashes(tmp_path / "cache.json")
    path.write_bytes(b"one")
    os.utime(path, ns=(10**18, 10**18))
    assert hashes(path) == hashlib.sha256(b"one").hexdigest()
    known = path.stat().st_ctime_ns
    while path.stat().st_ctime_ns == known:  # a tick of the disk's clock
        path.write_bytes(b"two")
        os.utime(path, ns=(10**18, 10**18))
    assert hashes(path) == hashlib.sha256(b"two").hexdigest()


def test_what_cannot_be_opened_has_no_hash_and_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "picture.jpg").mkdir()
    hashes = ContentHashes(tmp_path / "cache.json")
    assert hashes(tmp_path / "picture.jpg") == "missing"
    assert hashes(tmp_path / "picture.jpg" / "below.jpg") == "missing"
    (tmp_path / "file").write_bytes(b"abc")
    assert hashes(tmp_path / "file" / "below.jpg") == "missing"


def test_a_broken_cache_of_hashes_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "cache.json").write_text('{"half')
    (tmp_path / "file").write_bytes(b"abc")
    hashes = ContentHashes(tmp_path / "cache.json")
    assert hashes(tmp_path / "file") == hashlib.sha256(b"abc").hexdigest()


def test_a_digest_is_the_same_for_equal_values_only() -> None:
    assert digest({"a": 1, "b": [2, "x"]}) == digest({"b": (2, "x"), "a": 1})
    assert digest({"a": 1}) != digest({"a": "1"})
    assert digest(["ab", "c"]) != digest(["a", "bc"])
    assert digest({"root": Path("x")}) == digest({"root": "x"})


def test_a_fact_is_read_with_the_hash_and_remembered(tmp_path: Path) -> None:
    path, asked = tmp_path / "picture.jpg", []

    def ends(raw: bytes) -> tuple[str, str]:
        asked.append(raw)
        return raw[:1].decode(), raw[-1:].decode()

    path.write_bytes(b"one")
    hashes = ContentHashes(tmp_path / "cache.json", ends, 2)
    found = hashlib.sha256(b"one").hexdigest(), ["o", "e"]
    assert hashes.with_facts(path) == found and hashes(path) == found[0]
    hashes.save()
    again = ContentHashes(tmp_path / "cache.json", ends, 2)
    assert again.with_facts(path) == found and asked == [b"one"]
    assert again.with_facts(tmp_path / "gone.jpg") == ("missing", ["", ""])
    path.write_bytes(b"another")
    assert again.with_facts(path) == (hashlib.sha256(b"another").hexdigest(), ["a", "r"])


def test_a_cache_without_facts_is_completed_once_and_still_serves_hashes(tmp_path: Path) -> None:
    path, cache, asked = tmp_path / "picture.jpg", tmp_path / "cache.json", []
    path.write_bytes(b"one")
    old = ContentHashes(cache)
    known = old(path)
    old.save()

    def length(raw: bytes) -> list[str]:
        asked.append(raw)
        return [str(len(raw))]

    def more(raw: bytes) -> list[str]:
        return [*length(raw), "more"]

    for facts, said in ((length, ["3"]), (more, ["3", "more"])):
        for _ in range(2):
            new = ContentHashes(cache, facts, len(said))
            assert new.with_facts(path) == (known, said)
            new.save()
    assert asked == [b"one", b"one"]  # once for each kind of facts
    assert ContentHashes(cache)(path) == known
    assert ContentHashes(cache, pytest.fail, 1).with_facts(path) == (known, ["3"])


def test_an_entry_of_another_form_is_read_again(tmp_path: Path) -> None:
    path, cache = tmp_path / "picture.jpg", tmp_path / "cache.json"
    path.write_bytes(b"one")
    for entry in (None, 7, "text", [], [3], {"size": 3}):
        cache.write_text(json.dumps({str(path): entry}))
        assert ContentHashes(cache)(path) == hashlib.sha256(b"one").hexdigest()
    status = path.stat()
    stamp = [status.st_size, status.st_mtime_ns, status.st_ctime_ns]
    for texts in ([7, "a"], ["hash"], ["hash", None]):
        cache.write_text(json.dumps({str(path): [*stamp, *texts]}))
        hashes = ContentHashes(cache, lambda raw: [raw.decode()], 1)
        assert hashes.with_facts(path) == (hashlib.sha256(b"one").hexdigest(), ["one"])


def test_many_files_are_hashed_as_one_is(tmp_path: Path, monkeypatch) -> None:
    paths = [tmp_path / f"{n}.jpg" for n in range(9)]
    for n, path in enumerate(paths[:-1]):  # the last one is not there
        path.write_bytes(bytes([n]))
    cache = tmp_path / "cache.json"
    several, one = ContentHashes(cache, lambda raw: [raw.hex()], 1), ContentHashes(None)
    found = several.of(paths, "looking")
    assert [content for content, _ in found] == [one(path) for path in paths]
    assert [facts for _, facts in found] == [[f"{n:02x}"] for n in range(8)] + [[""]]
    several.save()
    paths[3].write_bytes(b"changed")
    again = ContentHashes(cache, lambda raw: [raw.hex()], 1)
    read = []
    monkeypatch.setattr(again, "_read", lambda path: read.append(path) or ["hash", "fact"])
    found[3] = ("hash", ["fact"])
    assert again.of(paths, "looking") == found
    assert read == [paths[3]]
