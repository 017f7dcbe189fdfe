from __future__ import annotations

from pathlib import Path

import pytest

from tf_happywhale.errors import InputError
from tf_happywhale.retrieval.submission import no_submission, pad, write_submission


def test_padding_never_repeats() -> None:
    assert pad(["a", "b"], ["b", "c", "a", "d", "e", "f"]) == ["a", "b", "c", "d", "e"]
    assert pad(["a", "b", "c", "d", "e", "f"], []) == ["a", "b", "c", "d", "e"]
    assert pad(["a"], ["a"]) == ["a"]


def test_ids_with_leading_zeros_arrive_unharmed(tmp_path: Path) -> None:
    file = tmp_path / "submission.csv"
    write_submission(file, ["x.jpg"], [["09913", "1e10", "NA", "new_individual", "None"]])
    assert file.read_bytes() == (b"image,predictions\nx.jpg,09913 1e10 NA new_individual None\n")


@pytest.mark.parametrize(
    "ids",
    [
        ["a", "b", "c", "d"],
        ["a", "b", "c", "d", "d"],
        ["a", "b", "c", "d", ""],
        [*list("abcd"), "e f"],
    ],
)
def test_anything_but_five_different_ids_is_refused(tmp_path: Path, ids: list[str]) -> None:
    with pytest.raises(InputError, match=r"x\.jpg must be five different ids"):
        write_submission(tmp_path / "submission.csv", ["x.jpg"], [ids])
    assert not list(tmp_path.iterdir())


def test_an_image_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="twice"):
        write_submission(tmp_path / "s.csv", ["x", "x"], [list("abcde")] * 2)


def test_why_there_is_no_submission_is_said() -> None:
    assert no_submission(["09913", "NA", "1e10", "?"]) == ""
    assert "need at least four individuals, and the catalogue has 3" in no_submission(list("abc"))
    assert "'Old Tom' holds one" in no_submission([*"abcd", "Old Tom"])
    assert "'a ' holds one" in no_submission([*"abcd", "a "])
