"""A search in parts finds what one search finds: the same individuals, scores and images."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tf_happywhale.config import Rank
from tf_happywhale.retrieval.embeddings import Embeddings, load_embeddings, save_embeddings
from tf_happywhale.retrieval.ensemble.combine import rank_by_ensemble
from tf_happywhale.retrieval.ensemble.ensemble_embeddings import EnsembleEmbeddings, make_ensemble
from tf_happywhale.retrieval.search import on_beam, parts
from tf_happywhale.retrieval.search.candidates import searched_by
from tf_happywhale.retrieval.search.exact import Neighbours, nearest
from tf_happywhale.retrieval.search.joined_rows import Blend, stack
from tf_happywhale.retrieval.search.parts import do_part, join_parts, merge, parts_of
from tf_happywhale.retrieval.search.stored_search import StoredSearch, open_search, store_search

COLUMNS = ("label", "score", "image")


def small_parts(monkeypatch: pytest.MonkeyPatch, queries: int, images: int) -> None:
    monkeypatch.setattr(parts, "QUERIES", queries)
    monkeypatch.setattr(parts, "IMAGES", images)
    monkeypatch.setattr(parts, "NUMBERS", 1)


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 7)), min_size=1, max_size=30),
    st.integers(1, 8),
    st.lists(st.integers(0, 30), max_size=3),
)
def test_merged_parts_are_the_whole(images, k: int, cuts: list[int]) -> None:
    # Angles of a few whole steps: many images are equally near, also in different parts.
    labels = np.array([label for label, _ in images])
    angles = np.array([step for _, step in images]) * 0.2
    gallery = stack([np.stack([np.cos(angles), np.sin(angles)], 1).astype(np.float32)])
    queries = stack([np.array([[1, 0], [0.6, 0.8]], np.float32)])
    whole = nearest(queries, gallery, labels, k)
    edges = sorted({0, len(labels), *(cut for cut in cuts if cut < len(labels))})
    found: Neighbours | None = None
    for start, stop in pairwise(edges):
        own = slice(start, stop)
        part = nearest(queries, gallery.take(own), labels[own], k)
        part = Neighbours(part.label, part.score, part.image + start)
        found = part if found is None else merge(found, part, k)
    for name in COLUMNS:
        np.testing.assert_array_equal(getattr(found, name), getattr(whole, name))


def test_an_individual_in_two_parts_counts_by_its_better_image() -> None:
    one = Neighbours(np.array([[7, 2]]), np.array([[0.9, 0.5]]), np.array([[0, 1]]))
    other = Neighbours(np.array([[2, 3]]), np.array([[0.9, 0.9]]), np.array([[12, 11]]))
    found = merge(one, other, 3)
    assert found.label.tolist() == [[2, 3, 7]]  # equal scores: by label
    assert found.score.tolist() == [[0.9, 0.9, 0.9]]
    assert found.image.tolist() == [[12, 11, 0]]


def test_of_equal_images_of_an_individual_the_first_is_shown_whatever_the_part() -> None:
    late = Neighbours(np.array([[4]]), np.array([[0.5]]), np.array([[90]]))
    early = Neighbours(np.array([[4]]), np.array([[0.5]]), np.array([[3]]))
    assert merge(late, early, 5).image.tolist() == [[3]]


def searches(tmp_path: Path):
    """The same embeddings in memory and mapped from a file, with centres and without."""
    rng = np.random.default_rng(1)
    images, asked = rng.standard_normal((2, 60, 8)).astype(np.float32)
    file = tmp_path / "train.npz"
    names = [f"{n}.jpg" for n in range(60)]
    save_embeddings(file, Embeddings(images, np.array(names), np.full(60, "")))
    mapped = load_embeddings(file).embedding
    queries, plain, other = stack([asked]), stack([images]), stack([images[::-1]])
    return [(queries, plain), (queries, stack([mapped])), (queries, Blend(plain, other, 0.3))]


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_stored_search_in_parts_is_the_whole_and_is_kept(monkeypatch, tmp_path, number) -> None:
    small_parts(monkeypatch, queries=25, images=17)
    queries, gallery = searches(tmp_path)[number]
    labels = np.arange(60) % 13
    search = StoredSearch(queries, gallery, labels, {"k": 4, "engine": "numpy"})
    folder = store_search(tmp_path / "home", search)
    pieces = parts_of(folder, search)
    assert len(pieces) == 3 * 4
    for part in reversed(pieces):  # in any order
        do_part(part)
    found, whole = join_parts(pieces, 4), nearest(queries, gallery, labels, 4)
    for name in COLUMNS:
        np.testing.assert_array_equal(getattr(found, name), getattr(whole, name))
    assert store_search(tmp_path / "home", search) == folder
    assert all(part.file.is_file() for part in pieces)


def test_mapped_embeddings_are_not_copied_and_another_file_is_another_search(tmp_path) -> None:
    queries, gallery = searches(tmp_path)[1]
    search = StoredSearch(queries, gallery, np.arange(60), {"k": 4})
    folder = store_search(tmp_path / "home", search)
    opened = open_search(folder)
    assert str(tmp_path / "train.npz") in (folder / "search.json").read_text()
    np.testing.assert_array_equal(opened.gallery.tile(slice(None)), gallery.tile(slice(None)))
    again = searches(tmp_path)[1]  # writes the file again, with the same content
    assert store_search(tmp_path / "home", StoredSearch(*again, np.arange(60), {"k": 4})) != folder
    others = np.arange(60)[::-1]
    assert store_search(tmp_path / "home", StoredSearch(queries, gallery, others, {"k": 4})) != (
        folder
    )


def ensemble(seed: int, count: int) -> EnsembleEmbeddings:
    rng = np.random.default_rng(seed)
    names = np.array([f"{n}.jpg" for n in range(count)])
    centres = np.random.default_rng(9).standard_normal((7, 6)).astype(np.float32)
    ids = np.array([f"w{n}" for n in range(7)])

    def member(view: str) -> Embeddings:
        rows = rng.standard_normal((count, 6)).astype(np.float32)
        who, about = ids[np.arange(count) % 7], {"view": view}
        return Embeddings(rows, names, who, about, centres, ids)

    originals = [member("original") for _ in range(2)]
    return make_ensemble(originals, names, [member("mirrored") for _ in range(2)])


@pytest.mark.parametrize(
    "rank",
    [
        Rank(),
        Rank(centre_share=0.4),
        Rank(best_of=2),
        Rank(mirrored="joined", centre_share=0.2),
        Rank(mirrored="images"),
        Rank(ensemble="average"),
    ],
)
def test_every_ranking_in_parts_is_that_of_one_machine(monkeypatch, tmp_path, rank: Rank) -> None:
    small_parts(monkeypatch, queries=6, images=11)
    monkeypatch.setattr(on_beam, "WORTH", 0)
    done = []

    def here(pieces, work, options, label) -> None:
        for piece in pieces:
            work(piece)
        done.append(len(pieces))

    monkeypatch.setattr(on_beam, "do_pieces", here)
    gallery, queries = ensemble(1, 40), ensemble(2, 9)
    asked = (queries, gallery, [f"w{n % 7}" for n in range(40)], 5, [0.7, 0.3], rank)
    whole = rank_by_ensemble(*asked)
    with searched_by(on_beam.search_on_beam(tmp_path, ["--runner=DirectRunner"])):
        found = rank_by_ensemble(*asked)
    assert min(done) >= 4  # gallery parts
    for name in ("individual_id", "score", "reference"):
        np.testing.assert_array_equal(getattr(found, name), getattr(whole, name))
    assert rank_by_ensemble(*asked).score.shape == whole.score.shape
    assert len(done) == len(set(tmp_path.iterdir()))  # not one of them came after the block


def test_small_searches_stay_on_this_machine(tmp_path) -> None:
    queries, gallery = searches(tmp_path)[0]
    search = on_beam.search_on_beam(tmp_path / "home", ["--runner=NoSuchRunner"])
    found = search(queries, gallery, np.arange(60), 3)
    np.testing.assert_array_equal(found.label, nearest(queries, gallery, np.arange(60), 3).label)
    assert not (tmp_path / "home").exists()


@settings(max_examples=20)
@given(st.integers(1, 40_000), st.integers(1, 400_000), st.sampled_from([64, 512, 4608]))
def test_parts_cover_every_pair_once(queries: int, images: int, width: int) -> None:
    rows = [stack([np.ones((1, width), np.float32)]).take(np.zeros(n, int))
            for n in (queries, images)]  # fmt: skip
    pieces = parts_of(Path("home"), StoredSearch(*rows, np.zeros(images, int), {}))
    pairs = [(p.queries[1] - p.queries[0]) * (p.gallery[1] - p.gallery[0]) for p in pieces]
    assert sum(pairs) == queries * images
    assert len({part.file for part in pieces}) == len(pieces)
