"""Every export read by a real reader: run by `make test-exchange`.

Not collected by pytest, since the readers are packages of others, in environments of their own. A
catalogue of odd ids is written in each format; `real_readers.py` reads it there, and our own import
reads it here.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.exchange.sighted import ODD_IDS, WHOLE, row, write_catalogue
from tf_happywhale.config import load_experiment
from tf_happywhale.exchange.every_format import FORMATS
from tf_happywhale.exchange.transfer import export_catalogue, import_catalogue
from tf_happywhale.sightings.table import read_sightings

READERS = Path(__file__).with_name("real_readers.py")
READ_BY = {  # functions of `real_readers.py`
    "wildlife-datasets": ("wildlife_datasets",),
    "coco": ("pycocotools", "fiftyone_coco"),
    "megadetector": ("megadetector",),
    "camtrapr": ("published_columns",),
    "camtrap-dp": ("frictionless",),
    "darwin-core": ("dwca",),
    "wildbook": ("published_columns",),
    "crops": ("sklearn",),
    "fiftyone": ("fiftyone",),
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--readers", required=True, help="Python with requirements.txt")
    parser.add_argument("--fiftyone", required=True, help="Python with requirements-fiftyone.txt")
    given = parser.parse_args()
    with TemporaryDirectory() as folder:
        home = Path(folder)
        catalogue = write_catalogue(home / "catalogue", animals())
        expected = read_sightings(catalogue).to_dict("records")
        (home / "expected.json").write_text(json.dumps(expected))
        for name in FORMATS:
            out = home / f"{name}{FORMATS[name].file}"
            settings = load_experiment(None, ["exchange.timezone=Europe/Oslo"])
            export_catalogue(name, catalogue, out, settings)
            for reader in READ_BY[name]:
                python = given.fiftyone if reader.startswith("fiftyone") else given.readers
                command = [python, READERS, reader, name, out, home / "expected.json"]
                quiet = {"FIFTYONE_DO_NOT_TRACK": "true", "HOME": folder}
                subprocess.run(command, check=True, env={**os.environ, **quiet})
            if name != "megadetector":
                read_back(name, out, catalogue, home / f"{name}-back")
    print(f"{len(FORMATS)} formats passed")


def animals() -> list[dict[str, str]]:
    """Animals with all facts and odd ids, two of them in one photograph, and one with nothing."""
    second = {**WHOLE, "image": "trip/a b.jpg#2", "individual_id": "B", "box": "40,10,89,59"}
    odd = [
        {**WHOLE, "image": f"{n}.jpg", "individual_id": who, "latitude": f"57.{n}1"}
        for n, who in enumerate(ODD_IDS)
    ]
    return [WHOLE, second, *odd, row("é.png", "alone")]


def read_back(name: str, out: Path, catalogue: Path, folder: Path) -> None:
    """Our own import finds the same individuals in as many pictures."""
    beside = ["exchange.folder=" + str(catalogue / "train_images")]
    settings = load_experiment(None, beside if name in ("camtrapr", "darwin-core") else [])
    import_catalogue(name, out, folder, settings)
    own = read_sightings(catalogue)
    if name in ("camtrapr", "camtrap-dp"):  # which hold only what has a time and a place
        own = own[own["date"] != ""]
    back = read_sightings(folder)
    assert sorted(back["individual_id"]) == sorted(own["individual_id"]), name


if __name__ == "__main__":
    main()
