"""The configs that come with the package are found after `pip install`, and in a clone."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tf_happywhale.config import load_experiment, shipped
from tf_happywhale.config.shipped import find_config, shipped_config, shipped_configs
from tf_happywhale.errors import ConfigError

ROOT = Path(__file__).parents[2]


def test_they_are_there() -> None:
    assert shipped_config("my_catalogue.yaml").is_file()
    assert shipped_config("demo.yaml").is_file()


def test_the_installed_ones_go_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipped, "files", lambda _: tmp_path / "tf_happywhale")
    assert shipped_configs() == tmp_path / "configs"
    (tmp_path / "tf_happywhale/configs").mkdir(parents=True)
    assert shipped_configs() == tmp_path / "tf_happywhale/configs"


def test_name_of_the_documentation_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    shipped.say_once.cache_clear()
    assert load_experiment("configs/my_catalogue.yaml").name == "my_catalogue"
    assert "comes with the package" in capsys.readouterr().out
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs/my_catalogue.yaml").write_text("name: mine\n")
    assert load_experiment("configs/my_catalogue.yaml").name == "mine"


@pytest.mark.parametrize("name", ["my_catalogue.yaml", "other/demo.yaml", "configs/no.yaml"])
def test_other_names_are_not_guessed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_config(Path(name)) == Path(name)
    with pytest.raises(ConfigError, match="There is no config file"):
        load_experiment(name)


def test_a_wheel_has_them() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    assert settings["package-dir"] == {"tf_happywhale.configs": "configs"}
    (pattern,) = settings["package-data"]["tf_happywhale.configs"]
    assert set((ROOT / "configs").glob(pattern)) == set((ROOT / "configs").iterdir())
    assert '"tf_happywhale.configs"' in (ROOT / "setup.py").read_text()
