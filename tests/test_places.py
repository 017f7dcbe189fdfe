from __future__ import annotations

from pathlib import Path

from tf_happywhale.config import Experiment, load_experiment
from tf_happywhale.places import (
    data_root,
    embeddings_file,
    pseudo_file,
    records_home,
    run_folder,
)


def test_everything_lies_in_the_output_folder_unless_told_otherwise() -> None:
    experiment = load_experiment(None, ["output=out", "name=first"])
    assert data_root(experiment) == Path("out/pod")
    assert records_home(experiment) == Path("out/records")
    assert run_folder(experiment, 2) == Path("out/first/fold2")
    assert embeddings_file(experiment, 2, "test") == Path("out/first/fold2/embeddings/test.npz")


def test_data_and_records_lie_where_the_config_says() -> None:
    experiment: Experiment = load_experiment(None, ["data.root=whales", "records.dir=shards"])
    assert data_root(experiment) == Path("whales")
    assert records_home(experiment) == Path("shards")


def test_each_round_has_run_folders_of_its_own() -> None:
    experiment = load_experiment(None, ["name=a", "pseudo.rounds=2"])
    assert run_folder(experiment.in_round(0), 1) == Path("output/a/fold1")
    assert run_folder(experiment, 1) == Path("output/a-round2/fold1")
    assert pseudo_file(experiment, 1) == Path("output/a-round2/fold1/pseudo.csv")
