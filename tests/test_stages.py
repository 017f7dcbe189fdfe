from __future__ import annotations

import json
from pathlib import Path

import pytest

from tf_happywhale import stages
from tf_happywhale.stages import FOLDER, stage


@pytest.fixture
def run(tmp_path: Path):
    """Run one stage that writes `made`; returns whether it worked, and counts its runs."""

    def once(epochs: int = 1, name: str = "train fold 0", fails: bool = False) -> bool:
        def work() -> None:
            once.times += 1
            if fails:
                raise RuntimeError("broken")
            (tmp_path / "made").write_text(str(epochs))

        return stage(
            tmp_path,
            name,
            depends_on={"epochs": epochs},
            outputs=[tmp_path / "made"],
            work=work,
        )

    once.times = 0
    return once


def stamp_of(output: Path) -> dict:
    (file,) = (output / FOLDER).iterdir()
    return json.loads(file.read_text(encoding="utf-8"))


def test_a_stage_works_once_and_says_that_it_is_up_to_date(run, capsys) -> None:
    assert run() is True
    assert "done in" in capsys.readouterr().out
    assert run() is False
    assert capsys.readouterr().out == "train fold 0: up to date\n"
    assert run.times == 1


def test_a_change_of_what_it_depends_on_redoes_it(run, tmp_path: Path) -> None:
    run(epochs=1)
    assert run(epochs=2) is True
    assert (tmp_path / "made").read_text() == "2"
    assert run(epochs=1) is True


def test_a_missing_output_redoes_it(run, tmp_path: Path) -> None:
    run()
    (tmp_path / "made").unlink()
    assert run() is True
    assert (tmp_path / "made").is_file()


def test_failing_work_leaves_no_stamp_not_even_the_former_one(run, tmp_path: Path) -> None:
    run(epochs=1)
    with pytest.raises(RuntimeError, match="broken"):
        run(epochs=2, fails=True)
    assert "stamp" not in stamp_of(tmp_path)
    assert run(epochs=1) is True  # its output may be half of the failed work's


def test_its_seconds_are_those_of_all_its_processes(run, tmp_path: Path, monkeypatch) -> None:
    clock = iter([0.0, 100.0, 1000.0, 1007.0, 5000.0, 5030.0, 9000.0, 9001.0])
    monkeypatch.setattr(stages.time, "monotonic", lambda: next(clock))
    for seconds in (100.0, 107.0):
        with pytest.raises(RuntimeError):
            run(fails=True)
        assert stamp_of(tmp_path)["seconds"] == seconds
    run()
    assert stamp_of(tmp_path)["seconds"] == 137.0
    run(epochs=2)  # other work
    assert stamp_of(tmp_path)["seconds"] == 1.0


def test_stages_do_not_stamp_each_other(run) -> None:
    run(name="train fold 0")
    assert run(name="train fold 1") is True
    assert run(name="train fold 0") is False


def test_a_broken_stamp_redoes_it(run, tmp_path: Path) -> None:
    run()
    (stamp,) = (tmp_path / FOLDER).iterdir()
    for broken in ("", '{"seconds": 1}'):
        stamp.write_text(broken)
        assert run() is True


def test_another_processes_stage_is_known_but_keeps_no_stamp(tmp_path: Path) -> None:
    made = tmp_path / "made"

    def once(stamps: bool) -> bool:
        return stage(
            tmp_path, "train", depends_on={}, outputs=[made], work=made.touch, stamps=stamps
        )

    assert once(stamps=False) is True
    assert once(stamps=True) is True
    assert once(stamps=False) is False


def test_another_processes_failure_leaves_the_stamp_as_it_is(tmp_path: Path) -> None:
    def once(work, stamps: bool) -> None:
        stage(
            tmp_path, "train", depends_on={}, outputs=[tmp_path / "gone"], work=work, stamps=stamps
        )

    once(lambda: None, stamps=True)
    before = stamp_of(tmp_path)
    with pytest.raises(ZeroDivisionError):
        once(lambda: 1 / 0, stamps=False)
    assert stamp_of(tmp_path) == before


def test_a_stage_of_an_earlier_version_is_up_to_date_with_todays_names(tmp_path: Path) -> None:
    def ranked(new: str, work) -> bool:
        asked = {"rank": {"new": new, "candidates": 5}, "embeddings": ["a"]}
        return stage(tmp_path, "rank", depends_on=asked, outputs=[], work=work)

    assert ranked("seed", lambda: None) is True
    assert ranked("first_or_second", lambda: pytest.fail("again")) is False
    assert ranked("column", lambda: None) is True
