from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from tf_happywhale.catalogue.kaggle.sample_submission import check_rows, rows_asked
from tf_happywhale.errors import InputError


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    file = tmp_path / "sample_submission.csv"
    file.write_text("image,predictions\nz.jpg,1\nx.jpg,1\ny.jpg,1\n", encoding="utf-8")
    return file


def test_rows_have_the_samples_names_and_order(sample: Path) -> None:
    rows = rows_asked(sample, ["x.jpg", "y.jpg", "z.jpg", "more.jpg"])
    assert rows == [("z.jpg", "z.jpg"), ("x.jpg", "x.jpg"), ("y.jpg", "y.jpg")]


def test_names_of_another_spelling_mean_the_same_image(tmp_path: Path) -> None:
    composed, apart = "dir/é.jpg", unicodedata.normalize("NFD", "dir/é.jpg")
    file = tmp_path / "sample_submission.csv"
    file.write_text(f"image,predictions\n{apart.replace('/', chr(92))},1\n", encoding="utf-8")
    assert rows_asked(file, [composed]) == [(apart.replace("/", "\\"), composed)]


def test_an_image_that_the_data_lacks_is_named_beside_one_that_it_has(sample: Path) -> None:
    with pytest.raises(InputError, match=r"lists 2 images .* first 'z\.jpg', .* like 'x\.jpg'"):
        rows_asked(sample, ["x.jpg"])


@pytest.mark.parametrize(
    ("images", "words"),
    [
        (["z.jpg", "x.jpg"], r"lacks 1 image, the first 'y\.jpg'"),
        (["z.jpg", "x.jpg", "w.jpg"], r"lacks 1 image, .* and it adds 1 image, the first 'w\.jpg'"),
        (["z.jpg", "y.jpg", "x.jpg"], "its order differs from line 3 on"),
        (["z.jpg", "x.jpg", "y.jpg", "y.jpg"], "or it has an image twice"),
    ],
)
def test_another_submission_is_not_the_samples(sample: Path, images: list[str], words: str) -> None:
    with pytest.raises(InputError, match=words):
        check_rows(Path("submission.csv"), images, sample)
    check_rows(Path("submission.csv"), ["z.jpg", "x.jpg", "y.jpg"], sample)
