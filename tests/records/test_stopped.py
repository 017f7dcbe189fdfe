"""Writing records is stopped by the terminate signal, as a cluster or a service sends it."""

from __future__ import annotations

import runpy
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import QUICK
from tf_happywhale.records import writer
from tf_happywhale.records.manifest import MARKER

STOP_AT = 20  # photographs


@pytest.mark.filterwarnings("ignore:.*found in sys.modules:RuntimeWarning")
def test_the_same_command_writes_the_rest(pod: Path, tmp_path: Path, monkeypatch, capsys) -> None:
    settings = [*QUICK, f"data.root={pod}", f"output={tmp_path}", "records.shard_images=8"]
    made, original = [], writer.make_record

    def make(*arguments: Any, **more: Any) -> Any:
        made.append(arguments)
        if len(made) == STOP_AT:
            signal.raise_signal(signal.SIGTERM)
        return original(*arguments, **more)

    def write() -> int:
        monkeypatch.setattr(sys, "argv", ["tfrecords", "write", *settings])
        with pytest.raises(SystemExit) as exited:
            runpy.run_module("tf_happywhale.tfrecords", run_name="__main__")
        return exited.value.code

    monkeypatch.setattr(writer, "make_record", make)
    assert write() == 75
    assert "stopped by SIGTERM: run the same command again" in capsys.readouterr().err
    (folder,) = filter(Path.is_dir, (tmp_path / "records").iterdir())
    assert not (folder / MARKER).exists()
    assert write() == 0
    assert (folder / MARKER).is_file() and not list(folder.glob("*.partial*"))
