from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tf_happywhale.disk.npz import map_array
from tf_happywhale.errors import InputError
from tf_happywhale.retrieval.embeddings import (
    Embeddings,
    load_embeddings,
    save_embeddings,
)
from tf_happywhale.retrieval.search.candidates import rank_individuals


def make(images: str = "abc", scale: float = 1.0) -> Embeddings:
    rows = [[ord(image) - 96, 1.0] for image in images]
    return Embeddings(
        np.array(rows, np.float32) * np.float32(scale),
        np.array([f"{image}.jpg" for image in images]),
        np.array([f"0{image}" for image in images]),
        {"model": "m", "fold": "0"},
    )


def test_what_is_saved_comes_back(tmp_path: Path) -> None:
    save_embeddings(tmp_path / "e.npz", make())
    back = load_embeddings(tmp_path / "e.npz")
    assert back.embedding.dtype == np.float32
    assert (back.embedding == make().embedding).all()
    assert back.individual_id.tolist() == ["0a", "0b", "0c"]
    assert back.about == {"model": "m", "fold": "0"}


def test_the_heads_centres_come_back_with_their_individuals(tmp_path: Path) -> None:
    centred = replace(make(), centre=np.eye(2, dtype=np.float32), centre_id=np.array(["01", "NA"]))
    save_embeddings(tmp_path / "e.npz", centred)
    back = load_embeddings(tmp_path / "e.npz").take(np.array([0]))
    assert back.centre.tolist() == [[1, 0], [0, 1]]
    assert back.centre_id.tolist() == ["01", "NA"]


@pytest.mark.parametrize("embedding", [np.zeros(2), np.array([["a"], ["b"]])])
def test_arrays_of_another_kind_are_no_embeddings(tmp_path: Path, embedding: np.ndarray) -> None:
    names = np.array(["a", "b"])
    centre, centre_id = np.zeros((0, 1), np.float32), np.zeros(0, np.str_)
    np.savez(
        tmp_path / "e.npz",
        embedding=embedding,
        image=names,
        individual_id=names,
        centre=centre,
        centre_id=centre_id,
    )
    with pytest.raises(InputError, match="cannot be read as embeddings"):
        load_embeddings(tmp_path / "e.npz")


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    np.savez(
        tmp_path / "e.npz",
        embedding=np.zeros((1, 2), np.float32),
        image=np.array([{"a": 1}], dtype=object),
        individual_id=np.array([""]),
        centre=np.zeros((0, 2), np.float32),
        centre_id=np.zeros(0, np.str_),
    )
    with pytest.raises(InputError, match="image is pickled, and nothing is unpickled here"):
        load_embeddings(tmp_path / "e.npz")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", b"text"])
def test_a_damaged_file_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "e.npz").write_bytes(content)
    with pytest.raises(InputError, match="run embed again"):
        load_embeddings(tmp_path / "e.npz")


def test_a_bare_array_under_the_name_of_an_archive_is_one_sentence(tmp_path: Path) -> None:
    with (tmp_path / "e.npz").open("wb") as file:
        np.save(file, np.ones((2, 2), np.float32))
    with pytest.raises(InputError, match="run embed again"):
        load_embeddings(tmp_path / "e.npz")


def refused_when(tmp_path: Path, **changed: np.ndarray) -> None:
    """A good file but for these arrays is refused in a sentence."""
    save_embeddings(tmp_path / "e.npz", make())
    with np.load(tmp_path / "e.npz") as file:
        np.savez(tmp_path / "e.npz", **(dict(file) | changed))
    with pytest.raises(InputError, match="run embed again"):
        load_embeddings(tmp_path / "e.npz")


@pytest.mark.parametrize("name", ["image", "individual_id", "column/species", "model"])
def test_bytes_that_are_no_characters_are_refused(tmp_path: Path, name: str) -> None:
    refused_when(tmp_path, **{name: np.array([0x41, 0x110000, 0x42], np.uint32).view("U1")})


def test_centres_are_named_and_equally_many_of_each_individual(tmp_path: Path) -> None:
    centre = np.eye(4, dtype=np.float32)
    good = replace(make(), centre=centre, centre_id=np.array(["a", "a", "b", "b"]))
    save_embeddings(tmp_path / "e.npz", good)
    assert load_embeddings(tmp_path / "e.npz").centre_id.tolist() == ["a", "a", "b", "b"]
    for names in ("aab", "abab", "aaab", "aabc"):
        refused_when(tmp_path, centre=centre, centre_id=np.array(list(names)))


def test_a_header_that_claims_more_rows_than_there_are_is_refused(tmp_path: Path) -> None:
    save_embeddings(tmp_path / "e.npz", make())
    content = (tmp_path / "e.npz").read_bytes()
    claimed = content.replace(b"'shape': (3, 2)", b"'shape': (9, 2)")
    claimed = claimed.replace(b"'shape': (3,)", b"'shape': (9,)")
    assert claimed != content
    (tmp_path / "e.npz").write_bytes(claimed)
    with zipfile.ZipFile(tmp_path / "e.npz") as archive:
        entry = archive.getinfo("embedding.npy")
    assert entry.header_offset + 9 * 8 < len(content)  # the file would be long enough
    with pytest.raises(ValueError, match="room"):
        map_array(tmp_path / "e.npz", "embedding", np.float32)
    with pytest.raises(InputError, match="run embed again"):
        load_embeddings(tmp_path / "e.npz")


