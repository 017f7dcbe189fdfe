from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.retrieval.conftest import embed
from tf_happywhale.errors import InputError
from tf_happywhale.review.query_pictures import picture_reader, whole_reader


def test_another_picture_at_its_path_is_not_shown_under_an_animals_name(tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    cv2.imwrite(str(file), np.full((8, 8, 3), 200, np.uint8))
    columns = {
        "picture": np.array([str(file)]),
        "content": np.array([hashlib.sha256(file.read_bytes()).hexdigest()]),
    }
    images = replace(embed([0], ["a.png"], ["A"]), columns=columns)
    readers = picture_reader(images, 8), whole_reader(images, 8)
    for read in readers:
        assert read("a.png").max() == 200
    cv2.imwrite(str(file), np.zeros((8, 8, 3), np.uint8))
    for read in readers:
        with pytest.raises(InputError, match=r"a\.png is not the picture that was embedded as a"):
            read("a.png")
    older = replace(images, columns={"picture": columns["picture"]})  # nothing is known of it
    assert picture_reader(older, 8)("a.png").max() == 0
