"""Tutorials show what their commands print: `docs/follow.py`."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
MAKEFILE = (DOCS.parent / "Makefile").read_text("utf-8").replace("\\\n", "")
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

    page = script.follow(PAGE, {"bash": run})
    assert asked == ["one\n", "two\n"]
    assert "```bash\none\n```\n\n```text\nthe output of one\n```\n\nBetween." in page
    assert "the last time" not in page and "yours\n```\n\n```text\nnot an output" in page
    assert script.follow(page, {"bash": run}) == page


def test_a_block_that_prints_nothing_has_no_output(script) -> None:
    assert "```text\nwhat" not in script.follow(PAGE, {"bash": lambda commands: ""})


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


def test_every_page_that_make_follow_follows_has_something_to_run() -> None:
    pages = re.findall(r"docs/\S+\.md", re.search(r"\$\(PY\) docs/follow\.py (.*)", MAKEFILE)[1])
    assert "docs/python.md" in pages
    for page in pages:
        assert re.search(r"```(bash|python)\n", (DOCS.parent / page).read_text("utf-8")), page


def test_of_much_the_beginning_and_the_end_are_shown(script) -> None:
    lines = [f"line {n}" for n in range(100)]
    page = script.follow(PAGE, {"bash": lambda commands: "\n".join(lines)})
    kept = [*lines[:8], "… 76 lines …", *lines[-16:]]
    assert "```text\n" + "\n".join(kept) + "\n```" in page
    few = "\n".join(lines[:27])
    assert f"```text\n{few}\n```" in script.follow(PAGE, {"bash": lambda commands: few})


def test_a_make_does_not_know_that_it_is_within_another(script, monkeypatch) -> None:
    monkeypatch.setenv("MAKELEVEL", "1")
    assert script.in_bash('echo "<${MAKELEVEL-}>"') == "<>\n"


PYTHON = """
```python
words = ["one", "two"]
```

```python
print(len(words))
```
"""


def test_python_blocks_share_their_variables(script, tmp_path: Path, monkeypatch) -> None:
    page = tmp_path / "page.md"
    page.write_text(PYTHON, "utf-8")
    monkeypatch.setattr("sys.argv", ["follow.py", str(page)])
    script.main()
    assert page.read_text("utf-8") == f"{PYTHON}\n```text\n2\n```\n"


def test_python_that_fails_leaves_the_page(script, tmp_path: Path, monkeypatch) -> None:
    page = tmp_path / "page.md"
    page.write_text("```python\nprint('before')\nunknown\n```\n", "utf-8")
    monkeypatch.setattr("sys.argv", ["follow.py", str(page)])
    with pytest.raises(SystemExit, match="NameError"):
        script.main()
    assert "```text" not in page.read_text("utf-8")
