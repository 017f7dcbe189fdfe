"""Home folders: made, opened again, and not mistaken for something else."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tf_happywhale.catalogue.photographs.own_output import is_own_output
from tf_happywhale.config import Server
from tf_happywhale.errors import InputError
from tf_happywhale.server.home.home import CATALOGUE, Home, open_home


def test_a_new_home_has_a_token_that_stays(tmp_path: Path) -> None:
    home = open_home(tmp_path / "a" / "b", Server(), personal=False)
    token = home.folder / "token"
    assert len(home.token) > 30 and token.read_text() == home.token
    assert stat.S_IMODE(token.stat().st_mode) == 0o600
    assert is_own_output(home.folder)
    again = open_home(home.folder, Server(), personal=True)
    assert again.token == home.token


def test_what_unfinished_uploads_left_is_removed(home: Home) -> None:
    (home.uploads / "half").write_bytes(b"x")
    assert os.listdir(open_home(home.folder, Server(), personal=False).uploads) == []


def test_a_folder_of_something_else_is_no_home(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text("image,individual_id\n")
    for place in (tmp_path, tmp_path / "train.csv"):
        with pytest.raises(InputError, match="name a "):
            open_home(place, Server(), personal=True)
    assert os.listdir(tmp_path) == ["train.csv"]


def test_tokens_of_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HAPPYWHALE_TOKEN", "from-the-environment")
    home = open_home(tmp_path / "home", Server(), personal=False)
    assert home.token == "from-the-environment" and not (home.folder / "token").exists()
    file = tmp_path / "secret"
    file.write_text("in-a-file-of-docker\n")
    assert open_home(home.folder, Server(token=str(file)), personal=False).token.startswith("in-a")
    for bad in ("short", "with a space in it", "ü" * 30):
        file.write_text(bad)
        with pytest.raises(InputError, match="is not one"):
            open_home(home.folder, Server(token=str(file)), personal=False)
    with pytest.raises(InputError, match="not there"):
        open_home(home.folder, Server(token=str(tmp_path / "none")), personal=False)


def test_what_may_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "person"))
    (tmp_path / "person").mkdir()
    lab = open_home(tmp_path / "home", Server(roots=(str(tmp_path / "disk"),)), personal=False)
    own = open_home(tmp_path / "home", Server(), personal=True)
    assert lab.allowed(tmp_path / "disk" / "a") == tmp_path / "disk" / "a"
    assert lab.allows(lab.folder / "trips") and own.allows(tmp_path / "person" / "photos")
    for home, path in ((lab, "person"), (own, "disk"), (own, "person/../disk"), (lab, "")):
        with pytest.raises(InputError, match="outside"):
            home.allowed(tmp_path / path)


def test_the_catalogue_is_made_here_or_chosen(home: Home) -> None:
    assert home.catalogue is None
    home.store.put_setting(CATALOGUE, "none")
    assert home.catalogue is None
    (home.folder / "catalogue").mkdir()
    (home.folder / "catalogue" / "train.csv").write_text("")
    assert home.catalogue == home.folder / "catalogue"
    home.store.put_setting(CATALOGUE, "/elsewhere")
    assert home.catalogue == Path("/elsewhere")
