"""Apache Beam's workers beside one machine: run by `make test-beam`.

Records, embeddings and rankings by each runner must be those of this machine alone, also if a
worker is killed on the way. Not collected by pytest, since Beam is an extra of its own.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.beam import embeddings, records
from tests.beam.runners import runners
from tf_happywhale.catalogue.pod.layout import write_pod
from tf_happywhale.config import Pod


def main() -> None:
    """Draw a small pod, and do everything with it."""
    with TemporaryDirectory() as folder, runners() as everyone:
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
        embeddings.check(home, everyone)
        records.check(home, everyone)


if __name__ == "__main__":
    sys.exit(main())
