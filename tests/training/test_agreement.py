"""One device, two logical CPUs and two workers on loopback train the same weights."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.training import agreement


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of three run folders, each of 20 steps from the same weights."""
    folder = tmp_path_factory.mktemp("agreement")
    agreement.write_start(folder, "small")
    alone = [agreement.start(kind, folder, "small") for kind in ("one", "mirrored")]
    agreement.finish(folder, *alone, *agreement.start_workers(folder, "small"))
    return folder


@pytest.mark.parametrize("kind", ["mirrored", "worker"])
def test_several_devices_reach_the_weights_of_one(trained, kind):
    assert agreement.difference(trained, "one", kind) < agreement.WITHIN


def test_the_weights_have_moved_by_far_more_than_they_agree(trained):
    assert agreement.moved(trained, "one") > 30 * agreement.WITHIN


def test_only_the_chief_has_left_files(trained):
    found = {path.name for path in (trained / "worker").iterdir()}
    assert {"model.keras", "metrics.json", "log.jsonl"} <= found
    assert len((trained / "worker" / "log.jsonl").read_text().splitlines()) == 20
    assert {path.name for path in trained.iterdir() if path.is_dir()} == {
        "one", "mirrored", "worker",
    }  # fmt: skip
    assert "this is number 1" in (trained / "worker1.log").read_text()


def test_the_neck_is_saved_as_a_plain_one(trained):
    from tf_happywhale.training.run_folder import load_model

    necks = [load_model(trained / kind / "model.keras").get_layer("neck") for kind in
             ("one", "mirrored", "worker")]  # fmt: skip
    assert [neck.synchronized for neck in necks] == [False] * 3
