"""One device and two logical CPUs train the same weights; `make devices` asks workers and JAX."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.training import agreement


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of two run folders, each of 21 steps from the same weights."""
    folder = tmp_path_factory.mktemp("agreement")
    agreement.write_start(folder, "small")
    alone = [agreement.start(kind, folder, "small") for kind in ("one", "mirrored")]
    agreement.finish(folder, *alone)
    return folder


def test_two_devices_reach_the_weights_of_one(trained):
    assert agreement.difference(trained, "one", "mirrored") < agreement.WITHIN


def test_the_weights_have_moved_by_far_more_than_they_agree(trained):
    assert agreement.moved(trained, "one") > 30 * agreement.WITHIN


def test_the_neck_is_saved_as_a_plain_one(trained):
    from tf_happywhale.run_folders.model_files import load_model

    kinds = ("one", "mirrored")
    necks = [load_model(trained / kind / "model.keras").get_layer("neck") for kind in kinds]
    assert [neck.synchronized for neck in necks] == [False] * 2
