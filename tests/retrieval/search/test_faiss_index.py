"""faiss is an extra: here a stand-in answers, which looks no further than it is told to."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from tf_happywhale.errors import InputError
from tf_happywhale.retrieval.search import faiss_index
from tf_happywhale.retrieval.search.candidates import rank_individuals
from tf_happywhale.retrieval.search.faiss_index import make_search, recall
from tf_happywhale.retrieval.search.joined_rows import Stack, stack


def rows(count: int, seed: int) -> Stack:
    return stack([np.random.default_rng(seed).normal(size=(count, 8))])


class Flat:
    """All rows; an inexact one only its first, as many as `reach` allows."""

    made: Flat

    def __init__(self, width: int, *_) -> None:
        self.rows = np.zeros((0, width), np.float32)
        Flat.made = self

    def add(self, more: np.ndarray) -> None:
        self.rows = np.concatenate([self.rows, more])

    def reach(self) -> int:
        return len(self.rows)

    def search(self, queries: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        cosine = queries @ self.rows[: self.reach()].T
        images = np.argsort(-cosine, axis=1, kind="stable")[:, :count]
        missing = [(0, 0), (0, count - images.shape[1])]
        scores = np.pad(np.take_along_axis(cosine, images, 1), missing, constant_values=-3e38)
        return scores, np.pad(images, missing, constant_values=-1)


class Inverted(Flat):
    def __init__(self, flat: Flat, width: int, lists: int, metric: str) -> None:
        assert metric == "inner product"
        super().__init__(width)
        self.lists, self.learned = lists, 0

    def train(self, rows: np.ndarray) -> None:
        self.learned = len(rows)

    def reach(self) -> int:
        return len(self.rows) * self.nprobe // self.lists


class Graph(Flat):
    def __init__(self, width: int, links: int, metric: str) -> None:
        assert metric == "inner product"
        super().__init__(width)
        self.hnsw = SimpleNamespace()

    def reach(self) -> int:
        return self.hnsw.efSearch


@pytest.fixture(autouse=True)
def faiss(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    stand_in = SimpleNamespace(
        IndexFlatIP=Flat, IndexIVFFlat=Inverted, IndexHNSWFlat=Graph,
        METRIC_INNER_PRODUCT="inner product",
    )  # fmt: skip
    monkeypatch.setitem(sys.modules, "faiss", stand_in)
    return stand_in


def test_flat_is_exact_and_says_nothing(capsys: pytest.CaptureFixture) -> None:
    make_search(rows(300, 0), "auto")
    assert type(Flat.made) is Flat
    assert capsys.readouterr().out == ""


def test_past_so_many_images_an_inverted_file_is_taken(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(faiss_index, "FLAT", 299)
    make_search(rows(300, 0), "auto")
    made = Flat.made
    assert isinstance(made, Inverted)
    assert (made.lists, made.learned, len(made.rows)) == (56, 200, 300)  # 4·√200
    assert made.nprobe == 56  # this one finds 99 of 100 only by looking everywhere
    assert capsys.readouterr().out == (
        "faiss: 56 of 56 lists are looked through; of the 50 images nearest to 100 others it finds "
        "100.0%\n"
    )


def test_a_graph_is_looked_through_until_it_finds_enough(capsys: pytest.CaptureFixture) -> None:
    make_search(rows(300, 0), "hnsw")
    assert Flat.made.hnsw.efSearch == 256  # 64 and 128 leave out some of the first 200 rows
    assert Flat.made.hnsw.efConstruction == faiss_index.BUILD
    assert "256 of 300 images are looked through" in capsys.readouterr().out


def test_it_stops_where_enough_is_found(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(faiss_index, "RECALL_ENOUGH", 0.5)
    make_search(rows(300, 0), "hnsw")
    assert Flat.made.hnsw.efSearch == 128  # of 200
    assert 0.55 < float(capsys.readouterr().out.split()[-1].rstrip("%")) / 100 < 0.73


@pytest.mark.parametrize("index", ["flat", "ivf", "hnsw"])
def test_every_index_gives_the_same_individuals_and_images(
    monkeypatch: pytest.MonkeyPatch, index: str
) -> None:
    monkeypatch.setattr(faiss_index, "RECALL_ENOUGH", 2.0)  # look everywhere
    rng = np.random.default_rng(1)
    gallery, queries = rng.normal(size=(200, 8)), rng.normal(size=(20, 8))
    ids = [f"{n:02d}" for n in rng.integers(0, 30, 200)]
    found = rank_individuals(queries, gallery, ids, 5, engine="faiss", index=index)
    exact = rank_individuals(queries, gallery, ids, 5)
    assert (found.individual_id == exact.individual_id).all()
    assert (found.reference == exact.reference).all()


@pytest.mark.parametrize("kind", ["flat", "ivf", "hnsw"])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_few_images_are_a_gallery_too(kind: str, count: int) -> None:
    images = rows(count, 0)
    _, found = make_search(images, kind)(images.tile(slice(None)), 1)
    assert found[:, 0].tolist() == list(range(count))


def test_recall_is_the_share_of_true_neighbours() -> None:
    true = np.array([[4, 1, 9, 2], [0, 3, 5, 7]])

    def some(queries: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        assert (queries.shape, count) == ((2, 8), 4)
        images = np.array([[2, 4, 8, -1], [6, 3, -1, -1]])
        return np.zeros(images.shape), images

    assert recall(some, np.zeros((2, 8)), true) == 3 / 8


def test_the_truth_is_looked_for_once_however_often_an_index_is_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    searched, nearest = [], faiss_index.nearest
    monkeypatch.setattr(
        faiss_index, "nearest", lambda *a, **k: searched.append(1) or nearest(*a, **k)
    )
    make_search(rows(300, 0), "hnsw")
    assert Flat.made.hnsw.efSearch == 256  # tried at 64, 128 and 256
    assert searched == [1]


def test_a_missing_faiss_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(InputError, match=r"pip install 'tf-happywhale\[faiss\]'"):
        make_search(rows(5, 0), "hnsw")
