from __future__ import annotations

import runpy
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tqdm import tqdm

from tf_happywhale import cli
from tf_happywhale.cli import AGAIN, IN_PART, command, command_of_places, read, run_safely
from tf_happywhale.commands import COMMANDS
from tf_happywhale.errors import Incomplete, InputError

VERBS = {"write": "write things", "verify": "check things"}


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch):
    def run(arguments: list[str], main: Callable, verbs: dict | None = None) -> int:
        monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "2")
        monkeypatch.setattr(sys, "argv", ["module", *arguments])
        with pytest.raises(SystemExit) as exited:
            command(main, "things", "Command: do things.", ["python -m an.example"], verbs)
        return exited.value.code

    return run


def test_config_and_overrides_become_an_experiment(call, tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("seed: 7\ntrain: {epochs: 2}\n")
    seen = []
    assert call([str(path), "train.epochs=3"], seen.append) == 0
    assert (seen[0].seed, seen[0].train.epochs) == (7, 3)


def test_work_that_lacks_a_part_ends_with_a_status_of_its_own(call, tmp_path, capsys) -> None:
    def main(experiment) -> None:
        raise Incomplete("2 of the photographs have no answer: see photographs.csv.")

    assert call(["seed=1"], main) == IN_PART == 3
    assert capsys.readouterr().err == (
        "error: 2 of the photographs have no answer: see photographs.csv.\n"
    )


def test_an_error_has_a_line_of_its_own_beside_a_progress_bar(call, capsys) -> None:
    def main(experiment) -> None:
        bar = tqdm(total=2, disable=False)
        bar.update(1)
        raise InputError("The disk is full.")

    assert call(["seed=1"], main) == 2
    assert "error: The disk is full." in capsys.readouterr().err.splitlines()


def test_overrides_alone_start_from_the_defaults() -> None:
    assert read(["seed=7", "image_size=64"]).image_size == 64


@pytest.mark.parametrize(
    ("arguments", "verb"),
    [(["seed=7"], "write"), (["write", "seed=7"], "write"), (["verify", "seed=7"], "verify")],
)
def test_the_first_verb_is_meant_when_none_is_given(call, arguments: list[str], verb: str) -> None:
    seen = []
    assert call(arguments, lambda *args: seen.append(args), VERBS) == 0
    assert seen[0][0] == verb
    assert seen[0][1].seed == 7


@pytest.mark.parametrize("arguments", [[], ["verify"]])
def test_without_a_config_the_command_says_what_it_wants(call, capsys, arguments) -> None:
    assert call(arguments, pytest.fail, VERBS) == 2
    assert "name a config file" in capsys.readouterr().err


def test_a_mistake_in_the_config_is_one_line_without_a_traceback(call, capsys) -> None:
    assert call(["train.epochs=0"], pytest.fail) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("error: train.epochs is '0'")


def test_an_error_for_people_in_the_work_is_its_sentence(call, capsys) -> None:
    def main(experiment: object) -> None:
        raise InputError("There is no file x: add it.")

    assert call(["seed=7"], main) == 2
    assert capsys.readouterr().err == "error: There is no file x: add it.\n"


def test_an_interruption_ends_with_130(capsys) -> None:
    def main() -> None:
        raise KeyboardInterrupt

    with pytest.raises(SystemExit) as exited:
        run_safely(main)
    assert exited.value.code == 130
    assert "stopped" in capsys.readouterr().err


def test_the_terminate_signal_ends_with_75_and_clears_away(capsys) -> None:
    cleared = []

    def main() -> None:
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            cleared.append(True)

    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as exited:
        run_safely(main)
    assert exited.value.code == AGAIN == 75 and cleared == [True]
    assert capsys.readouterr().err == "stopped by SIGTERM: run the same command again\n"
    assert signal.getsignal(signal.SIGTERM) is before


WORDS = {  # of commands that need others than a setting
    "app": ["folder"], "boxes": ["a", "b"], "exchange": ["list"], "export": ["a", "b"],
    "gallery": ["info", "a"], "history": ["a"], "identify": ["a", "b"], "models": ["list"],
    "serve": ["folder"], "weights": ["list"], "why": ["a", "b", "c"],
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:.*found in sys.modules:RuntimeWarning")
@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_run_safely(name: str, monkeypatch) -> None:
    """And so ends in the same way: by an error, by Ctrl-C, or by the terminate signal."""

    def instead(main: Callable) -> None:
        sys.exit(99)

    monkeypatch.setattr(cli, "run_safely", instead)
    monkeypatch.setattr(sys, "argv", [name, *WORDS.get(name, ["seed=1"])])
    for module in ("published", "exchange_command"):  # to be imported again
        monkeypatch.delitem(sys.modules, f"tf_happywhale.{module}", raising=False)
    with pytest.raises(SystemExit) as exited:
        runpy.run_module(f"tf_happywhale.{name}", run_name="__main__")
    assert exited.value.code == 99


@pytest.mark.parametrize("package", ["tensorflow", "keras"])
def test_a_missing_tensorflow_is_one_sentence(package: str, capsys) -> None:
    def main() -> None:
        raise ModuleNotFoundError(f"No module named {package!r}", name=package)

    with pytest.raises(SystemExit) as exited:
        run_safely(main)
    assert exited.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith(f"error: {package} is not installed for ")
    assert "pip install 'tf-happywhale[tf]'" in said and said.count("\n") == 1


def test_a_missing_module_of_the_program_keeps_its_traceback() -> None:
    def main() -> None:
        raise ModuleNotFoundError("No module named 'x'", name="x")

    with pytest.raises(ModuleNotFoundError):
        run_safely(main)


def test_a_fault_of_the_program_keeps_its_traceback() -> None:
    def main() -> None:
        raise RuntimeError("a fault")

    with pytest.raises(RuntimeError, match="a fault"):
        run_safely(main)


def test_help_has_the_verbs_examples_and_overrides(call, capsys) -> None:
    assert call(["--help"], pytest.fail, VERBS) == 0
    said = capsys.readouterr().out
    for words in ("Do things.", "verify", "check things", "python -m an.example", "output=DIR"):
        assert words in said


def test_what_needs_no_tensorflow_does_not_import_it() -> None:
    modules = "cli, disk.files, places, stages, catalogue.dataset, records.augmentation"
    modules += ", records.manifest, records.plan, records.labels, models.weights.weight_names"
    modules += ", training.every_fold, devices.place"
    names = [f"tf_happywhale.{name}" for name in modules.split(", ")]
    code = f"import sys, {', '.join(names)}; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


PLACES = {"build": ("MODEL GALLERY", "make one"), "add": ("GALLERY PHOTO...", "add to it")}


@pytest.mark.parametrize(
    ("arguments", "words", "overrides"),
    [
        (["build", "m", "g", "seed=7"], ["build", "m", "g"], ["seed=7"]),
        (["add", "output=o", "g", "a=1.jpg/x", "./b=2.jpg"], ["add", "g", "./b=2.jpg"], None),
        (["add", "g", "a.jpg", "B=2.jpg"], ["add", "g", "a.jpg", "B=2.jpg"], []),
    ],
)
def test_places_and_overrides_are_told_apart(monkeypatch, arguments, words, overrides) -> None:
    seen = []
    monkeypatch.setattr(sys, "argv", ["module", *arguments])
    with pytest.raises(SystemExit) as exited:
        command_of_places(lambda *args: seen.append(args), "things", "Do.", [], PLACES)
    assert exited.value.code == 0
    assert seen[0][0] == words
    assert overrides is None or seen[0][1] == overrides


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "say what to do: build, add"),
        (["burn", "x"], "'burn' is not one of these verbs: build, add"),
        (["build", "m"], "name MODEL GALLERY; you named 1: m"),
        (["build", "m", "g", "x"], "name MODEL GALLERY; you named 3: m g x"),
        (["add", "g"], "name GALLERY PHOTO...; you named 1: g"),
    ],
)
def test_too_few_or_too_many_places_are_said(monkeypatch, capsys, arguments, said) -> None:
    monkeypatch.setattr(sys, "argv", ["module", *arguments])
    with pytest.raises(SystemExit) as exited:
        command_of_places(pytest.fail, "things", "Do.", [], PLACES)
    assert exited.value.code == 2
    assert said in capsys.readouterr().err


def test_options_of_beam_pass_through_as_they_are(monkeypatch) -> None:
    monkeypatch.setattr(
        sys,
        "argv",
        ["module", "seed=1", "--runner=FlinkRunner", '--environment_config={"command": "a, b"}'],
    )
    seen = []
    with pytest.raises(SystemExit) as exited:
        command(seen.append, "embed", "Command: do things.", [], beam=True)
    assert exited.value.code == 0
    assert seen[0].beam_options == (
        "--runner=FlinkRunner", '--environment_config={"command": "a, b"}',
    )  # fmt: skip


def test_other_commands_refuse_them(call, capsys) -> None:
    assert call(["seed=1", "--runner=FlinkRunner"], pytest.fail) == 2
    assert "write settings as key=value, without dashes" in capsys.readouterr().err
