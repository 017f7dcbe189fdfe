"""Command: make capture histories, and pictures of who was seen when and where."""

from __future__ import annotations

from collections.abc import Sequence

from tf_happywhale.cli import command_of_places

PLACES = {
    "": (
        "GALLERY",
        "GALLERY  a gallery; or a catalogue folder, or a table image,individual_id,date with as\n"
        "         many of encounter, place, latitude, longitude, viewpoint and quality as it has",
    )
}
EXAMPLES = [
    "python -m tf_happywhale.history whales",
    "python -m tf_happywhale.history whales history.by=day history.session=year output=survey",
    "python -m tf_happywhale.history whales history.viewpoint='[left]' history.quality='[Q1, Q2]'",
    "python -m tf_happywhale.history whales history.by=intervals history.intervals=trips.csv",
]


def main(words: Sequence[str], overrides: list[str]) -> None:
    """Write the folder `history` of the output, and print what is in it."""
    from pathlib import Path

    from tf_happywhale.config import load_experiment
    from tf_happywhale.review.history_files import write_history

    write_history(Path(words[0]).expanduser(), load_experiment(None, overrides))


if __name__ == "__main__":
    command_of_places(main, "history", __doc__, EXAMPLES, PLACES)
