"""Command: do the whole day's work in the browser on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tf_happywhale.cli import command_of_places

PLACES = {
    "": (
        "[FOLDER]",
        "FOLDER   where everything is kept; it is made if it is not there. Without FOLDER:\n"
        "         ~/Happywhale\n"
        "The browser is opened at a page of this machine. Nothing is sent to any other.",
    )
}
EXAMPLES = [
    "python -m tf_happywhale.app",
    "python -m tf_happywhale.app ~/Whales",
    "python -m tf_happywhale.app ~/Whales server.roots=[/media/photographs] server.browser=false",
]


def main(words: Sequence[str], overrides: list[str]) -> None:
    """Serve until Ctrl-C."""
    from tf_happywhale.config import load_experiment
    from tf_happywhale.server.serving import HOME, serve

    settings = load_experiment(None, overrides).server
    serve(Path(words[0] if words else HOME), settings, personal=True)


if __name__ == "__main__":
    command_of_places(main, "app", __doc__, EXAMPLES, PLACES)
