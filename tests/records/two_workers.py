"""Apache Beam on two worker processes beside this machine's threads: run by `make test-beam`.

Not collected by pytest, since Beam is an extra of its own.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tf_happywhale import tfrecords
from tf_happywhale.catalogue.pod.layout import write_pod
from tf_happywhale.config import Pod, load_experiment

TWO_WORKERS = "[--runner=DirectRunner, --direct_running_mode=multi_processing, "
TWO_WORKERS += "--direct_num_workers=2]"


def main() -> None:
    """Write a pod's records by both engines and compare every shard."""
    with TemporaryDirectory() as folder:
        home = Path(folder)
        settings = Pod(
            individuals=6,
            new_individuals=2,
            singletons=1,
            mean_images=5,
            test_images=1.5,
            width=300,
            height=200,
        )
        write_pod(home / "pod", settings, seed=5, workers=2)
        (home / "pod" / "train_images" / "broken.jpg").write_bytes(b"no picture")
        with (home / "pod" / "train.csv").open("a") as table:
            table.write("broken.jpg,,00000\n")
        written = {}
        for engine in ("local", "beam"):
            tfrecords.main("write", experiment(home, engine))
            written[engine] = {
                path.name: hashlib.sha256(path.read_bytes()).hexdigest()
                for path in (home / engine).rglob("*")
                if path.suffix == ".tfrec" or path.name == "skipped.csv"
            }
        assert len(written["local"]) > 8, written
        assert written["beam"] == written["local"]
        print(f"{len(written['beam'])} files are the same, byte for byte")


def experiment(home: Path, engine: str):
    return load_experiment(
        None,
        [
            f"data.root={home / 'pod'}", f"output={home / 'out'}", f"records.dir={home / engine}",
            "records.source=backfin", "records.more_sources=[whole]", "records.shard_images=4",
            "image_size=64", "data.folds=3", "records.skip_unreadable=true",
            f"records.engine={engine}", f"records.beam_options={TWO_WORKERS}",
        ],
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
