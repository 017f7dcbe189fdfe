from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from tf_happywhale.errors import InputError
from tf_happywhale.inference.which_model.untaught_models import find_untaught, is_untaught
from tf_happywhale.models.pretrained import pretrained_backbone

ENOUGH = ("image_size=64", "embed.batch_size=4")


def model(folder: Path, *keys: str, name: str = "lite0"):
    return find_untaught(name, [*ENOUGH, f"output={folder}", *keys])[1]


def test_it_has_learned_nothing_and_is_compared_from_the_middle_of_the_gallery(
    tmp_path: Path,
) -> None:
    about = model(tmp_path).about
    assert about["trained_on"] == "nothing" and about["centred"] == "yes"
    assert not model(tmp_path).taught
    assert about["preprocess"] == "squashed to 64"


def test_what_it_is_depends_on_the_weights_alone_and_not_on_where_it_is_used(
    tmp_path: Path,
) -> None:
    here, there = (model(tmp_path / folder).about["model"] for folder in ("a", "b"))
    assert here == there == model(tmp_path, name="lite0_package").about["model"]
    assert here != model(tmp_path, name="lite1").about["model"]


def test_its_embedding_is_the_mean_of_the_last_map(tmp_path: Path) -> None:
    found = model(tmp_path)
    pictures = np.random.default_rng(0).integers(0, 255, (3, 64, 64, 3), dtype=np.uint8)
    expected = np.asarray(pretrained_backbone("lite0")(pictures)).mean(axis=(1, 2))
    np.testing.assert_allclose(found.load()(pictures), expected, rtol=1e-3, atol=1e-4)
    assert isinstance(found.network(), keras.Model)


def test_it_is_written_into_the_output_once(tmp_path: Path, monkeypatch) -> None:
    found = model(tmp_path)
    found.load()
    assert tmp_path in found.file.parents and found.file.is_file()
    monkeypatch.setattr("tf_happywhale.models.pretrained.mean_pooled", None)
    model(tmp_path).load()
    assert model(tmp_path, "image_size=32").folder != found.folder  # engines are made for a size
    assert (
        tmp_path / "cache" in model(tmp_path, f"identify.cache={tmp_path / 'cache'}").folder.parents
    )


def test_weights_that_are_not_here_are_one_sentence(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(
        "tf_happywhale.inference.which_model.untaught_models.weights_at_hand", lambda _: None
    )
    with pytest.raises(InputError, match=r"weights of b6 are not on this machine.*weights b6"):
        model(tmp_path, name="b6")


def test_names_are_those_of_backbones_and_of_weights() -> None:
    assert is_untaught("lite0") and is_untaught("b6_ns")
    assert not is_untaught("whales") and not is_untaught("./lite0")


def test_the_side_of_the_pictures_is_the_backbones_own(tmp_path: Path) -> None:
    for name, side in (("lite0", 224), ("lite2", 260)):
        assert find_untaught(name, [f"output={tmp_path}"])[1].sizes == (side, side)
