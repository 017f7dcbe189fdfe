"""What needs no Beam; `make test-beam` runs the pipelines themselves."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tf_happywhale import beam_workers
from tf_happywhale.beam_workers import WorkerDied, do_pieces
from tf_happywhale.errors import InputError, Stopped


@dataclass(frozen=True)
class Written:
    file: Path


@pytest.fixture
def pieces(tmp_path: Path) -> list[Written]:
    return [Written(tmp_path / f"{n}.npz") for n in range(4)]


def write(piece: Written) -> None:
    piece.file.write_text("whole")


def test_what_is_done_is_not_done_again(pieces, monkeypatch) -> None:
    dealt = []

    def here(missing, work, options, load, look) -> None:
        dealt.append([piece.file.name for piece in missing])
        for piece in missing:
            work(piece)
        look()

    monkeypatch.setattr(beam_workers, "on_workers", here)
    write(pieces[1])
    do_pieces(pieces, write, ["--runner=DirectRunner"], "writing")
    do_pieces(pieces, write, ["--runner=DirectRunner"], "writing")
    assert dealt == [["0.npz", "2.npz", "3.npz"], []]


def test_a_pipeline_that_left_no_file_has_not_succeeded(pieces, monkeypatch) -> None:
    monkeypatch.setattr(beam_workers, "on_workers", lambda *_: None)
    write(pieces[0])
    with pytest.raises(InputError, match=r"3 of 3 files are not here.*all workers share"):
        do_pieces(pieces, write, [], "writing")


def test_the_parts_of_a_dead_worker_are_dealt_out_again(pieces, monkeypatch, capsys) -> None:
    dealt = []

    def dying(missing, work, options, load, look) -> None:
        dealt.append(len(missing))
        work(missing[0])
        if len(missing) > 1:
            raise WorkerDied("because a worker died")

    monkeypatch.setattr(beam_workers, "on_workers", dying)
    do_pieces(pieces, write, [], "writing")
    assert dealt == [4, 3, 2, 1]
    assert "writing: a worker died; its parts are dealt out again" in capsys.readouterr().out


def test_workers_that_die_before_anything_is_done_end_the_command(pieces, monkeypatch) -> None:
    def dying(*_) -> None:
        raise WorkerDied("because a worker died")

    monkeypatch.setattr(beam_workers, "on_workers", dying)
    with pytest.raises(Stopped, match="because a worker died"):
        do_pieces(pieces, write, [], "writing")


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            "Traceback (most recent call last):\n  File x\nRuntimeError: "
            "tf_happywhale.errors.InputError: The TFRecords in r are damaged: delete it. "
            "[while running 'Map(functools.partial)']\n",
            "The TFRecords in r are damaged: delete it.",
        ),
        (
            "RuntimeError: Pipeline job failed in state FAILED: Traceback\\n  raise\\n"
            "tf_happywhale.errors.InputError: There is no model.\\n\\nDuring handling",
            "There is no model.",
        ),
        ("x\nValueError: Unexpected pipeline runner: Flik.", "Apache Beam: Unexpected pipeline"),
        ("x\ngrpc.FutureTimeoutError\n", "Apache Beam's runner does not answer"),
        ("x\nRuntimeError: Unable to fetch remote job server jar.", "Apache Beam: Unable to fetch"),
    ],
)
def test_what_a_person_can_mend_is_a_sentence(error: str, sentence: str) -> None:
    assert str(beam_workers._in_words(error)).startswith(sentence)


def test_a_fault_of_the_program_keeps_its_traceback() -> None:
    assert beam_workers._in_words("RuntimeError: IndexError: 7 [while running 'Map']") is None
    assert beam_workers._in_words("ValueError: operands could not be broadcast") is None
