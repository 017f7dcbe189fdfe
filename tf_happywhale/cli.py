"""What all commands share: arguments, `--help`, and errors that are printed as one sentence."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from tf_happywhale.backend import NETWORKS, not_installed, set_backend
from tf_happywhale.commands import AS_MODULE, COMMANDS, typed
from tf_happywhale.config import Experiment, load_experiment
from tf_happywhale.config.addresses import refuse_address
from tf_happywhale.disk.os_errors import as_os_error, doing_of, in_words
from tf_happywhale.errors import HappywhaleError, Incomplete, Stopped
from tf_happywhale.terminated import Terminated, terminated_as_interrupt

AGAIN = 75  # sysexits' EX_TEMPFAIL: call again later
IN_PART = 3  # done and written, but not all that was asked for

OVERRIDE = re.compile(r"[a-z_]+(\.[a-z_]+)*=")
KEYS_HELP = """\
CONFIG is a YAML file, such as configs/demo.yaml. Set any of its keys with key=value:
  data.root=DIR output=DIR seed=N image_size=N fold=K|all
  model.backbone=NAME train.epochs=N train.batch_size=N
docs/config.md lists all keys."""
BEAM_HELP = """
Options with dashes go to Apache Beam as they are, each as --name=value. docs/scale.md says when."""
PLACES_HELP = """\
Set any key of the config with key=value:
  output=DIR rank.candidates=N report.thumbnail=N report.references=N
