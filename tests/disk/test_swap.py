"""A folder holds all of the older files, or all of the newer ones."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tf_happywhale.disk import files
from tf_happywhale.disk import swap as swap_module
from tf_happywhale.disk.swap import WHOLE, end_swap, swap_in

OLD = {"config.yaml": "old", "log": "old", "model": "old", "converted": "old", "mine.txt": "mine"}
NEW = {"config.yaml": "new", "log": "new", "model": "new", "more": "new"}


class Killed(BaseException):
    pass


def fill(home: Path) -> Path:
    made = home / "training"
    (made / "parts").mkdir(parents=True)
    (home / "parts").mkdir()
    for folder, content in ((home, OLD), (made, NEW)):
        for name, text in content.items():
            (folder / name).write_text(text)
        (folder / "parts" / f"{content['model']}.bin").write_text(content["model"])
    (made / ".half.partial").write_text("")
    (made / "parts" / "step").write_text("resume here")
    return made


def swap(made: Path) -> None:
    unneeded = [made / "parts" / "step"]
    swap_in(made, last="model", outdated=["converted", "more"], unneeded=unneeded)


def seen(home: Path) -> dict[str, str]:
    names = {*OLD, *NEW}
    return {name: (home / name).read_text() for name in names if (home / name).is_file()}


AFTER = {**NEW, "mine.txt": "mine"}


def test_the_newer_files_take_the_place_of_the_older(tmp_path: Path) -> None:
    made = fill(tmp_path)
    end_swap(made)  # nothing was said to be whole yet
    assert seen(tmp_path) == OLD
    swap(made)
    assert seen(tmp_path) == AFTER
    assert [path.name for path in (tmp_path / "parts").iterdir()] == ["new.bin"]
    assert not made.exists()
    end_swap(made)
    assert seen(tmp_path) == AFTER


@pytest.mark.parametrize("error", [Killed(), OSError(28, "No space left on device")])
def test_killed_anywhere_it_is_all_old_or_becomes_all_new(tmp_path, monkeypatch, error) -> None:
    """Every rename, removal and write fails in turn; whoever comes next finishes the swap."""
    for number in range(40):
        home = tmp_path / str(number)
        made = fill(home)
        with monkeypatch.context() as patch:
            calls = 0

            def failing(real):
                def call(*args, **kwargs):
                    nonlocal calls
                    calls += 1
                    if calls == number + 1:  # noqa: B023
                        raise error
                    return real(*args, **kwargs)

                return call

            for module, name in ((os, "replace"), (shutil, "rmtree"), (Path, "unlink")):
                patch.setattr(module, name, failing(getattr(module, name)))
            try:
                swap(made)
                finished = True
            except (Killed, OSError):
                finished = False
        now = seen(home)
        if "model" in now:  # nobody reads the others without it
            assert now in (OLD, AFTER)
        begun = (made / WHOLE).is_file()
        if now == OLD and not begun:  # it was not marked as whole: the making must be resumed
            assert (made / "parts" / "step").is_file()
        end_swap(made)
        assert seen(home) == (AFTER if begun or finished or now != OLD else OLD)
        assert not (home / "parts" / "step").exists()
        if finished:
            break
    assert number > 8


def test_it_writes_through_whole_files_only() -> None:
    assert swap_module.write_json is files.write_json
