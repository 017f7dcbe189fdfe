"""The job that trains a model on the catalogue.

Each training has a folder of its own, HOME/training/1 and so on, since the gallery needs the model
that embedded it until a new one is built. A training that was stopped is resumed in its folder.
"""

from __future__ import annotations

import json
from pathlib import Path
from sqlite3 import Row

from tf_happywhale.config.shipped import shipped_config
from tf_happywhale.server.home.home import Home
from tf_happywhale.server.requests.answers import contradiction

RECIPE = "my_catalogue.yaml"
KIND = "training"
OUTPUT = "output="
TO_IDENTIFY = "test_images"


def training_words(home: Home, restart: bool = False) -> list[str]:
    """Return the command that trains on the catalogue.

    Args:
        home: the home folder.
        restart: whether an unfinished training of other photographs or settings is given up.

    Raises:
        HTTPException: 409 if there is no catalogue.
    """
    root = home.catalogue
    if root is None:
        raise contradiction("There is no catalogue yet: make or choose one first.")
    row, output = last_training(home)
    if row is not None and row["state"] == "done":
        output = home.training / str(int(output.name) + 1)
    words = [
        *("run", str(shipped_config(RECIPE)), f"data.root={root}", f"{OUTPUT}{output}"),
        f"records.dir={home.training / 'records'}",
    ]
    if not (root / TO_IDENTIFY).is_dir():  # a catalogue that was chosen need not have it
        empty = home.training / "nothing_to_identify"
        empty.mkdir(parents=True, exist_ok=True)
        words.append(f"data.{TO_IDENTIFY}={empty}")
    return words + ["train.restart=true"] * restart


def last_training(home: Home) -> tuple[Row | None, Path]:
    """Return the job of the last training, None if there was none, and its output folder."""
    row = home.store.row("select * from jobs where kind = ? order by id desc limit 1", KIND)
    if row is None:
        return None, home.training / "1"
    words = json.loads(row["words"])
    return row, Path(next(w for w in words if w.startswith(OUTPUT)).removeprefix(OUTPUT))
