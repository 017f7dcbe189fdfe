"""The command `history`, as it is called."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.sightings.formats.test_files import drawn
from tf_happywhale import history


def test_the_command_writes_a_folder(tmp_path: Path, capsys) -> None:
    drawn(["09913", "b", "c"]).to_csv(tmp_path / "seen.csv", index=False)
    history.main([str(tmp_path / "seen.csv")], [f"output={tmp_path / 'out'}", "history.by=day"])
    said = capsys.readouterr().out
    assert "An occasion is a day with photographs: there are 3." in said
    text = (tmp_path / "out" / "history" / "capture_history.inp").read_text()
    assert "/* 09913 */ 011 1;" in text


def test_it_needs_no_network_library(tmp_path: Path) -> None:
    drawn(["a", "b"]).to_csv(tmp_path / "seen.csv", index=False)
    code = (
        "import sys; from tf_happywhale import history; "
        f"history.main([{str(tmp_path / 'seen.csv')!r}], ['output={tmp_path / 'o'}']); "
        "sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
