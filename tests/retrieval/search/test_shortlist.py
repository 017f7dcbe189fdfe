from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from tf_happywhale.errors import InputError
from tf_happywhale.retrieval.search import dot_products, exact
from tf_happywhale.retrieval.search.dot_products import (
    BFLOAT16,
    NumpyEngine,
    Operand,
    TensorFlowEngine,
    error_bound,
    round_to_bfloat16,
)
from tf_happywhale.retrieval.search.exact import nearest
from tf_happywhale.retrieval.search.joined_rows import Stack, stack
from tf_happywhale.retrieval.search.shortlist import Shortlist, _places, _values, make_groups


def test_groups_hold_whole_labels_and_are_at_least_k() -> None:
    labels = np.sort(np.random.default_rng(0).integers(0, 2000, 5000))
    groups = make_groups(labels, 300)
    assert len(groups.starts) >= 600
    assert (labels[groups.starts[1:]] != labels[groups.starts[1:] - 1]).all()
    assert groups.inside(0, 5000)[-1][2] == 5000
    few = make_groups(np.array([0, 0, 1, 2]), 5)
    assert few.starts.tolist() == [0, 2, 3]
    assert few.inside(1, 3) == [(0, 0, 1), (1, 1, 2)]  # counted from row 1


@pytest.mark.parametrize("shape", [(5, 7), (16, 8), (1, 3), (40, 33)])
def test_places_are_those_of_nonzero(shape: tuple[int, int]) -> None:
    mask = np.random.default_rng(1).random(shape) < 0.1
    assert _places(mask).tolist() == np.flatnonzero(mask).tolist()


@pytest.mark.parametrize("bfloat16", [False, True])
@pytest.mark.parametrize("sign", [1, -1])
def test_no_dot_product_is_further_off_than_the_bound(bfloat16: bool, sign: int) -> None:
    rng = np.random.default_rng(2)
    # alike rows: all roundings push the same way as far as they can
    base = np.abs(rng.normal(size=(1, 512))) + rng.normal(size=(60, 512)) * 0.02
    rows = stack([base])
    queries = stack([sign * base[:20]])
    engine = TensorFlowEngine(bfloat16)
    gallery, asked = engine.operand(rows, 0, 60), engine.operand(queries, 0, 20)
    dots = _values(engine.dots(gallery, asked)).astype(np.float64)
    pairs = np.indices(dots.shape).reshape(2, -1)
    exact = rows.dot(pairs[0], queries, pairs[1]).reshape(dots.shape)
    bound = error_bound(gallery, asked, 512)
    off = np.abs(dots - exact) - np.abs(dots) * engine.rounding
    assert off.max() <= bound
    assert bound < (0.004 if bfloat16 else 4e-5)  # and it says something


def test_numbers_are_rounded_to_the_nearest_bfloat16() -> None:
    rng = np.random.default_rng(6)
    numbers = np.concatenate([
        rng.normal(size=2000), rng.normal(size=200) * 1e-30, [0, -0.0, 1, -1, 1 - 2**-24, 2**-133],
    ]).astype(np.float32)  # fmt: skip
    rounded = round_to_bfloat16(numbers)
    assert (np.abs(rounded - numbers) <= BFLOAT16 * np.abs(numbers)).all()
    assert (np.signbit(rounded) == np.signbit(numbers)).all()
    engine = TensorFlowEngine(True)
    rows = stack([rng.normal(size=(150, 40))])
    ours = engine.operand(rows, 10, 140)
    theirs = engine.tf.cast(rows.tile(slice(10, 140)), engine.tf.bfloat16)
    assert (ours.rows.numpy() == theirs.numpy()).mean() > 0.99  # but for exact halves
    off = ours.rows.numpy().astype(np.float32) - rows.tile(slice(10, 140))
    assert ours.off == pytest.approx(np.linalg.norm(off, axis=1).max(), rel=1e-5)


def test_nothing_that_may_be_best_is_left_out() -> None:
    # k = 1: the floor is .5 − .1 off, and who is seen at .3 may be at .4
    short = Shortlist.empty(1, make_groups(np.arange(4), 1), 1, 0.0)
    dots = np.array([[0.5], [0.31], [0.29], [-0.2]], np.float32)
    short.add(dots, 0, 0.1)
    assert short.pairs()[0].tolist() == [0, 1]


def test_a_later_tile_raises_the_floor() -> None:
    short = Shortlist.empty(1, make_groups(np.arange(4), 1), 1, 0.0)
    short.add(np.array([[0.1], [0.2]], np.float32), 0, 0.01)
    short.add(np.array([[0.9], [0.3]], np.float32), 2, 0.01)
    assert short.pairs()[0].tolist() == [2]


def test_few_pairs_are_kept_at_a_time_however_many_are_wanted() -> None:
    # a tile touches 22 groups, so that they make no floor under the 50th before the third
    rng = np.random.default_rng(4)
    dots = rng.normal(size=(6000, 20)).astype(np.float32) / 10
    short, most = Shortlist.empty(50, make_groups(np.arange(6000), 50), 20, 0.0), 0
    for start in range(0, 6000, 500):
        short.add(dots[start : start + 500], start, 1e-6)
        most = max(most, sum(len(part[0]) for part in short.found))
    assert most < 0.05 * dots.size
    images, queries, _ = short.pairs()
    for query in range(20):
        best = np.argsort(-dots[:, query])[:50]
        assert set(best.tolist()) <= set(images[queries == query].tolist())


class Liar(NumpyEngine):
    """An engine that is further off than it says."""

    def dots(self, gallery: Operand, queries: Operand) -> np.ndarray:
        return super().dots(gallery, queries) + np.float32(0.01)


