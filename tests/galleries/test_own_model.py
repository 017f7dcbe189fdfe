from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from tf_happywhale.errors import InputError
from tf_happywhale.galleries.gallery_folder import make_gallery, open_gallery, own_model
from tf_happywhale.galleries.own_model import OwnModel, kept_settings
from tf_happywhale.retrieval.embeddings import Embeddings

IMAGES = Embeddings(
    np.eye(2, dtype=np.float32),
    np.array(["a.jpg", "b.jpg"]),
    np.array(["01", "02"]),
    {"model": "m"},
)


def test_a_path_is_kept_as_seen_from_the_gallery_so_that_both_can_be_moved(tmp_path: Path) -> None:
    home = tmp_path / "home"
    run = home / "out" / "fold0"
    run.mkdir(parents=True)
    make_gallery(home / "whales", IMAGES, model=OwnModel(str(run), True, ("image_size=64",)))
    shutil.move(home, tmp_path / "new")
    model, about = own_model(tmp_path / "new" / "whales")
    assert model == OwnModel(str(tmp_path / "new" / "out" / "fold0"), True, ("image_size=64",))
    assert about["model"] == "m"


def test_a_name_is_kept_as_it_is(tmp_path: Path) -> None:
    make_gallery(tmp_path / "whales", IMAGES, model=OwnModel("lite0", False))
    assert open_gallery(tmp_path / "whales").model == OwnModel("lite0", False)


def test_an_older_gallery_has_none(tmp_path: Path) -> None:
    make_gallery(tmp_path / "whales", IMAGES)
    assert open_gallery(tmp_path / "whales").model is None


def test_only_settings_of_the_model_are_kept_and_taken(tmp_path: Path) -> None:
    given = ("image_size=64", "output=elsewhere", "records.source=fin", "rank.candidates=9")
    assert kept_settings(given) == ("image_size=64", "records.source=fin")
    make_gallery(tmp_path / "whales", IMAGES, model=OwnModel("lite0", False, given))
    assert open_gallery(tmp_path / "whales").model.settings == kept_settings(given)


@pytest.mark.parametrize("wrong", [{}, {"path": "x"}, [], "lite0", {"settings": 3, "name": "x"}])
def test_a_damaged_head_is_one_sentence(tmp_path: Path, wrong: object) -> None:
    make_gallery(tmp_path / "whales", IMAGES)
    head = tmp_path / "whales" / "gallery.json"
    head.write_text(json.dumps(json.loads(head.read_text()) | {"model": wrong}))
    with pytest.raises(InputError, match="is damaged"):
        open_gallery(tmp_path / "whales")