docs/config.md lists all keys. Write a path that looks like key=value as ./a=b."""


def command(
    main: Callable[..., None],
    name: str,
    description: str,
    examples: Sequence[str],
    verbs: dict[str, str] | None = None,
    *,
    derives: bool = True,
    beam: bool = False,
) -> NoReturn:
    """Parse `[VERB] CONFIG [key=value ...]`, call `main([verb,] experiment)`, and exit.

    A HappywhaleError is printed as its sentence, and the exit status is 2. It is 3 for work that
    is done in part, 75 for a command that was stopped (by the terminate signal, or by itself where
    it can be resumed), and 130 after Ctrl-C.

    Args:
        main: does the work; it imports the heavy libraries itself, so that `--help` is fast.
        name: the module's name, such as `train`.
        description: what the command does, as `Command: do this.`
        examples: command lines that `--help` shows.
        verbs: the possible first words, and what each does; the first one is the default.
        derives: settings that nobody gave are derived from the catalogue, if the config says so.
        beam: take options of Apache Beam too, as `--name=value`; they become `beam_options`.
    """
    usage = f"{'[VERB] ' if verbs else ''}CONFIG [key=value ...]"
    usage += " [--runner=NAME ...]" if beam else ""
    lines = [f"  {verb:10} {what}" for verb, what in (verbs or {}).items()]
    parser = _parser(name, description, usage, ["verbs:", *lines] if lines else [], examples)
    parser.epilog += KEYS_HELP + (BEAM_HELP if beam else "")
    arguments, options = parser.parse_known_args()
    arguments = arguments.arguments
    if options and not beam:
        parser.error(f"unrecognized arguments: {' '.join(options)}")
    verb = []
    if verbs:
        named = bool(arguments) and arguments[0] in verbs
        verb = [arguments[0] if named else next(iter(verbs))]
        word = arguments[0] if arguments and not named else ""
        if re.fullmatch("[a-z]+", word) and not os.path.exists(word):
            parser.error(f"{word!r} is not one of these verbs: {', '.join(verbs)}")
        arguments = arguments[1:] if named else arguments
    if not arguments:
        parser.error("name a config file, such as configs/demo.yaml")
    if options:
        arguments = [*arguments, f"beam_options={json.dumps(options)}"]

    def work() -> None:
        experiment = read(arguments)
        set_backend(experiment.train.device)
        if derives and experiment.derive:
            from tf_happywhale.derived import with_derived

            experiment = with_derived(experiment, again=name in ("run", "train"))
        main(*verb, experiment)

    run_safely(work)


def command_of_places(
    main: Callable[[list[str], list[str]], None],
    name: str,
    description: str,
    examples: Sequence[str],
    verbs: dict[str, tuple[str, str]],
) -> NoReturn:
    """Parse `[VERB] PLACE ... [key=value ...]`, call `main([verb, *places], overrides)`, and exit.

    Args:
        main, name, description, examples: see `command`.
        verbs: what follows each verb, such as `[MODEL] GALLERY PHOTO...` (in brackets: may be
            left out; three dots: one or more), and what the verb does. A single verb named "" is
            not typed.
    """
    usage = f"{'VERB ...' if '' not in verbs else verbs[''][0]} [key=value ...]"
    if "" in verbs:
        lines = verbs[""][1].splitlines()
    else:
        lines = [f"  {verb} {places}\n      {what}" for verb, (places, what) in verbs.items()]
        lines = ["verbs:", *lines]
    parser = _parser(name, description, usage, lines, examples)
    parser.epilog += PLACES_HELP
    given = parser.parse_args().arguments
    words = [word for word in given if not OVERRIDE.match(word)]
    overrides = [word for word in given if OVERRIDE.match(word)]
    verb = "" if "" in verbs else (words.pop(0) if words else "")
    if verb not in verbs:
        wrong = f"{verb!r} is not one of these verbs" if verb else "say what to do"
        parser.error(f"{wrong}: {', '.join(verbs)}")
    places = verbs[verb][0].split()
    many = bool(places) and places[-1].endswith("...")
    needed = [place for place in places if not place.startswith("[")]
    if len(words) < len(needed) or (len(words) > len(places) and not many):
        given = f"{len(words)}: {' '.join(words)}" if words else "none of them"
        parser.error(f"name {verbs[verb][0]}; you named {given}")

    def work() -> None:
        for word in words:
            refuse_address(word, "A path")
        set_backend("auto")
        main([verb, *words] if verb else words, overrides)

    run_safely(work)


def read(arguments: list[str]) -> Experiment:
    """Return the experiment of `CONFIG key=value ...`; without a CONFIG it has the defaults."""
    refuse_address(arguments[0], "The config")
    if "=" in arguments[0]:
        return load_experiment(None, arguments)
    return load_experiment(arguments[0], arguments[1:])


def run_safely(main: Callable[[], None]) -> NoReturn:
    """Run `main` and exit. An error that a person can fix is one sentence on standard error."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        with terminated_as_interrupt():
            main()
    except Stopped as stopped:
        _say(f"stopped {stopped}")
        sys.exit(AGAIN)
    except Terminated:
        _say("stopped by SIGTERM: run the same command again")
        sys.exit(AGAIN)
    except HappywhaleError as error:
        _say(f"error: {error}")
        sys.exit(IN_PART if isinstance(error, Incomplete) else 2)
    except KeyboardInterrupt:
        _say("stopped; the same command resumes after the last finished stage")
        sys.exit(130)
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and error.name in NETWORKS:
            _say(f"error: {not_installed(error.name)}")
            sys.exit(2)
        of_a_file = as_os_error(error)
        if of_a_file is None:
            raise  # a fault of the program: the traceback says most about it
        _say(f"error: {in_words(of_a_file, doing=doing_of(of_a_file))}")
        sys.exit(2)
    sys.exit(0)


def _say(text: str) -> None:
    """Print a line to standard error, on a line of its own if there is a progress bar."""
    if "tqdm" in sys.modules:
        sys.modules["tqdm"].tqdm.write(text, file=sys.stderr)
    else:
        print(text, file=sys.stderr)


class _Parser(argparse.ArgumentParser):
    """A parser that says how settings are written, if one is written with dashes."""

    def error(self, message: str) -> NoReturn:
        if message.startswith("unrecognized arguments"):
            message += ": write settings as key=value, without dashes"
        super().error(message)


def _parser(
    name: str, description: str, usage: str, arguments: list[str], examples: Sequence[str]
) -> argparse.ArgumentParser:
    """Return a parser of words; its help explains the arguments, and says where files go."""
    text = description.removeprefix("Command: ")
    writes = [COMMANDS[name].writes] if name in COMMANDS and COMMANDS[name].writes else []
    paragraphs = [arguments, writes, ["examples:", *(f"  {example}" for example in examples)]]
    epilog = "".join("\n".join(lines) + "\n\n" for lines in paragraphs if lines)
    parser = _Parser(
        prog=typed(f"{AS_MODULE}{name}"),
        description=text[:1].upper() + text[1:],
        epilog=typed(epilog),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage=f"%(prog)s {usage}",
    )
    parser.add_argument("arguments", nargs="*", help=argparse.SUPPRESS)
    return parser
