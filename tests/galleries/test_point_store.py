"""Points of pictures, kept and read again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tf_happywhale.errors import InputError
from tf_happywhale.galleries.numbered_arrays import folder_of
from tf_happywhale.galleries.point_store import PointStore, copy_points, packed, point_key, unpacked
from tf_happywhale.matching.local_points import LocalPoints, no_points


def points(count: int, seed: int = 0, size: tuple[int, int] = (512, 341)) -> LocalPoints:
    random = np.random.default_rng(seed)
    long = random.normal(size=(count, 128)).astype(np.float32)
    return LocalPoints(
        (random.random((count, 2)) * size).astype(np.float32),
        long / np.linalg.norm(long, axis=1, keepdims=True),
        random.random(count).astype(np.float32),
        size,
    )


def alike(one: LocalPoints, other: LocalPoints) -> None:
    assert one.size == other.size and len(one) == len(other)
    assert np.abs(one.xy - other.xy).max(initial=0) <= 0.5 / 64
    assert np.abs(one.score - other.score).max(initial=0) < 1e-3
    assert ((one.descriptor * other.descriptor).sum(axis=1) > 0.9999).all()
    assert np.allclose(np.linalg.norm(other.descriptor, axis=1), 1, atol=1e-6)


def test_points_are_read_as_they_were_written(tmp_path: Path) -> None:
    store = PointStore(tmp_path)
    given_ = {"a": points(5), "none": no_points((30, 40)), "b": points(512, 1, (1023, 700))}
    store.add(given_)
    store.add({"c": points(3, 2)})
    for reader in (store, PointStore(tmp_path)):
        for key, one in {**given_, "c": points(3, 2)}.items():
            assert key in reader
            alike(one, reader.get(key))
        assert "d" not in reader


@settings(max_examples=20)
@given(st.integers(0, 40), st.integers(0, 999))
def test_packing_twice_changes_nothing_more(count: int, seed: int) -> None:
    """So that points read again are those that were matched before they were written."""
    arrays = packed({"a": points(count, seed)})
    names = ("xy", "score", "descriptor")
    once = unpacked(*(arrays[name] for name in names), (512, 341))
    again = packed({"a": once})
    for name in names:
        assert np.array_equal(arrays[name], again[name])


def test_points_made_otherwise_lie_elsewhere(tmp_path: Path) -> None:
    one, other, again = (
        folder_of(tmp_path, "points", {"points": name, "size": "512"}) for name in "aba"
    )
    assert one != other and one == again and one.parent == tmp_path / "points"


def test_512_points_take_69_kilobytes(tmp_path: Path) -> None:
    store = PointStore(tmp_path)
    store.add({f"{n:024d}": points(512, n) for n in range(16)})
    size = sum(file.stat().st_size for file in store.files.files())
    assert size / 16 < 69 * 1024


def test_points_of_another_store_are_copied_once(tmp_path: Path) -> None:
    source, target = (PointStore(tmp_path / name) for name in ("source", "target"))
    source.add({"a": points(5), "b": points(6)})
    target.add({"b": points(6)})
    copy_points(["a", "b", "a", "c"], source, target)
    assert "a" in target and "c" not in target
    assert len(target.files.files()) == 2
    copy_points(["a", "b"], source, target)
    assert len(target.files.files()) == 2


def test_damage_is_a_sentence(tmp_path: Path) -> None:
    store = PointStore(tmp_path)
    store.add({"a": points(50)})
    file = store.files.files()[0]
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="damaged"):
        PointStore(tmp_path)
    file.unlink()
    (file.parent / "points-00001.npz").write_bytes(whole)
    with pytest.raises(InputError, match="lacks points-00000"):
        PointStore(tmp_path)


def test_two_writers_lose_nothing(tmp_path: Path) -> None:
    one, other = PointStore(tmp_path), PointStore(tmp_path)
    one.add({"a": points(5)})
    other.add({"b": points(6)})
    third = PointStore(tmp_path)
    assert "a" in third and "b" in third


def test_a_crop_is_its_photograph_and_its_corners() -> None:
    boxes = ["", "fin 1 2 3 4", "fin 1 2 3 5", "fin 1 2 34 5"]
    keys = [point_key("bb", ""), *(point_key("aa", box) for box in boxes)]
    assert len(set(keys)) == len(keys)
    assert point_key("aa", "a whole body 1 2 3 4") == keys[2]
