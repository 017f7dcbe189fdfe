"""The command `happywhale`: show the commands, or start one."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from typing import NoReturn

from tf_happywhale import __version__, commands

EXAMPLES = """\
examples:
  happywhale identify MY_FOLDER NEW_PHOTOGRAPHS output=trip
  happywhale run configs/my_catalogue.yaml data.root=MY_FOLDER output=MODEL
  happywhale identify MODEL/my_catalogue/fold0 MY_FOLDER NEW_PHOTOGRAPHS output=trip

`happywhale COMMAND --help` explains a command. docs/index.md is where the documentation begins.
To complete commands with the tab key: eval "$(happywhale completion)" in bash or zsh."""
COMPLETION = """\
[ -z "$ZSH_VERSION" ] || { autoload -Uz compinit bashcompinit && compinit && bashcompinit; }
_happywhale() {
    COMPREPLY=()
    [ "$COMP_CWORD" -ne 1 ] || COMPREPLY=($(compgen -W "%s" -- "${COMP_WORDS[1]}"))
}
complete -o default -F _happywhale happywhale"""


def main() -> NoReturn:
    """Do what `sys.argv` says, and exit with the command's status."""
    name = sys.argv[1] if len(sys.argv) > 1 else "--help"
    if name in ("-h", "--help", "help"):
        print(_help())
    elif name == "--version":
        print(f"tf_happywhale {__version__}")
    elif name == "completion":
        print(COMPLETION % " ".join(commands.COMMANDS))
    elif name in commands.COMMANDS:
        _start(name)
    else:
        from tf_happywhale.errors import nearest

        print(
            f"error: There is no command {name!r}: {nearest(name, commands.COMMANDS)}.",
            file=sys.stderr,
        )
        sys.exit(2)
    sys.exit(0)


def _start(name: str) -> None:
    """Run a command's module as `python -m` does, so that both do the same."""
    as_module = Path(sys.argv[0]).name == "__main__.py"
    commands.prefix = "python -m tf_happywhale " if as_module else "happywhale "
    del sys.argv[1]
    runpy.run_module(f"tf_happywhale.{name}", run_name="__main__", alter_sys=True)


def _help() -> str:
    does = "Identify whales, dolphins and seals from photographs."
    lines = ["usage: happywhale COMMAND ...", "", does]
    for group, members in commands.GROUPS.items():
        lines += ["", f"{group}:"]
        lines += [f"  {name:10} {about.does}" for name, about in members.items()]
    return "\n".join([*lines, "", EXAMPLES])


if __name__ == "__main__":
    main()
