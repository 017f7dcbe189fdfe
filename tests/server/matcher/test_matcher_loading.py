"""The model is loaded in the background, and again when the gallery has changed."""

from __future__ import annotations

import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from tf_happywhale.errors import InputError
from tf_happywhale.galleries import gallery_folder
from tf_happywhale.server.home.gallery_stamp import HEAD, stamp_of
from tf_happywhale.server.matcher import matcher_loading
from tf_happywhale.server.matcher.matcher_loading import LOADING, NO_GALLERY, Loading, NotReady


class Files:
    """A gallery's files, and what loads them."""

    def __init__(self) -> None:
        self.stamp, self.loads, self.go = (("gallery.json", 1, 1, 1),), 0, threading.Event()
        self.go.set()
        self.error: Exception | None = None

    def load(self, before: object) -> SimpleNamespace:
        self.go.wait(20)
        self.loads += 1
        if self.error:
            raise self.error
        return SimpleNamespace(stamp=self.stamp, before=before)


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matcher_loading, "LOOK", 0)


def test_it_is_loaded_once() -> None:
    files = Files()
    loading = Loading(lambda: files.stamp, files.load)
    assert files.loads == 0
    first = loading.get(20)
    assert loading.get(20) is first and files.loads == 1 and first.before is None


def test_a_changed_gallery_is_loaded_while_the_one_before_answers() -> None:
    files = Files()
    loading = Loading(lambda: files.stamp, files.load)
    old = loading.get(20)
    files.stamp, _ = (("gallery.json", 2, 2, 2),), files.go.clear()
    assert loading.get(20) is old
    files.go.set()
    while (new := loading.get(20)) is old:
        pass
    assert new.stamp == files.stamp and new.before is old and files.loads == 2


def test_no_gallery_and_one_that_comes_later() -> None:
    files = Files()
    there, files.stamp = files.stamp, None
    loading = Loading(lambda: files.stamp, files.load)
    with pytest.raises(NotReady, match=NO_GALLERY):
        loading.get(20)
    files.stamp = there
    assert loading.get(20)


def test_a_gallery_that_is_being_replaced_answers_until_it_is_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files = Files()
    loading = Loading(lambda: files.stamp, files.load)
    old, files.stamp = loading.get(20), None
    assert loading.get(20) is old
    monkeypatch.setattr(matcher_loading, "GONE", 0)
    with pytest.raises(NotReady, match=NO_GALLERY):
        loading.get(20)


def test_what_cannot_be_loaded_says_why_and_is_not_tried_at_once() -> None:
    files = Files()
    files.error = InputError("The gallery is empty: add images to it.")
    loading = Loading(lambda: files.stamp, files.load)
    for _ in range(3):
        with pytest.raises(NotReady, match="The gallery is empty"):
            loading.get(20)
    assert files.loads == 1
    files.stamp, files.error = (("gallery.json", 2, 2, 2),), None
    assert loading.get(20)


def test_who_asks_while_it_is_loaded_is_told() -> None:
    files = Files()
    files.go.clear()
    loading = Loading(lambda: files.stamp, files.load)
    with pytest.raises(NotReady, match=LOADING):
        loading.get(0.01)
    files.go.set()
    assert loading.get(20)


def test_the_stamp_of_a_gallery(tmp_path: Path) -> None:
    assert HEAD == gallery_folder.HEAD
    assert stamp_of(tmp_path / "none") is None and stamp_of(tmp_path) is None
    (tmp_path / "gallery.json").write_text("{}")
    before = stamp_of(tmp_path)
    (tmp_path / "part-00000.npz").write_bytes(b"0")
    after = stamp_of(tmp_path)
    assert None not in (before, after) and before != after == stamp_of(tmp_path)
    for computed in ("lessons.npz", ".part-00001.npz.1.partial.npz", "other.json"):
        (tmp_path / computed).write_bytes(b"1")
    assert after == stamp_of(tmp_path)
    (tmp_path / "change-00000.json").write_text("{}")
    assert after != stamp_of(tmp_path)
