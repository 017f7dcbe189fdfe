"""Command: serve the application and the interface for other programs, without a browser."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tf_happywhale.cli import command_of_places

PLACES = {
    "": (
        "[FOLDER]",
        "FOLDER   where everything is kept; it is made if it is not there. Without FOLDER:\n"
        "         ~/Happywhale\n"
        "It listens at server.host (127.0.0.1) and server.port (8765). Programs send the token\n"
        "in FOLDER/token as `Authorization: Bearer TOKEN`. /openapi.json says what can be asked.",
    )
}
EXAMPLES = [
    "python -m tf_happywhale.serve",
    "python -m tf_happywhale.serve /data/whales server.roots=[/media/photographs]",
    "python -m tf_happywhale.serve /data/whales server.host=0.0.0.0 server.names=[whales.lab]",
]


def main(words: Sequence[str], overrides: list[str]) -> None:
    """Serve until Ctrl-C."""
    from tf_happywhale.config import load_experiment
    from tf_happywhale.server.serving import HOME, serve

    settings = load_experiment(None, overrides).server
    serve(Path(words[0] if words else HOME), settings, personal=False)


if __name__ == "__main__":
    command_of_places(main, "serve", __doc__, EXAMPLES, PLACES)
