from __future__ import annotations

from pathlib import Path

from tests.conftest import QUICK
from tf_happywhale import tfrecords
from tf_happywhale.catalogue.dataset import load_data
from tf_happywhale.config import load_experiment
from tf_happywhale.records.labels import differing_labels, report_differing
from tf_happywhale.records.plan import plan_records


def test_a_corrected_label_is_told_from_a_shifted_target(pod: Path, tmp_path: Path, capsys) -> None:
    from shutil import copytree

    root = tmp_path / "data"
    copytree(pod, root)
    experiment = load_experiment(None, [*QUICK, f"data.root={root}", f"output={tmp_path / 'out'}"])
    folder = plan_records(experiment, load_data(experiment)).folder
    assert (
        differing_labels(folder, load_data(experiment).individual_of) == []
    )  # nothing is written yet
    tfrecords.main("write", experiment)
    assert differing_labels(folder, load_data(experiment).individual_of) == []
    table = root / "train.csv"
    first, row, *rows = table.read_text(encoding="utf-8").splitlines()
    image, species, identity = row.split(",")
    corrected = f"{image},{species},00000"  # a new individual: every other target moves up
    table.write_text("\n".join([first, corrected, *rows, ""]), encoding="utf-8")
    data = load_data(experiment)
    assert plan_records(experiment, data).folder == folder
    assert differing_labels(folder, data.individual_of) == [(image, identity, "00000")]
    capsys.readouterr()
    report_differing(folder, data.individual_of)
    assert "labels: 1 images are other individuals in the catalogue" in capsys.readouterr().out
