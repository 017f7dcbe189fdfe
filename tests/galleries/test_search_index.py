"""A gallery searched by its index, compared with a search through everything."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tf_happywhale.errors import InputError
from tf_happywhale.galleries import indexing, search_index
from tf_happywhale.galleries.corrections import merge, move_image, remove, remove_image, rename
from tf_happywhale.galleries.gallery_faults import damaged_files
from tf_happywhale.galleries.gallery_folder import make_gallery, open_gallery
from tf_happywhale.galleries.index_head import FOLDER, HEAD, read_head
from tf_happywhale.galleries.indexing import index_gallery
from tf_happywhale.galleries.search_index import open_search_index
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.search.candidates import Candidates, rank_individuals

pytest.importorskip("faiss")
ABOUT = {"model": "m1", "source": "fin", "view": "original", "preprocess": "squashed to 128"}
WIDTH = 16


def images(count: int, people: int, seed: int = 0, about: dict[str, str] = ABOUT) -> Embeddings:
    """Images of individuals `0000` and so on, which lie near each other."""
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(1).standard_normal((1000, WIDTH))
    who = rng.integers(0, people, count)
    rows = centres[who] + 0.6 * rng.standard_normal((count, WIDTH))
    names = np.array([f"{seed}-{n:04d}.jpg" for n in range(count)])
    ids = np.array([f"{n:04d}" for n in who])
    columns = {"species": np.array([f"kind {n % 3}" for n in who])}
    return Embeddings(rows.astype(np.float32), names, ids, about, columns=columns)


def by_index(folder: Path, queries: np.ndarray, k: int = 5) -> tuple[Candidates, Embeddings]:
    known = open_search_index(folder).shortlist(queries, k)
    return rank_individuals(queries, known.embedding, known.individual_id.tolist(), k), known


def exactly(folder: Path, queries: np.ndarray, k: int = 5) -> tuple[Candidates, Embeddings]:
    known = open_gallery(folder).images()
    return rank_individuals(queries, known.embedding, known.individual_id.tolist(), k), known


def same(folder: Path, queries: np.ndarray) -> None:
    """The index and the search through everything give the same individuals, scores and images."""
    (found, some), (truth, everything) = by_index(folder, queries), exactly(folder, queries)
    assert found.individual_id.tolist() == truth.individual_id.tolist()
    np.testing.assert_array_equal(found.score, truth.score)
    for one, other in zip(found.reference.ravel(), truth.reference.ravel(), strict=True):
        assert (one < 0) == (other < 0)
        if one >= 0:
            assert some.image[one] == everything.image[other]


@pytest.fixture
def every_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """All lists are looked at: nothing can be missed."""
    monkeypatch.setattr(indexing, "WANTED", 2.0)


@pytest.fixture
def folder(tmp_path: Path, every_list: None) -> Path:
    """A gallery of two files with an index."""
    made = make_gallery(tmp_path / "whales", images(400, 90))
    made.append(images(150, 120, seed=2))
    index_gallery(made.folder)
    return made.folder


QUERIES = images(40, 120, seed=9).embedding


def test_with_all_lists_it_is_the_exact_search(folder: Path) -> None:
    same(folder, QUERIES)
    some = by_index(folder, QUERIES[:1])[1]
    assert 0 < len(some) < 550
    assert set(some.columns) == {"species"}
    assert some.about == ABOUT


def test_images_that_were_added_are_found_before_and_after_they_are_indexed(folder: Path) -> None:
    open_gallery(folder).append(images(60, 200, seed=3))
    assert open_search_index(folder).waiting == 60
    same(folder, QUERIES)
    before = read_head(folder)
    index_gallery(folder)
    after = read_head(folder)
    assert open_search_index(folder).waiting == 0
    assert after.segments[: len(before.segments)] == before.segments
    assert after.version == before.version  # nothing was made again
    same(folder, QUERIES)


def corrected(folder: Path) -> None:
    gallery = open_gallery(folder)
    ids, names = sorted(set(gallery.individual_id.tolist())), gallery.image.tolist()
    rename(gallery, ids[0], "Old_Tom_with_a_long_name")
    merge(gallery, ids[1], ids[2])
    remove(gallery, ids[3])
    remove_image(gallery, names[7])
    move_image(gallery, names[450], ids[5])
    move_image(gallery, names[451], "somebody_else")
    rename(gallery, ids[4], ids[0])  # an id that is free again
    merge(gallery, ids[2], "somebody_else")


def test_corrections_count_at_once_and_after_they_are_indexed(folder: Path) -> None:
    corrected(folder)
    everything = open_gallery(folder).images()
    same(folder, QUERIES)
    same(folder, everything.embedding[::5])
    index_gallery(folder)
    same(folder, QUERIES)
    open_gallery(folder).append(images(30, 100, seed=4))
    remove(open_gallery(folder), "somebody_else")
    same(folder, everything.embedding[::5])


def test_what_was_taken_out_is_never_answered(folder: Path) -> None:
    whole = open_gallery(folder).images()
    row = 11
    who, query = str(whole.individual_id[row]), whole.embedding[[row]]
    assert by_index(folder, query)[0].individual_id[0, 0] == who
    remove(open_gallery(folder), who)
    found, some = by_index(folder, query)
    assert who not in found.individual_id
    assert who not in some.individual_id
    index_gallery(folder)
    assert who not in by_index(folder, query)[1].individual_id


def test_an_individual_with_more_images_than_are_proposed_hides_nobody(
    tmp_path: Path, every_list: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_index, "IMAGES", 10)
    one = images(300, 1)
    make_gallery(tmp_path / "whales", one).append(images(100, 90, seed=2))
    index_gallery(tmp_path / "whales")
    same(tmp_path / "whales", one.embedding[:3])


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.data())
def test_answers_are_the_exact_ones_but_for_individuals_that_are_missed(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("some") / "whales"
    count, people = data.draw(st.integers(2, 300)), data.draw(st.integers(1, 80))
    make_gallery(folder, images(count, people, data.draw(st.integers(0, 5))))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(indexing, "WANTED", 0.0)  # one list
        patch.setattr(search_index, "IMAGES", data.draw(st.integers(1, 40)))
        patch.setattr(search_index, "INDIVIDUALS", 5)
        patch.setattr(search_index, "TIMES", 1)
        index_gallery(folder)
        (found, some), (truth, everything) = by_index(folder, QUERIES), exactly(folder, QUERIES)
    rows = {image: n for n, image in enumerate(everything.image.tolist())}
    everybody = exactly(folder, QUERIES, people)[0]
    for n in range(len(QUERIES)):
        pairs = zip(everybody.individual_id[n].tolist(), everybody.score[n].tolist(), strict=True)
        score = dict(pairs)
        for who, mine, image in zip(
            found.individual_id[n].tolist(), found.score[n], found.reference[n], strict=True
        ):
            if who:
                assert mine == np.float32(score[who])
                assert everything.individual_id[rows[some.image[image]]] == who
        assert (found.score[n] <= truth.score[n]).all()


def test_it_says_how_much_it_finds(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    index_gallery(folder)
    assert (
        "it finds 100.0% of the five individuals that exact search finds" in capsys.readouterr()[0]
    )
    assert read_head(folder).recall == {"asked": 256.0, "five": 1.0, "first": 1.0}


def test_what_it_misses_is_counted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing, "WANTED", 0.0)
    monkeypatch.setattr(search_index, "IMAGES", 1)
    monkeypatch.setattr(indexing, "FIVE", 1)  # so that one image is enough
    index_gallery(folder)
    index = open_search_index(folder)
    rows = np.arange(0, 550, 3)
    whole = open_gallery(folder).images()
    cosine = whole.embedding / np.linalg.norm(whole.embedding, axis=1, keepdims=True)
    cosine = cosine[rows] @ cosine.T
    cosine[np.arange(len(rows)), rows] = -2
    truth = whole.individual_id[cosine.argmax(1)]
    found = index.individuals(whole.embedding[rows], 1, 1, rows)
    share = np.mean([who in mine for who, mine in zip(truth, found, strict=True)])
    assert 0 < share < 1
    assert read_head(folder).recall["first"] == pytest.approx(share, abs=0.15)


def test_an_index_of_other_files_is_refused_and_made_anew(folder: Path, tmp_path: Path) -> None:
    other = make_gallery(tmp_path / "others", images(400, 90, seed=7))
    (folder / "part-00000.npz").write_bytes((other.folder / "part-00000.npz").read_bytes())
    with pytest.raises(InputError, match="made of other files than are there now: run `gallery"):
        open_search_index(folder)
    assert any("made of other files" in fault for fault in damaged_files(folder))
    index_gallery(folder)
    same(folder, QUERIES)
    assert not damaged_files(folder)
    assert read_head(folder).version == 1
    assert not [file for file in (folder / FOLDER).iterdir() if file.name.startswith("v0")]


def test_it_is_made_anew_when_the_gallery_has_grown(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "GROWN", 1)
    open_gallery(folder).append(images(60, 200, seed=3))
    index_gallery(folder)
    assert read_head(folder).version == 1
    same(folder, QUERIES)


def test_a_stopped_one_is_refused_and_goes_on(
    tmp_path: Path, every_list: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_gallery(tmp_path / "whales", images(300, 90)).folder
    monkeypatch.setattr(indexing, "SEGMENT", 128)
    save, saved = indexing.save_index, []

    def stop(file: Path, index: object) -> None:
        if len(saved) == 3:  # the empty one, and two of three segments
            raise KeyboardInterrupt
        saved.append(file.name)
        save(file, index)

    monkeypatch.setattr(indexing, "save_index", stop)
    with pytest.raises(KeyboardInterrupt):
        index_gallery(folder)
    with pytest.raises(InputError, match="is unfinished"):
        open_search_index(folder)
    monkeypatch.setattr(indexing, "save_index", save)
    index_gallery(folder)
    assert read_head(folder).version == 0  # the segments that were whole have stayed
    same(folder, QUERIES)


def test_a_correction_that_was_half_taken_in_counts_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery = open_gallery(folder)
    first, second = sorted(set(gallery.individual_id.tolist()))[:2]
    rename(gallery, first, "free")
    rename(gallery, second, first)  # taken in twice, this one would be `free` too
    monkeypatch.setattr(indexing, "write_head", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        index_gallery(folder)
    same(folder, QUERIES)
    monkeypatch.undo()
    index_gallery(folder)
    same(folder, QUERIES)


@pytest.mark.parametrize("ending", [".npz", ".faiss"])
def test_a_damaged_file_is_a_sentence(folder: Path, ending: str) -> None:
    file = next((folder / FOLDER).glob(f"v0-00000*{ending}"))
    file.write_bytes(file.read_bytes()[:50])
    with pytest.raises(InputError, match=r"is damaged .*run `gallery index` again"):
        open_search_index(folder)
    (folder / FOLDER / HEAD).write_text("{")
    with pytest.raises(InputError, match=r"index\.json is damaged"):
        open_search_index(folder)


def test_who_has_no_index_or_cannot_have_one(tmp_path: Path) -> None:
    folder = make_gallery(tmp_path / "whales", images(20, 9)).folder
    with pytest.raises(InputError, match="has no index: run `gallery index"):
        open_search_index(folder)
    centred = make_gallery(tmp_path / "frozen", images(20, 9, about=ABOUT | {"centred": "yes"}))
    with pytest.raises(InputError, match="nobody has taught an individual"):
        index_gallery(centred.folder)
    with pytest.raises(InputError, match="There is no gallery in"):
        index_gallery(tmp_path / "nothing")


def test_without_faiss_it_says_what_to_install(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(InputError, match=r"pip install 'tf-happywhale\[index\]'"):
        open_search_index(folder)


def test_the_gallery_s_own_files_stay(folder: Path) -> None:
    def files() -> dict[str, bytes]:
        return {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}

    before = files()
    open_gallery(folder).append(images(5, 5, seed=8))
    index_gallery(folder)
    assert before.items() <= files().items()
    assert json.loads((folder / FOLDER / HEAD).read_text())["segments"][-1][1] == 555
