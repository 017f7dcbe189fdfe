"""Who is in which image, by sorted tables under later corrections, and by applying all of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tf_happywhale.galleries.changes import Change, changed
from tf_happywhale.galleries.individual_rows import individual_rows, map_rows, save_rows
from tf_happywhale.galleries.mapped_parts import map_parts
from tf_happywhale.galleries.numbered_files import add_part, load_parts
from tf_happywhale.retrieval.embeddings import Embeddings

SIZES = (7, 5)  # images of two files
WHO = ["ann", "bob", "cy", "ann", "dee", "bob", "ann", "cy", "ed", "ed", "fay", "ann"]
IDS = st.sampled_from([*sorted(set(WHO)), "a_new_name_that_is_long"])
IMAGES = st.sampled_from([f"{n}.jpg" for n in range(len(WHO))])


@st.composite
def corrections(draw: st.DrawFn) -> Change:
    verb = draw(st.sampled_from(["rename", "remove"]))
    to = draw(IDS) if verb == "rename" else ""
    if draw(st.booleans()):
        return Change(verb, image=draw(IMAGES), to=to, after=2)
    return Change(verb, draw(IDS), to, after=2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, start = tmp_path_factory.mktemp("gallery"), 0
    for size in SIZES:
        rows = np.arange(start, start + size)
        add_part(
            folder,
            Embeddings(
                np.stack([rows + 1.0, rows * 0.5], axis=1).astype(np.float32),
                np.array([f"{n}.jpg" for n in rows]),
                np.array([WHO[n] for n in rows]),
                {"model": "m"},
            ),
        )
        start += size
    return folder


@settings(max_examples=150, deadline=None)
@given(st.lists(corrections(), max_size=6), st.integers(0, 6), st.integers(0, 11), st.data())
def test_tables_and_later_corrections_are_all_corrections(
    folder: Path, changes: list[Change], known: int, first: int, data: st.DataObject
) -> None:
    end = data.draw(st.integers(first + 1, len(WHO)))
    parts = map_parts(folder)
    file = folder.parent / "rows.npz"
    save_rows(file, individual_rows(parts, changes[:known], first, end))
    rows = map_rows(file, first, end)
    rows.correct(changes[known:], parts)
    truth = {
        image: who
        for part in changed(load_parts(folder), changes)
        for image, who in zip(part.image.tolist(), part.individual_id.tolist(), strict=True)
    }
    mine = np.arange(first, end)
    expected = [truth.get(f"{n}.jpg", "") for n in mine]
    assert rows.names(mine).tolist() == expected
    for who in {*WHO, "a_new_name_that_is_long"}:
        found = sorted(rows.rows_of([who]).tolist())
        assert found == [n for n, name in zip(mine.tolist(), expected, strict=True) if name == who]


def test_images_are_taken_across_files(folder: Path) -> None:
    parts, rows = map_parts(folder), np.array([1, 6, 7, 11])
    taken = parts.take(rows, np.array(["x", "y", "z", "w"]))
    assert taken.image.tolist() == ["1.jpg", "6.jpg", "7.jpg", "11.jpg"]
    assert taken.individual_id.tolist() == ["x", "y", "z", "w"]
    np.testing.assert_array_equal(taken.embedding[:, 0], rows + 1.0)
    np.testing.assert_array_equal(parts.rows(rows), taken.embedding)
    np.testing.assert_array_equal(parts.embeddings(5, 9)[:, 0], np.arange(6.0, 10.0))
    assert len(parts.take(rows[:0], np.zeros(0, np.str_))) == 0
