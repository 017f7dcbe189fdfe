"""The files in R itself, where it is installed: nothing becomes a number."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.sightings.formats.test_files import ODD, drawn
from tf_happywhale.config.history import History
from tf_happywhale.sightings.history_texts import program_files
from tf_happywhale.sightings.survey import survey_of

ASKED = """
source("read_in_R.R")
cat(history$ch, sep = "\\n")
cat("--\\n")
cat(history$individual_id, sep = "\\n")
cat("--\\n")
cat(class(history$freq), nrow(groups), class(groups$ID), "\\n")
captures <- read.table("secr_captures.txt", colClasses = "character")
traps <- read.table("secr_traps.txt", row.names = 1, colClasses = c("character", NA, NA))
cat(nrow(captures), all(captures$V4 %in% row.names(traps)), class(traps[[1]]), "\\n")
"""


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed")
def test_r_reads_what_was_written(tmp_path: Path) -> None:
    ids = [who for who in ODD if "\n" not in who]
    survey = survey_of(drawn(ids), History(by="day", session="year"))
    files, _ = program_files(survey)
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8", newline="\n")
    (tmp_path / "asked.R").write_text(ASKED)
    line = ["Rscript", "--vanilla", "--encoding=UTF-8", "asked.R"]
    done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=False,
                          env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"})  # fmt: skip
    assert done.returncode == 0, done.stderr
    histories, names, rest = done.stdout.split("--\n")
    assert histories.split() == survey.history.texts()
    assert names.splitlines() == list(survey.history.individual_ids)
    groups, secr = rest.splitlines()
    assert groups.split() == ["numeric", str(len(survey.groups)), "character"]
    captures = files["secr_captures.txt"].count("\n") - 1
    assert secr.split() == [str(captures), "TRUE", "numeric"]
    assert "noccasions = c(3, 1)" in files["read_in_R.R"]
