"""A training is started, watched and resumed; each finished one keeps its folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from tf_happywhale.config import load_experiment
from tf_happywhale.server.home.home import Home
from tf_happywhale.server.jobs.training_progress import progress, read_entries, seconds_left

ENTRY = {"epoch": 0, "loss": 9.5, "seconds": 10.0}


@pytest.fixture
def catalogue(home: Home) -> Path:
    """A catalogue that is not empty."""
    (home.folder / "catalogue/test_images").mkdir(parents=True)
    (home.folder / "catalogue/train.csv").write_text("image,individual_id\na.jpg,1\n")
    return home.folder / "catalogue"


def words(home: Home) -> list[str]:
    return json.loads(home.store.row("select words from jobs order by id desc")["words"])


def ended(home: Home, state: str) -> None:
    with home.store.changing() as db:
        db.execute("update jobs set state = ?", (state,))


def log(run: Path, *entries: dict, epochs: int = 4) -> None:
    run.mkdir(parents=True, exist_ok=True)
    (run / "config.yaml").write_text(f"train:\n  epochs: {epochs}\n")
    (run / "log.jsonl").write_text("".join(json.dumps(entry) + "\n" for entry in entries))


def test_without_a_catalogue(client: TestClient, idle: None) -> None:
    assert client.post("/v1/training", json={}).status_code == 409
    told = client.get("/v1/training").json()
    assert (told["job"], told["epochs"], told["model"]) == (None, [], None)


def test_it_is_a_job(client: TestClient, home: Home, catalogue: Path, idle: None) -> None:
    assert client.post("/v1/training", json={}).status_code == 200
    assert client.post("/v1/training", json={}).status_code == 409
    command, config, *settings = words(home)
    assert command == "run"
    assert f"data.root={catalogue}" in settings
    assert f"output={home.training / '1'}" in settings
    assert load_experiment(config, settings).data.root == str(catalogue)
    assert client.get("/v1/training").json()["job"]["state"] == "waiting"


def test_a_stopped_one_goes_on_and_a_finished_one_stays(
    client: TestClient, home: Home, catalogue: Path, idle: None
) -> None:
    for state, folder in [("stopped", "1"), ("failed", "1"), ("done", "1"), ("done", "2")]:
        assert client.post("/v1/training", json={}).status_code == 200
        assert f"output={home.training / folder}" in words(home)
        ended(home, state)
    client.post("/v1/training", json={"restart": True})
    assert words(home)[-1] == "train.restart=true"


def test_a_chosen_catalogue_without_test_images(
    client: TestClient, home: Home, catalogue: Path, idle: None
) -> None:
    (catalogue / "test_images").rmdir()
    client.post("/v1/training", json={})
    empty = home.training / "nothing_to_identify"
    assert f"data.test_images={empty}" in words(home)
    assert empty.is_dir()


def test_epochs_are_shown(tmp_path: Path) -> None:
    assert progress(tmp_path)["epochs"] == []
    log(tmp_path / "my_catalogue/fold0/training", ENTRY, ENTRY | {"epoch": 1, "map5_known": 0.25})
    told = progress(tmp_path)
    assert told["epochs"] == [
        {"epoch": 1, "loss": 9.5, "map": None},
        {"epoch": 2, "loss": 9.5, "map": 0.25},
    ]
    assert (told["epoch"], told["of"], told["round"]) == (2, 4, 0)
    assert 10 <= told["seconds_left"] <= 20
    log(tmp_path / "my_catalogue-round1/fold0/training", ENTRY)
    assert (progress(tmp_path)["epoch"], progress(tmp_path)["round"]) == (1, 1)


def test_half_a_line_is_left_out(tmp_path: Path) -> None:
    log(tmp_path, ENTRY)
    with (tmp_path / "log.jsonl").open("a") as file:
        file.write('{"epoch": 1, "lo')
    assert len(read_entries(tmp_path / "log.jsonl")) == 1


@given(
    times=st.lists(st.floats(0.01, 1e5), max_size=6),
    more=st.integers(0, 5),
    since=st.floats(0, 1e6),
)
def test_time_left_is_never_negative(times: list[float], more: int, since: float) -> None:
    entries = [{"epoch": n, "seconds": seconds} for n, seconds in enumerate(times)]
    left = seconds_left(entries, len(times) + more, since)
    assert left is None if not times else 0 <= left <= (more * max(times)) + 1