def test_an_engine_that_breaks_its_promise_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact, "choose_engine", lambda *_: Liar())
    rows = stack([np.random.default_rng(3).normal(size=(30, 8))])
    with pytest.raises(InputError, match=r"off by 1\.0e-02.*rank\.engine=numpy"):
        nearest(rows, rows, np.arange(30), 5, engine="tensorflow")


def alike(spread: float, count: int, seed: int = 8) -> Stack:
    """Rows that differ from one direction by about so much."""
    noise = np.random.default_rng(seed).normal(size=(count, 8)) * spread
    return stack([np.eye(1, 8) + noise])


@pytest.mark.parametrize("spread", [0.0, 1e-5])
def test_embeddings_that_are_all_alike_are_one_sentence(
    monkeypatch: pytest.MonkeyPatch, spread: float
) -> None:
    monkeypatch.setattr("tf_happywhale.retrieval.search.shortlist.CROWD", 2**15)
    with pytest.raises(InputError, match="nearly all alike"):
        nearest(alike(spread, 20, 9), alike(spread, 8000), np.arange(8000), 5)


def test_what_bfloat16_cannot_tell_apart_float32_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tf_happywhale.retrieval.search.shortlist.CROWD", 2**15)
    tried, search = [], exact._search
    monkeypatch.setattr(exact, "_search", lambda *how: tried.append(how[4]) or search(*how))
    queries, gallery = alike(0.03, 20, 9), alike(0.03, 8000)
    how = {"engine": "tensorflow", "shortlist": "bfloat16"}
    found = nearest(queries, gallery, np.arange(8000), 5, **how)
    assert tried == ["tensorflow", "numpy"]
    sides = (side.parts[0].astype(float) for side in (queries, gallery))
    left, right = (part / np.linalg.norm(part, axis=1, keepdims=True) for part in sides)
    assert (found.label == np.argsort(-left @ right.T, axis=1)[:, :5]).all()


def test_many_images_of_few_individuals_are_no_crowd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tf_happywhale.retrieval.search.shortlist.CROWD", 2**15)
    rng = np.random.default_rng(10)
    gallery, queries = stack([rng.normal(size=(8000, 8))]), stack([rng.normal(size=(20, 8))])
    labels = np.repeat([0, 1], [7999, 1])  # the second is farther than half of the first's
    assert (np.sort(nearest(queries, gallery, labels, 2).label, axis=1) == [0, 1]).all()


def test_a_large_search_is_tensorflows_where_it_is_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert isinstance(dot_products.choose_engine("auto", "float32", 1e6), NumpyEngine)
    assert isinstance(dot_products.choose_engine("auto", "float32", 1e13), TensorFlowEngine)
    monkeypatch.setattr(dot_products, "find_spec", lambda _: None)
    assert isinstance(dot_products.choose_engine("auto", "float32", 1e13), NumpyEngine)


def test_a_tensorflow_that_cannot_be_loaded_leaves_the_search_to_numpy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    broken = "raise AttributeError('compiled for another NumPy\\nand so on')"
    (tmp_path / "tensorflow.py").write_text(broken)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    monkeypatch.setattr(
        dot_products, "_tensorflow_loads", cache(dot_products._tensorflow_loads.__wrapped__)
    )
    for _ in range(2):
        assert isinstance(dot_products.choose_engine("auto", "float32", 1e13), NumpyEngine)
    assert capsys.readouterr().out == (
        "TensorFlow is installed, but cannot be loaded (compiled for another NumPy): NumPy "
        "searches instead.\n"
    )


def test_the_bound_of_tensor_cores_holds_where_bits_are_cut_off() -> None:
    numbers = np.random.default_rng(7).uniform(0.5, 1, 5000).astype(np.float32)
    cut = (numbers.view(np.uint32) & np.uint32(0xFFFFFFFF << 13 & 0xFFFFFFFF)).view(np.float32)
    off = (numbers - cut) / numbers
    assert dot_products.TF32 / 2 < off.max() <= dot_products.TF32


def test_tensorflow_that_is_missing_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    for shortlist in ("auto", "float32"):
        with pytest.raises(InputError, match="needs TensorFlow"):
            dot_products.choose_engine("tensorflow", shortlist, 1.0)


@pytest.mark.parametrize(("capability", "has"), [((7, 5), False), ((8, 0), True), ((9, 0), True)])
def test_bfloat16_is_for_gpus_that_have_units_for_it(
    monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int], has: bool
) -> None:
    import tensorflow as tf

    for name in ("list_logical_devices", "list_physical_devices"):
        monkeypatch.setattr(tf.config, name, lambda _: ["gpu"])
    details = {"compute_capability": capability}
    monkeypatch.setattr(tf.config.experimental, "get_device_details", lambda _: details)
    assert dot_products.has_bfloat16(tf) == has


@pytest.mark.parametrize("shortlist", ["numpy", "float32", "bfloat16"])
def test_groups_of_several_individuals_miss_nobody(shortlist: str) -> None:
    rng = np.random.default_rng(5)
    labels = np.concatenate([np.arange(1600), rng.integers(0, 1600, 5000)])  # two tiles
    gallery, queries = stack([rng.normal(size=(6600, 16))]), stack([rng.normal(size=(40, 16))])
    engine = {"engine": "numpy"} if shortlist == "numpy" else {
        "engine": "tensorflow", "shortlist": shortlist,
    }  # fmt: skip
    cosine = queries.tile(slice(None)).astype(float) @ gallery.tile(slice(None)).T.astype(float)
    best = np.stack([cosine[:, labels == n].max(axis=1) for n in range(1600)], axis=1)
    assert len(make_groups(np.sort(labels), 30).starts) < 1600 / 4
    found = nearest(queries, gallery, labels, 30, **engine)
    assert (found.label == np.argsort(-best, axis=1)[:, :30]).all()
