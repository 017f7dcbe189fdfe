from __future__ import annotations

import subprocess
import sys
import types
from pathlib import Path
from types import SimpleNamespace

import pytest

from tf_happywhale import download
from tf_happywhale.config import load_experiment
from tf_happywhale.errors import InputError


class Client:
    """Answers for one competition of one file, and one data set of another."""

    COMPETITION_SUBMIT_UPLOAD_FAILED_MESSAGE = "Could not submit to competition"

    def authenticate(self) -> None:
        pass

    def with_retry(self, call, max_retries: int):
        return call

    def competition_list_files(self, name: str, page_token, page_size: int):
        file = SimpleNamespace(name=f"{name}.csv", total_bytes=3)
        return SimpleNamespace(files=[file], next_page_token="")

    def dataset_list_files(self, name: str, page_token, page_size: int):
        return self.competition_list_files(name.replace("/", "-"), page_token, page_size)

    def competition_download_file(self, _: str, name: str, path: str, quiet: bool) -> None:
        Path(path, name).write_bytes(b"123")

    dataset_download_file = competition_download_file

    def competition_submit(self, file: str, message: str, name: str, quiet: bool):
        return SimpleNamespace(message=f"{name} took {message}")


@pytest.fixture(autouse=True)
def client(monkeypatch) -> None:
    module = types.ModuleType("kaggle")
    module.api = Client()
    monkeypatch.setitem(sys.modules, "kaggle", module)


def test_fetch_takes_the_competition_or_the_data_set(tmp_path: Path, capsys) -> None:
    overrides = [f"download.to={tmp_path}", "download.competition=whales"]
    download.main("fetch", load_experiment(None, overrides))
    assert (tmp_path / "whales.csv").read_bytes() == b"123"
    assert "holds every file of whales" in capsys.readouterr().out
    download.main("fetch", load_experiment(None, [*overrides, "download.dataset=a/b"]))
    assert (tmp_path / "a-b.csv").is_file()


def test_the_home_folder_may_be_written_short(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    overrides = ["download.to=~/data", "download.competition=whales"]
    download.main("fetch", load_experiment(None, overrides))
    assert (tmp_path / "data" / "whales.csv").read_bytes() == b"123"
    (tmp_path / "runs").mkdir()
    answers = "image,predictions\na.jpg,1 2 3 4 5\n"
    (tmp_path / "runs" / "submission.csv").write_text(answers, encoding="utf-8")
    download.main("submit", load_experiment(None, [*overrides, "output=~/runs"]))


def test_submit_sends_the_experiments_submission(tmp_path: Path, capsys) -> None:
    overrides = [f"output={tmp_path}", "download.competition=whales", "download.message=b0"]
    experiment = load_experiment(None, overrides)
    with pytest.raises(InputError, match="There is no file"):
        download.main("submit", experiment)
    (tmp_path / "submission.csv").write_text("image,predictions\na.jpg,1e10\n", encoding="utf-8")
    download.main("submit", experiment)
    printed = capsys.readouterr().out
    assert "whales took b0" in printed
    assert "not compared with Kaggle's: there is no" in printed


def test_a_submission_that_is_not_the_samples_is_not_sent(tmp_path: Path, capsys) -> None:
    overrides = [f"output={tmp_path}", f"data.root={tmp_path}", "download.competition=whales"]
    sample = "image,predictions\na.jpg,x\nb.jpg,x\n"
    (tmp_path / "sample_submission.csv").write_text(sample, encoding="utf-8")
    for rows, words in (("a.jpg,1\n", "lacks 1 image"), ("b.jpg,1\na.jpg,1\n", "order differs")):
        (tmp_path / "submission.csv").write_text(f"image,predictions\n{rows}", encoding="utf-8")
        with pytest.raises(InputError, match=words):
            download.main("submit", load_experiment(None, overrides))
    assert "took" not in capsys.readouterr().out
    (tmp_path / "submission.csv").write_text(sample, encoding="utf-8")
    download.main("submit", load_experiment(None, overrides))
    assert "whales took" in capsys.readouterr().out


def test_help_shows_examples_and_imports_nothing_heavy() -> None:
    heavy = "{'pandas', 'numpy', 'kaggle', 'tensorflow'}"
    code = f"""
import atexit, runpy, sys
atexit.register(lambda: print("heavy:", {heavy} & set(sys.modules)))
sys.argv = ["download", "--help"]
runpy.run_module("tf_happywhale.download", run_name="__main__")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "python -m tf_happywhale.download submit configs/" in done.stdout
    assert "heavy: set()" in done.stdout
