"""Command: write a catalogue in the format of another program, or read one from there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tf_happywhale.cli import command_of_places

VERBS = {
    "list": ("", "print the formats, what each holds, and what is not kept"),
    "export": (
        "FORMAT GALLERY_OR_CATALOGUE OUT",
        "write a gallery or a catalogue folder into the new folder (or file) OUT",
    ),
    "import": (
        "FORMAT FILE_OR_FOLDER NEW_CATALOGUE",
        "make a new catalogue folder, with train.csv, boxes.csv and the photographs",
    ),
}
EXAMPLES = [
    "python -m tf_happywhale.exchange list",
    "python -m tf_happywhale.exchange export camtrap-dp whales package \\",
    "  exchange.timezone=Europe/Oslo",
    "python -m tf_happywhale.exchange export wildbook whales to_send \\",
    "  exchange.submitter=ann exchange.species='{bottlenose_dolphin: Tursiops truncatus}'",
    "python -m tf_happywhale.exchange import coco labels.json catalogue exchange.folder=photos",
    "python -m tf_happywhale.exchange import crops folders_by_id catalogue",
]


def main(words: Sequence[str], overrides: list[str]) -> None:
    """Do what one verb says."""
    from tf_happywhale.config import load_experiment
    from tf_happywhale.exchange.transfer import export_catalogue, import_catalogue, list_formats

    settings = load_experiment(None, overrides)
    verb, *rest = words
    if verb == "list":
        print("\n".join(list_formats()))
        return
    name, place, out = rest
    work = export_catalogue if verb == "export" else import_catalogue
    print("\n".join(work(name, Path(place).expanduser(), Path(out).expanduser(), settings)))


def start() -> None:
    """Parse the arguments, do what they say, and exit."""
    command_of_places(main, "exchange", __doc__, EXAMPLES, VERBS)
