from __future__ import annotations

from pathlib import Path

from tests.galleries.two_writers import run


def test_two_processes_lose_nothing_of_each_other_and_give_no_id_twice(tmp_path: Path) -> None:
    assert run(6, tmp_path) == []
