"""A gallery is renewed: the old one stays until the new one is whole, whatever is killed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.galleries.test_carried_corrections import IDS, IMAGES, build, who
from tf_happywhale.disk.files import atomic_write, restore_folder
from tf_happywhale.errors import Incomplete, InputError
from tf_happywhale.galleries.corrections import move_image, remove_image, rename
from tf_happywhale.galleries.gallery_folder import open_gallery
from tf_happywhale.inference.gallery import renew_gallery as module
from tf_happywhale.inference.gallery.renew_gallery import renew_gallery


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Stands in for `build_gallery`: the galleries that it has built."""
    made: list[Path] = []

    def stand_in(model: str | None, catalogue: Path, folder: Path, overrides: list[str]) -> None:
        lacking = "lacking" in overrides
        with atomic_write(folder) as making:
            build(making, model or "lite0", IMAGES[lacking:], IDS[lacking:])
        made.append(folder)
        if lacking:
            raise Incomplete("The gallery is made without 1 image.", ["a.jpg"])
        if "part" in overrides:
            raise Incomplete("The gallery is made without 1 image.")

    monkeypatch.setattr(module, "build_gallery", stand_in)
    return made


def test_a_first_one_is_built(tmp_path: Path, built: list[Path]) -> None:
    renew_gallery(None, tmp_path / "catalogue", tmp_path / "whales", [])
    assert open_gallery(tmp_path / "whales").about["model"] == "lite0"
    assert not built[0].exists()


def test_corrections_are_kept(tmp_path: Path, built: list[Path]) -> None:
    rename(build(tmp_path / "whales", "first"), "1", "Old_Tom")
    renew_gallery("second", tmp_path / "catalogue", tmp_path / "whales", [])
    assert open_gallery(tmp_path / "whales").about["model"] == "second"
    assert who(tmp_path / "whales")["a.jpg"] == "Old_Tom"


def test_unreadable_images_are_said_at_the_end(tmp_path: Path, built: list[Path]) -> None:
    with pytest.raises(Incomplete):
        renew_gallery("second", tmp_path / "catalogue", tmp_path / "whales", ["part"])
    assert open_gallery(tmp_path / "whales").about["model"] == "second"


@pytest.mark.parametrize("removed", [True, False])
def test_a_correction_of_an_image_that_cannot_be_read_today_is_not_lost(
    tmp_path: Path, built: list[Path], removed: bool
) -> None:
    gallery = build(tmp_path / "whales", "first")
    remove_image(gallery, "a.jpg") if removed else move_image(gallery, "a.jpg", "Old_Tom")
    before = who(tmp_path / "whales")
    asked = ("second", tmp_path / "catalogue", tmp_path / "whales")
    with pytest.raises(InputError, match=r"stays as it is, since 1 images .*such as a\.jpg"):
        renew_gallery(*asked, ["lacking"])
    assert open_gallery(tmp_path / "whales").about["model"] == "first"
    assert who(tmp_path / "whales") == before and not built[0].exists()
    renew_gallery(*asked, [])
    assert who(tmp_path / "whales") == before


def test_corrected_images_that_the_catalogue_lacks_are_told(
    tmp_path: Path, built: list[Path], capsys
) -> None:
    gallery = build(tmp_path / "whales", "first", ["old.jpg", "x.jpg", *IMAGES], ["1", "2", *IDS])
    move_image(gallery, "old.jpg", "Old_Tom")
    remove_image(gallery, "x.jpg")
    renew_gallery("second", tmp_path / "catalogue", tmp_path / "whales", [])
    assert "1 corrected images are not in the catalogue any more, such as old.jpg" in (
        capsys.readouterr().out
    )
    renew_gallery("third", tmp_path / "catalogue", tmp_path / "whales", [])
    assert "any more" not in capsys.readouterr().out


def test_a_gallery_of_another_catalogue_is_not_replaced(tmp_path: Path, built: list[Path]) -> None:
    gallery = build(tmp_path / "whales", "first", ["x.jpg", "y.jpg"], ["1", "2"])
    rename(gallery, "1", "Old_Tom")
    with pytest.raises(InputError, match="has none of its images"):
        renew_gallery("second", tmp_path / "catalogue", tmp_path / "whales", [])
    assert who(tmp_path / "whales") == {"x.jpg": "Old_Tom", "y.jpg": "2"}
    assert not built[0].exists()


def test_another_image_that_cannot_be_read_is_lacking(tmp_path: Path, built: list[Path]) -> None:
    move_image(build(tmp_path / "whales", "first"), "b.jpg", "Old_Tom")
    with pytest.raises(Incomplete):
        renew_gallery("second", tmp_path / "catalogue", tmp_path / "whales", ["lacking"])
    assert who(tmp_path / "whales")["b.jpg"] == "Old_Tom"
    assert "a.jpg" not in who(tmp_path / "whales")


def test_another_folder_is_not_replaced(tmp_path: Path, built: list[Path]) -> None:
    (tmp_path / "whales").mkdir()
    (tmp_path / "whales/photograph.jpg").touch()
    with pytest.raises(InputError, match="is no gallery"):
        renew_gallery(None, tmp_path / "catalogue", tmp_path / "whales", [])


@pytest.mark.parametrize("call", ["replace", "rename", "link", "unlink", "rmdir", "fsync"])
def test_kill_at_each_file_call(
    tmp_path: Path, built: list[Path], monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """A whole gallery with its corrections is there or can be restored, and the command goes on."""
    folder, left, real = tmp_path / "whales", [0], getattr(os, call)
    rename(build(folder, "first"), "1", "Old_Tom")

    def failing(*args: object, **named: object) -> object:
        left[0] -= 1
        if left[0] == 0:
            raise Killed
        return real(*args, **named)

    for nth in range(1, 60):
        left[0] = nth
        monkeypatch.setattr(os, call, failing)
        try:
            renew_gallery("second", tmp_path / "catalogue", folder, [])
            break
        except Killed:
            pass
        finally:
            monkeypatch.setattr(os, call, real)
        restore_folder(folder)
        assert who(folder)["a.jpg"] == "Old_Tom"
        for lock in folder.parent.glob("*/.lock*"):
            lock.unlink(missing_ok=True)
    assert open_gallery(folder).about["model"] == "second"
    assert who(folder)["a.jpg"] == "Old_Tom"
