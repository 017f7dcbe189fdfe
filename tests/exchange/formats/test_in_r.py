"""camtrapR's record table in R itself, where it is installed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.exchange.sighted import ODD_IDS, WHOLE
from tf_happywhale.exchange.csv_text import csv_bytes
from tf_happywhale.exchange.formats import camtrapr

ASKED = """
records <- read.csv("records.csv", colClasses = "character", na.strings = "", encoding = "UTF-8")
moments <- as.POSIXct(records$DateTimeOriginal, format = "%Y-%m-%d %H:%M:%S", tz = "UTC")
cat(ncol(records), nrow(records), sum(is.na(moments)), sep = "\\n")
cat("", records$Individual, records$Station[1], sep = "\\n")
"""


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed")
def test_r_reads_the_record_table(tmp_path: Path) -> None:
    made, _ = camtrapr.to_camtrapr([{**WHOLE, "individual_id": who} for who in ODD_IDS])
    (tmp_path / "records.csv").write_bytes(csv_bytes(camtrapr.COLUMNS, made))
    (tmp_path / "asked.R").write_text(ASKED)
    done = subprocess.run(
        ["Rscript", "--vanilla", "asked.R"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"},
    )
    assert done.returncode == 0, done.stderr
    counts, rest = done.stdout.split("\n\n")
    assert counts.split() == [str(len(camtrapr.COLUMNS)), str(len(ODD_IDS)), "0"]
    assert rest.splitlines() == [*ODD_IDS, "Inner Bay"]
