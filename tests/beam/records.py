"""TFRecords written by each runner are those of one machine, byte for byte."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tests.beam.runners import run


def check(home: Path, runners: dict[str, list[str]]) -> None:
    """Write the pod's records by this machine and by each runner, and compare every shard."""
    (home / "pod" / "train_images" / "broken.jpg").write_bytes(b"no picture")
    with (home / "pod" / "train.csv").open("a") as table:
        table.write("broken.jpg,,00000\n")
    written = {}
    for name, options in {"here": [], **runners}.items():
        run("tfrecords", keys(home, name), options)
        written[name] = {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in (home / "records" / name).rglob("*")
            if path.suffix == ".tfrec" or path.name == "skipped.csv"
        }
        assert len(written[name]) > 8, written
        assert written[name] == written["here"], name
        print(f"records, {name}: {len(written[name])} files are the same, byte for byte")


def keys(home: Path, name: str) -> list[str]:
    """The config of the records that `name` writes."""
    return [
        f"data.root={home / 'pod'}", f"output={home / 'out'}",
        f"records.dir={home / 'records' / name}",
        "records.source=backfin", "records.more_sources=[whole]", "records.shard_images=4",
        "image_size=64", "data.folds=3", "records.skip_unreadable=true",
    ]  # fmt: skip