def test_a_file_with_a_wrong_byte_is_read_or_refused_in_a_sentence(tmp_path: Path) -> None:
    save_embeddings(tmp_path / "e.npz", make())
    good, rng = (tmp_path / "e.npz").read_bytes(), np.random.default_rng(0)
    refused = 0
    for _ in range(400):
        content = bytearray(good)
        content[rng.integers(len(content))] = rng.integers(256)
        (tmp_path / "e.npz").write_bytes(content)
        try:
            load_embeddings(tmp_path / "e.npz")
        except InputError:
            refused += 1
    assert refused > 100


def test_a_missing_file_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="-m tf_happywhale"):
        load_embeddings(tmp_path / "e.npz")


def test_an_embedding_that_is_not_finite_is_named() -> None:
    with pytest.raises(InputError, match=r"b\.jpg is not finite"):
        Embeddings(
            np.array([[1.0], [np.nan]], np.float32),
            np.array(["a.jpg", "b.jpg"]),
            np.array(["x", "y"]),
        )


def test_unequal_counts_are_refused() -> None:
    with pytest.raises(InputError, match="equally many"):
        Embeddings(np.ones((2, 2), np.float32), np.array(["a"]), np.array(["x", "y"]))


@pytest.mark.parametrize("value", [0.0, 1e-40])  # the second cannot be scaled in float32
def test_a_zero_embedding_is_named(value: float) -> None:
    with pytest.raises(InputError, match=r"b\.jpg is zero"):
        Embeddings(
            np.array([[1.0], [value]], np.float32), np.array(["a.jpg", "b.jpg"]), np.array(["", ""])
        )


def test_compressed_files_are_read_too(tmp_path: Path) -> None:
    save_embeddings(tmp_path / "e.npz", make())
    with np.load(tmp_path / "e.npz") as file:
        np.savez_compressed(tmp_path / "c.npz", **{key: file[key] for key in file.files})
    assert (load_embeddings(tmp_path / "c.npz").embedding == make().embedding).all()


@pytest.mark.parametrize("count", [1, 2, 3, 17])
def test_mapped_numbers_begin_where_a_processor_likes_them(tmp_path: Path, count: int) -> None:
    many = make("abcdefghijklmnopq"[:count])
    save_embeddings(tmp_path / "e.npz", many)
    back = load_embeddings(tmp_path / "e.npz")
    assert back.embedding.ctypes.data % 64 == 0
    assert back.image.tolist() == many.image.tolist()
    np.savez(tmp_path / "n.npz", **dict(np.load(tmp_path / "e.npz")))  # as older files are
    assert (load_embeddings(tmp_path / "n.npz").embedding == many.embedding).all()


def test_an_image_twice_is_refused() -> None:
    twice = make("aba")
    for images in (["a.jpg", "b.jpg"], ["a.jpg", "b.jpg", "a.jpg"]):
        with pytest.raises(InputError, match="twice"):
            twice.rows_of(images)


def test_images_are_found_by_name() -> None:
    rows = make("abc").rows_of(["c.jpg", "a.jpg", "b.jpg"])
    assert rows.tolist() == [2, 0, 1]
    for images in (["a.jpg", "b.jpg"], ["a.jpg", "b.jpg", "d.jpg"], ["a.jpg", "b.jpg", "b.jpg"]):
        with pytest.raises(InputError, match="not of the images asked for"):
            make("abc").rows_of(images)


def test_rows_of_length_one_need_no_lengths_again(monkeypatch: pytest.MonkeyPatch) -> None:
    embedding = np.array([[3, 4], [0, 2]], np.float32)
    known = Embeddings(embedding, np.array(["x", "y"]), np.array(["b", "a"]))
    monkeypatch.setattr("tf_happywhale.retrieval.search.joined_rows.squared_lengths", None)
    np.testing.assert_allclose(known.stack().tile(slice(None)), [[0.6, 0.8], [0, 1]])


def test_what_is_known_of_embeddings_stays_true() -> None:
    """Lengths and individuals are kept, so nothing may change under them."""
    one = make()
    for array in (one.embedding, one.individual_id):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = array[1]
    rows = np.array([[1, 0]]) * np.array([[0.1], [3.3], [7.7]])  # all in one direction
    ids = np.array(["c", "b", "a"])
    wide = Embeddings(rows, np.array(["1.jpg", "2.jpg", "3.jpg"]), ids)
    assert wide.embedding.dtype == np.float32
    found = rank_individuals(np.array([[2.0, 0]]), wide.stack(), wide.individuals, 3)
    assert found.individual_id.tolist() == [["a", "b", "c"]]  # equal to twelve decimals


def test_individuals_are_those_of_the_images_that_are_left() -> None:
    known = Embeddings(np.eye(3), np.array(["x", "y", "z"]), np.array(["b", "a", "b"]))
    assert known.individuals.names.tolist() == ["a", "b"]
    assert known.individuals.labels.tolist() == [1, 0, 1]
    assert known.take(np.array([2])).individuals.names.tolist() == ["b"]
