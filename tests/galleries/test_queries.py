from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.retrieval.conftest import embed
from tf_happywhale.errors import InputError
from tf_happywhale.galleries.queries import PhotographFinder, load_queries, save_queries
from tf_happywhale.retrieval.embeddings import Embeddings, save_embeddings


def identified(*pictures: str) -> Embeddings:
    """Photographs, whose files are there, as `identify` has them in hand."""
    names = [Path(picture).name for picture in pictures]
    contents = [hashlib.sha256(Path(picture).read_bytes()).hexdigest() for picture in pictures]
    columns = {"picture": np.array(pictures), "content": np.array(contents)}
    queries = embed(range(len(names)), names, [""] * len(names))
    return replace(queries, columns=columns)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with a trip of two photographs."""
    home = tmp_path / "home"
    (home / "trip").mkdir(parents=True)
    for name in ("a.jpg", "b.jpg"):
        (home / "trip" / name).write_text(name)
    monkeypatch.chdir(home)
    return home


def where(output: Path, key: str = "a.jpg", elsewhere: Path | None = None) -> Path:
    return PhotographFinder(load_queries(output), output, elsewhere).path(key).resolve()


def test_photographs_are_found_from_another_working_folder(home: Path, monkeypatch) -> None:
    save_queries(Path("out"), identified("trip/a.jpg", "trip/b.jpg"))
    other = home.parent / "other"
    (other / "trip").mkdir(parents=True)
    (other / "trip" / "a.jpg").write_text("another photograph of this name")
    monkeypatch.chdir(other)
    assert where(home / "out") == home / "trip" / "a.jpg"
    assert where(Path("../home/out"), "b.jpg") == home / "trip" / "b.jpg"


def test_output_and_photographs_may_be_moved_together_or_the_output_alone(home: Path) -> None:
    save_queries(Path("out"), identified("trip/a.jpg"))
    shutil.copytree(home, home.parent / "copy")
    (home / "trip" / "a.jpg").write_text("another")
    assert where(home.parent / "copy" / "out") == home.parent / "copy" / "trip" / "a.jpg"
    (home / "trip" / "a.jpg").write_text("a.jpg")
    (home / "out").rename(home.parent / "out")
    assert where(home.parent / "out") == home / "trip" / "a.jpg"


def test_another_photograph_of_the_same_name_is_refused_and_the_right_one_found_elsewhere(
    home: Path,
) -> None:
    """The card was formatted, and the camera began to count again."""
    save_queries(Path("out"), identified("trip/a.jpg", "trip/b.jpg"))
    backup = home / "backup" / "2024"
    backup.mkdir(parents=True)
    (home / "trip" / "a.jpg").rename(backup / "renamed.jpg")
    (home / "trip" / "a.jpg").write_text("another")
    (backup / "a.jpg").write_text("a third")
    with pytest.raises(InputError, match=r"a\.jpg is another photograph than the one .*=FOLDER"):
        where(Path("out"))
    assert where(Path("out"), elsewhere=home / "backup") == backup / "renamed.jpg"
    (home / "trip" / "b.jpg").unlink()
    with pytest.raises(InputError, match=r"b\.jpg is gone: set identify\.photographs="):
        where(Path("out"), "b.jpg")
    with pytest.raises(InputError, match=r"b\.jpg is gone, and .*backup does not hold"):
        where(Path("out"), "b.jpg", home / "backup")
    with pytest.raises(InputError, match="There is no folder"):
        where(Path("out"), "b.jpg", home / "nowhere")


def test_queries_of_an_older_version_work_where_they_were_made(home: Path, monkeypatch) -> None:
    save_embeddings(home / "out" / "queries.npz", identified("trip/a.jpg"))
    assert where(home / "out") == home / "trip" / "a.jpg"
    (home / "sub").mkdir()
    monkeypatch.chdir(home / "sub")
    with pytest.raises(InputError, match=r"^trip/a\.jpg is gone"):
        where(home / "out")


def test_all_animals_of_a_photograph_are_in_its_file(home: Path) -> None:
    queries = replace(identified("trip/a.jpg", "trip/a.jpg"), image=np.array(["a.jpg", "a.jpg#2"]))
    save_queries(Path("out"), queries)
    assert where(Path("out"), "a.jpg#2") == home / "trip" / "a.jpg"


def test_without_identify_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"set output=DIR to the folder that identify wrote"):
        load_queries(tmp_path)


def test_a_disk_of_another_letter_has_no_way_from_the_output(home: Path, monkeypatch) -> None:
    """As Windows' `os.path.relpath` does it."""

    def relpath(*_: object) -> str:
        raise ValueError("path is on mount 'D:', start on mount 'C:'")

    monkeypatch.setattr(os.path, "relpath", relpath)
    save_queries(Path("out"), identified("trip/a.jpg"))
    assert where(Path("out")) == home / "trip" / "a.jpg"
