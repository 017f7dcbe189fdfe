"""Command: list models that others have published, fetch one, or check it."""

from __future__ import annotations

import argparse
from importlib.util import find_spec
from pathlib import Path

from tf_happywhale.backend import set_backend
from tf_happywhale.cli import run_safely
from tf_happywhale.commands import AS_MODULE, typed
from tf_happywhale.config.addresses import refuse_address

VERBS = """verbs:
  list [NAME]
      show the published models; with NAME all that is known of one
  fetch NAME [FILE]
      make the model a folder on this machine, from FILE or from the network; then its name is a
      MODEL for `identify`, `gallery build`, `why`, `export`, `members` and model.weights=
  check NAME [FILE]
      print what is in the folder, or in FILE, and what a picture gives; nothing is written
"""
EXAMPLES = """examples:
  python -m tf_happywhale.models list
  python -m tf_happywhale.models list anydorsal
  python -m tf_happywhale.models fetch anydorsal --accept
  python -m tf_happywhale.models fetch miewid_msv3 Downloads/model.safetensors --accept
  python -m tf_happywhale.identify anydorsal MY_FOLDER NEW_PHOTOGRAPHS output=trip

The folders are in ~/.tf_happywhale/models, or where the environment's HAPPYWHALE_MODELS says."""


def main(verb: str, name: str | None, file: str | None, accept: bool, to: str | None) -> None:
    """Do what one verb says."""
    from tf_happywhale.errors import InputError
    from tf_happywhale.models.published_models.names import (
        describe,
        list_published,
        published_named,
    )

    for text, what in ((file or "", "FILE"), (to or "", "--to")):
        refuse_address(text, what)
    if verb == "list" and name is None:
        print(typed("\n".join(list_published())))
        return
    if name is None:
        raise InputError(f"Say which model: `{AS_MODULE}models {verb} NAME`.")
    published = published_named(name)
    given = Path(file).expanduser() if file else None
    if verb == "list":
        print("\n".join(describe(published)))
        return
    set_backend("auto")
    if verb == "fetch":
        from tf_happywhale.models.published_models.fetching import fetch_model

        fetch_model(published, given, Path(to).expanduser() if to else None, accept)
        return
    with_timm = bool(find_spec("torch") and find_spec("timm"))
    if with_timm:
        # Before TensorFlow: both bring an LLVM, and PyTorch's compiler crashes as the second.
        import torch._dynamo  # noqa: F401
    from tf_happywhale.models.published_models.checking import check_model

    check_model(published, given, with_timm)


def start() -> None:
    """Parse the arguments, do what they say, and exit."""
    parser = argparse.ArgumentParser(
        prog=typed(f"{AS_MODULE}models"),
        description="List models that others have published, fetch one, or check it.",
        epilog=typed(f"{VERBS}\n{EXAMPLES}"),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="%(prog)s VERB ...",
    )
    parser.add_argument(
        "verb", metavar="VERB", choices=("list", "fetch", "check"), help="see below"
    )
    parser.add_argument("name", metavar="NAME", nargs="?", help="which model")
    parser.add_argument("file", metavar="FILE", nargs="?", help="its file, which you downloaded")
    parser.add_argument(
        "--accept", action="store_true", help="accept a licence that forbids something"
    )
    parser.add_argument("--to", metavar="FOLDER", help="fetch into this folder")
    given = parser.parse_args()
    run_safely(lambda: main(given.verb, given.name, given.file, given.accept, given.to))
