from __future__ import annotations

from pathlib import Path

import pytest

from tf_happywhale.detection import cache_by_name as module
from tf_happywhale.detection.cache_by_name import detect_by_name, split_parts
from tf_happywhale.detection.detections import Seen
from tf_happywhale.disk.hashes import sha256


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PART", 4)


def look(network, photographs: dict[str, Path], folder: Path) -> dict[str, Seen]:
    contents = {name: sha256(path) for name, path in photographs.items()}
    return detect_by_name(
        network, photographs, contents, folder, side=128, batch_size=3, label="looking"
    )


def test_boxes_are_in_pixels_of_the_photograph(red_network, photographs, tmp_path: Path) -> None:
    seen = look(red_network, photographs(3), tmp_path / "seen")
    assert list(seen) == ["000.png", "001.png", "002.png"]
    for k, view in enumerate(seen.values()):
        (found,) = view.found
        assert (view.width, view.height, view.reason) == (100, 50, "")
        assert found.corners == pytest.approx((2 * k, 10, 2 * k + 20, 30), abs=1)
        assert found.confidence == pytest.approx((255 - k) / 255, abs=0.05)


@pytest.mark.parametrize("stop_after", range(6))
def test_stopped_anywhere_and_started_again_the_parts_are_the_same_to_the_byte(
    red_network, photographs, tmp_path: Path, stop_after: int
) -> None:
    paths = photographs(21)
    whole = look(red_network, paths, tmp_path / "whole")
    assert len(red_network.batches) > 6

    class Stopped(Exception):
        pass

    class Dying:
        sources, calls = red_network.sources, 0

        def __call__(self, pictures):
            if self.calls == stop_after:
                raise Stopped
            self.calls += 1
            return red_network(pictures)

    with pytest.raises(Stopped):
        look(Dying(), paths, tmp_path / "again")
    assert look(red_network, paths, tmp_path / "again") == whole
    files = [
        {file.name: file.read_bytes() for file in (tmp_path / name).iterdir()}
        for name in ("whole", "again")
    ]
    assert files[0] == files[1]


def test_saved_parts_are_not_run_again(red_network, photographs, tmp_path: Path) -> None:
    paths = photographs(21)
    first = look(red_network, paths, tmp_path / "seen")
    red_network.batches.clear()
    assert look(red_network, paths, tmp_path / "seen") == first
    assert red_network.batches == []
    changed = paths["007.png"]
    changed.write_bytes(paths["011.png"].read_bytes())
    again = look(red_network, paths, tmp_path / "seen")
    part = next(names for _, names in split_parts(paths) if "007.png" in names)
    assert sum(red_network.batches) == len(part) < 21
    assert again["007.png"] == again["011.png"] != first["007.png"]


def test_a_damaged_part_is_done_again(red_network, photographs, tmp_path: Path) -> None:
    paths = photographs(9)
    first = look(red_network, paths, tmp_path / "seen")
    for file in (tmp_path / "seen").iterdir():
        file.write_text(file.read_text()[:40])
    assert look(red_network, paths, tmp_path / "seen") == first


def test_unreadable_photographs_have_a_reason_and_no_place_in_a_batch(
    red_network, photographs, tmp_path: Path
) -> None:
    paths = photographs(4)
    for name in ("001.png", "003.png"):
        paths[name].write_bytes(b"broken")
    seen = look(red_network, paths, tmp_path / "seen")
    assert sum(red_network.batches) == 2
    assert seen["001.png"].found == ()
    assert "001.png cannot be read" in seen["001.png"].reason
    assert seen["002.png"].reason == ""


def test_a_part_of_unreadable_photographs_only(red_network, photographs, tmp_path: Path) -> None:
    paths = photographs(2)
    for path in paths.values():
        path.write_bytes(b"broken")
    assert all(view.reason for view in look(red_network, paths, tmp_path / "seen").values())
    assert red_network.batches == []


def test_a_new_name_changes_its_part_only() -> None:
    names = [f"{n}.jpg" for n in range(60)]
    before, after = dict(split_parts(names)), dict(split_parts([*names, "new.jpg"]))
    assert sorted(name for part in before.values() for name in part) == sorted(names)
    assert sum(before[part] != after[part] for part in before) == 1
    assert max(map(len, before.values())) < 16


def test_without_photographs_there_are_no_parts(red_network, tmp_path: Path) -> None:
    assert look(red_network, {}, tmp_path / "seen") == {}
