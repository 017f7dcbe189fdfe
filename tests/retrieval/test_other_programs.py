"""Embeddings files that another program saved."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tf_happywhale.errors import InputError
from tf_happywhale.retrieval.embeddings import load_embeddings

ROWS = np.eye(3, 4) * 7
NAMES = np.array(["a.jpg", "b.jpg", "c.jpg"])
IDS = np.array(["09913", "NA", "Old Tom"])


def saved(tmp_path: Path, **arrays: np.ndarray) -> Path:
    np.savez(tmp_path / "train.npz", **arrays)
    return tmp_path / "train.npz"


def test_three_arrays_are_enough(tmp_path: Path) -> None:
    found = load_embeddings(saved(tmp_path, embedding=ROWS, image=NAMES, individual_id=IDS))
    assert found.embedding.dtype == np.float32
    assert (found.embedding == ROWS).all()  # lengths stay as they are
    assert found.image.tolist() == NAMES.tolist()
    assert found.individual_id.tolist() == IDS.tolist()
    assert found.about == {}
    assert len(found.centre) == len(found.centre_id) == 0


def test_who_is_in_the_images_may_be_left_to_the_catalogue(tmp_path: Path) -> None:
    found = load_embeddings(saved(tmp_path, embedding=ROWS, image=NAMES))
    assert found.individual_id.tolist() == ["", "", ""]


@pytest.mark.parametrize("dtype", [np.float16, np.float64, np.int8])
def test_numbers_of_any_kind_become_float32(tmp_path: Path, dtype) -> None:
    found = load_embeddings(saved(tmp_path, embedding=ROWS.astype(dtype), image=NAMES))
    assert found.embedding.dtype == np.float32
    assert (found.embedding == ROWS).all()


def test_bytes_are_utf8_text(tmp_path: Path) -> None:
    names = np.array([name.encode() for name in ("é.jpg", "b.jpg", "c.jpg")])
    assert load_embeddings(saved(tmp_path, embedding=ROWS, image=names)).image[0] == "é.jpg"


def test_facts_are_kept_and_other_arrays_left_out(tmp_path: Path) -> None:
    more = {"trained_on": np.array("nothing"), "labels": np.arange(3), "split": np.array("train")}
    found = load_embeddings(saved(tmp_path, embedding=ROWS, image=NAMES, **more))
    assert found.about == {"trained_on": "nothing"}


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"embeddings": ROWS, "names": NAMES}, "lacks the array embedding and image; it has emb"),
        ({"embedding": ROWS[0], "image": NAMES}, r"embedding has the shape \[4\]"),
        ({"embedding": NAMES, "image": NAMES}, "Save it as float32"),
        ({"embedding": ROWS, "image": np.arange(3)}, "array image holds numbers"),
        (
            {"embedding": ROWS, "image": NAMES, "individual_id": np.array([9913, 1, 2])},
            "lost zeros at their beginning. Save it as text",
        ),
        ({"embedding": ROWS, "image": NAMES[:2]}, r"image has the shape \[2\], but .* 3 rows"),
        ({"embedding": ROWS, "image": NAMES, "centre": ROWS}, "only one of centre and centre_id"),
        ({"embedding": ROWS, "image": np.array([b"\xff"] * 3)}, "image is not UTF-8"),
        ({"embedding": ROWS, "image": NAMES.astype(object)}, "image is pickled"),
        ({"embedding": ROWS * 0, "image": NAMES}, r"embedding of a\.jpg is zero"),
    ],
)
def test_what_cannot_be_read_is_named_and_the_file_stays(tmp_path: Path, arrays, words) -> None:
    file = saved(tmp_path, **arrays)
    before = file.read_bytes()
    with pytest.raises(InputError, match=words) as refused:
        load_embeddings(file)
    assert "delete" not in str(refused.value)
    assert file.read_bytes() == before


def test_centres_of_another_length_are_refused(tmp_path: Path) -> None:
    arrays = {"embedding": np.ones((2, 4)), "image": np.array(["a", "b"])}
    path = saved(tmp_path, **arrays, centre=np.ones((1, 7)), centre_id=np.array(["x"]))
    with pytest.raises(InputError, match=r"centre has the shape \[1, 7\].*length 4"):
        load_embeddings(path)
