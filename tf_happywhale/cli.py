"""What every command shares: `CONFIG [key=value …]`, help with examples, one-sentence errors."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable
from typing import NoReturn

from tf_happywhale.backend import set_backend
from tf_happywhale.config import Experiment, load_experiment
from tf_happywhale.config.addresses import refuse_address
from tf_happywhale.disk.os_errors import as_os_error, doing_of, in_words
from tf_happywhale.errors import HappywhaleError, Incomplete, Stopped

AGAIN = 75  # sysexits' EX_TEMPFAIL: call again later
IN_PART = 3  # done and written, but not all that was asked for

OVERRIDE = re.compile(r"[a-z_]+(\.[a-z_]+)*=")
KEYS_HELP = """\
Every key of the config can be overridden as key=value, with dots:
  data.root=DIR output=DIR seed=N image_size=N fold=K|all
  model.backbone=NAME train.epochs=N train.batch_size=N
docs/config.md lists them all. python -m tf_happywhale.boxes BOXES FOLDER shows how a file of
boxes is read, and which of its rows are not used."""
PLACES_HELP = """\
Keys of the config can be overridden as key=value, with dots:
  output=DIR rank.candidates=N report.thumbnail=N report.references=N
docs/config.md lists them all. A path that looks like one is written ./a=b.
python -m tf_happywhale.boxes BOXES FOLDER shows how a file of boxes is read, and which of its
rows are not used."""


def command(
    main: Callable[..., None],
    name: str,
    description: str,
    examples: list[str],
    verbs: dict[str, str] | None = None,
) -> NoReturn:
    """Parse `[verb] CONFIG [key=value …]`, call `main([verb,] experiment)`, and exit.

    Args:
        main: does the work; imports the heavy libraries itself, so that `--help` is quick.
        name: the module's name, such as `train`.
        description: what it does, as `Command: do this.`
        examples: command lines shown by `--help`.
        verbs: allowed first words with what they do; the first is meant when none is given.

    A HappywhaleError is printed as its sentence with exit status 2, an interruption with 130; a run
    that has stopped where it can resume ends with 75.
    """
    parser = _parser(name, description, examples, verbs)
    arguments = parser.parse_args().arguments
    verb = []
    if verbs:
        named = bool(arguments) and arguments[0] in verbs
        verb = [arguments[0] if named else next(iter(verbs))]
        arguments = arguments[1:] if named else arguments
    if not arguments:
        parser.error("name a config file, such as configs/demo.yaml")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

    def work() -> None:
        experiment = read(arguments)
        set_backend(experiment.train.device)
        main(*verb, experiment)

    run_safely(work)


def command_of_places(
    main: Callable[[list[str], list[str]], None],
    name: str,
    description: str,
    examples: list[str],
    verbs: dict[str, tuple[str, str]],
) -> NoReturn:
    """Parse `[verb] PLACE … [key=value …]`, call `main([verb, *places], overrides)`, and exit.

    Args:
        main: does the work; see `command`.
        name, description, examples: see `command`.
        verbs: what each verb is followed by, such as `MODEL GALLERY PHOTO...` (three dots: one or
            more), and what it does. A single verb named "" is never typed.
    """
    typed = "VERB ... " if "" not in verbs else f"{verbs[''][0]} "
    lines = [f"  {verb} {places}\n      {what}" for verb, (places, what) in verbs.items() if verb]
    lines = ["verbs:", *lines, ""] if lines else [*verbs[""][1].splitlines(), ""]
    lines += ["examples:", *(f"  {example}" for example in examples), "", PLACES_HELP]
    parser = argparse.ArgumentParser(
        prog=f"python -m tf_happywhale.{name}",
        description=_capital(description.removeprefix("Command: ")),
        epilog="\n".join(lines),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage=f"%(prog)s {typed}[key=value ...]",
    )
    parser.add_argument("arguments", nargs="*", help=argparse.SUPPRESS)
    given = parser.parse_args().arguments
    words = [word for word in given if not OVERRIDE.match(word)]
    overrides = [word for word in given if OVERRIDE.match(word)]
    verb = "" if "" in verbs else (words.pop(0) if words else "")
    if verb not in verbs:
        parser.error(f"say what to do: one of {', '.join(verbs)}")
    places = verbs[verb][0].split()
    many = bool(places) and places[-1].endswith("...")
    if len(words) < len(places) or (len(words) > len(places) and not many):
        parser.error(f"this takes {verbs[verb][0]}, but {len(words)} were given")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

    def work() -> None:
        for word in words:
            refuse_address(word, "A path")
        set_backend("auto")
        main([verb, *words] if verb else words, overrides)

    run_safely(work)


def read(arguments: list[str]) -> Experiment:
    """The experiment of `CONFIG key=value …`; without a CONFIG the defaults are taken."""
    refuse_address(arguments[0], "The config")
    if "=" in arguments[0]:
        return load_experiment(None, arguments)
    return load_experiment(arguments[0], arguments[1:])


def run_safely(main: Callable[[], None]) -> NoReturn:
    """Run `main` and exit; errors made for people become one sentence on standard error."""
    try:
        main()
    except Stopped as stopped:
        _say(f"stopped {stopped}")
        sys.exit(AGAIN)
    except HappywhaleError as error:
        _say(f"error: {error}")
        sys.exit(IN_PART if isinstance(error, Incomplete) else 2)
    except KeyboardInterrupt:
        _say("stopped; the same command resumes after the last finished stage")
        sys.exit(130)
    except Exception as error:
        of_a_file = as_os_error(error)
        if of_a_file is None:
            raise  # a mistake of ours: the traceback says most about it
        _say(f"error: {in_words(of_a_file, doing=doing_of(of_a_file))}")
        sys.exit(2)
    sys.exit(0)


def _say(text: str) -> None:
    """Print a line to standard error, also where a progress bar stands on the last one."""
    if "tqdm" in sys.modules:
        sys.modules["tqdm"].tqdm.write(text, file=sys.stderr)
    else:
        print(text, file=sys.stderr)


def _parser(
    name: str, description: str, examples: list[str], verbs: dict[str, str] | None
) -> argparse.ArgumentParser:
    lines = ["examples:", *(f"  {example}" for example in examples)]
    if verbs:
        lines = ["verbs:", *(f"  {verb:10} {what}" for verb, what in verbs.items()), "", *lines]
    lines += ["", KEYS_HELP]
    parser = argparse.ArgumentParser(
        prog=f"python -m tf_happywhale.{name}",
        description=_capital(description.removeprefix("Command: ")),
        epilog="\n".join(lines),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage=f"%(prog)s {'[VERB] ' if verbs else ''}CONFIG [key=value ...]",
    )
    parser.add_argument("arguments", nargs="*", help=argparse.SUPPRESS)
    return parser


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
