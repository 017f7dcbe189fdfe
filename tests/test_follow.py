"""Tutorials show what their commands print: `docs/follow.py`."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
PAGE = """# Title

```bash
one
```

Between.

```bash
two
```

```text
what it printed the last time
```

```sh
yours
```

```text
not an output
```
"""


@pytest.fixture
def script():
    spec = importlib.util.spec_from_file_location("follow", DOCS / "follow.py")
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def test_each_block_is_run_and_has_its_output_below_it(script) -> None:
    asked = []

    def run(commands: str) -> str:
        asked.append(commands)
        return f"the output of {commands}"

    page = script.follow(PAGE, run)
    assert asked == ["one\n", "two\n"]
    assert "```bash\none\n```\n\n```text\nthe output of one\n```\n\nBetween." in page
    assert "the last time" not in page and "yours\n```\n\n```text\nnot an output" in page
    assert script.follow(page, run) == page


def test_a_block_that_prints_nothing_has_no_output(script) -> None:
    assert "```text\nwhat" not in script.follow(PAGE, lambda commands: "")


def test_a_command_that_fails_leaves_the_page(script, tmp_path: Path, monkeypatch) -> None:
    page = tmp_path / "page.md"
    page.write_text("```bash\necho fine\nfalse\necho never\n```\n", "utf-8")
    monkeypatch.setattr("sys.argv", ["follow.py", str(page)])
    with pytest.raises(SystemExit, match="failed with status 1"):
        script.main()
    assert "```text" not in page.read_text("utf-8")
    page.write_text("```bash\necho fine\n```\n", "utf-8")
    script.main()
    assert page.read_text("utf-8").endswith("```text\nfine\n```\n")


def test_every_tutorial_runs_commands_of_this_package() -> None:
    for page in sorted((DOCS / "tutorial").glob("*.md")):
        assert "```bash\n" in page.read_text("utf-8"), page


def test_of_much_the_beginning_and_the_end_are_shown(script) -> None:
    lines = [f"line {n}" for n in range(100)]
    page = script.follow(PAGE, lambda commands: "\n".join(lines))
    kept = [*lines[:8], "… 76 lines …", *lines[-16:]]
    assert "```text\n" + "\n".join(kept) + "\n```" in page
    few = "\n".join(lines[:27])
    assert f"```text\n{few}\n```" in script.follow(PAGE, lambda commands: few)


def test_a_make_does_not_know_that_it_is_within_another(script, monkeypatch) -> None:
    monkeypatch.setenv("MAKELEVEL", "1")
    assert script.in_bash('echo "<${MAKELEVEL-}>"') == "<>\n"
