from __future__ import annotations

from pathlib import Path

import pytest

from tf_happywhale.detection import cache_by_content as module
from tf_happywhale.detection.cache_by_content import detect_by_content
from tf_happywhale.disk.hashes import sha256


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PART", 4)


def look(network, paths: list[Path], folder: Path):
    """What is seen, in the order of the paths, and the sources."""
    by_content = {sha256(path): path for path in paths}
    seen, sources = detect_by_content(
        lambda: network, by_content, folder, side=128, batch_size=3, label="looking"
    )
    return list(seen.values()), sources


def refuse():
    raise AssertionError("a network was opened")


def test_a_renamed_photograph_is_not_looked_at_again(
    red_network, photographs, tmp_path: Path
) -> None:
    paths = list(photographs(9).values())
    first, sources = look(red_network, paths, tmp_path / "seen")
    assert sum(red_network.batches) == 9 and sources == ["fin"]
    for k, view in enumerate(first):
        assert view.found[0].corners == pytest.approx((2 * k, 10, 2 * k + 20, 30), abs=1)
    moved = tmp_path / "another.png"
    paths[3].rename(moved)
    again = detect_by_content(
        refuse, {sha256(moved): moved}, tmp_path / "seen", side=128, batch_size=3, label=""
    )
    assert list(again[0].values()) == [first[3]] and again[1] == ["fin"]


def test_only_what_is_new_is_looked_at_and_the_rest_stays(
    red_network, photographs, tmp_path: Path
) -> None:
    paths = list(photographs(12).values())
    some, _ = look(red_network, paths[:5], tmp_path / "seen")
    red_network.batches.clear()
    every, _ = look(red_network, paths, tmp_path / "seen")
    assert sum(red_network.batches) == 7 and every[:5] == some
    assert look(refuse, paths[4:8], tmp_path / "seen")[0] == every[4:8]


@pytest.mark.parametrize("stop_after", range(5))
def test_after_a_stop_saved_parts_are_not_run_again(
    red_network, photographs, tmp_path: Path, stop_after: int
) -> None:
    paths = list(photographs(10).values())
    whole = look(red_network, paths, tmp_path / "whole")

    class Stopped(Exception):
        pass

    class Dying:
        sources, side, calls = red_network.sources, None, 0

        def __call__(self, pictures):
            if self.calls == stop_after:
                raise Stopped
            self.calls += 1
            return red_network(pictures)

    with pytest.raises(Stopped):
        look(Dying(), paths, tmp_path / "again")
    red_network.batches.clear()
    assert look(red_network, paths, tmp_path / "again") == whole
    assert sum(red_network.batches) == 10 - [0, 0, 4, 4, 8][stop_after]  # batches of 3, 1, 3, 1, 2
    files = [
        {file.name: file.read_bytes() for file in (tmp_path / name).iterdir()}
        for name in ("whole", "again")
    ]
    assert files[0] == files[1]


def test_a_damaged_file_is_done_again(red_network, photographs, tmp_path: Path) -> None:
    paths = list(photographs(3).values())
    first = look(red_network, paths, tmp_path / "seen")
    (file,) = (tmp_path / "seen").iterdir()
    for damaged in (file.read_text()[:40], "[]", '{"seen": {"a": 1}, "sources": ["fin"]}'):
        file.write_text(damaged)
        assert look(red_network, paths, tmp_path / "seen") == first


def test_the_side_is_the_networks_own_where_it_says_one(
    red_network, photographs, tmp_path: Path
) -> None:
    sides = []

    class Knowing:
        sources, side = red_network.sources, 64

        def __call__(self, pictures):
            sides.append(pictures.shape[1:3])
            return red_network(pictures)

    look(Knowing(), list(photographs(2).values()), tmp_path / "seen")
    assert sides == [(64, 64)]
