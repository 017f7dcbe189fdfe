from __future__ import annotations

import csv
import json
from pathlib import Path

import cv2
import pytest

from tf_happywhale.training.log.history import draw_figure, write_table
from tf_happywhale.training.log.log_file import read_log

ENTRIES = [
    {"epoch": 0, "loss": 15.25, "seconds": 3.0},
    {"epoch": 1, "loss": None, "seconds": 2.5, "map5_known": 0.1 + 0.2, "queries_known": 9},
]


@pytest.fixture
def run(tmp_path) -> Path:
    lines = [json.dumps(entry) + "\n" for entry in ENTRIES]
    (tmp_path / "log.jsonl").write_text("".join(lines), encoding="utf-8")
    return tmp_path


def test_the_table_has_a_row_an_epoch_with_the_logs_own_numbers(run):
    write_table(run)
    with (run / "log.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row, entry in zip(rows, ENTRIES, strict=True):
        filled = {name: float(value) for name, value in row.items() if value}
        assert filled == {name: value for name, value in entry.items() if value is not None}


def test_a_line_that_was_not_finished_and_an_empty_log_are_no_epochs(run):
    write_table(run)
    whole = (run / "log.csv").read_bytes()
    with (run / "log.jsonl").open("a", encoding="utf-8") as log:
        log.write('{"epoch": 2, "lo')
    assert read_log(run) == ENTRIES
    write_table(run)
    assert (run / "log.csv").read_bytes() == whole
    (run / "log.jsonl").write_text("", encoding="utf-8")
    write_table(run)
    assert not (run / "log.csv").exists()


def test_the_figure_is_a_picture_with_or_without_a_validation(run):
    draw_figure(run)
    full = cv2.imread(str(run / "training.png"))
    assert full.shape == (320, 900, 3)
    (run / "log.jsonl").write_text(json.dumps(ENTRIES[0]) + "\n", encoding="utf-8")
    draw_figure(run)
    assert (cv2.imread(str(run / "training.png")) != full).any()
