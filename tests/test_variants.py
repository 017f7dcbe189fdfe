"""Several experiments in one config: each is trained, and all of them rank together."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest

from tests import small_network
from tests.conftest import QUICK
from tf_happywhale import demo, evaluate, run
from tf_happywhale.catalogue.dataset import load_data
from tf_happywhale.config import Experiment, load_experiment
from tf_happywhale.errors import ConfigError
from tf_happywhale.retrieval.ensemble.members import find_members
from tf_happywhale.retrieval.evaluation.metric_lines import print_metrics
from tf_happywhale.review.experiment_report import summary_rows
from tf_happywhale.training import trainer

VARIANTS = (
    "variants=[{name: narrow, fold: 0, model.embedding_size: 4},"
    "{name: narrow, fold: 1, model.embedding_size: 4}, {name: large, image_size: 64}]"
)


@pytest.fixture(scope="module")
def together(pod: Path, tmp_path_factory: pytest.TempPathFactory) -> Experiment:
    folder = tmp_path_factory.mktemp("variants")
    shutil.copytree(pod, folder / "data")
    places = [f"data.root={folder / 'data'}", f"output={folder / 'out'}"]
    experiment = load_experiment(None, [*QUICK, *places, VARIANTS, "rank.members=2"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer, "build_embedder", small_network.build)
        run.main(experiment)
    return experiment


def test_each_variant_has_run_folders_and_the_config_itself_has_none(together) -> None:
    output = Path(together.output)
    found = {str(file.parent.relative_to(output)) for file in output.rglob("model.keras")}
    assert found == {"narrow/fold0", "narrow/fold1", "large/fold0"}
    sizes = {folder.name.split("-")[1] for folder in (output / "records").iterdir()}
    assert sizes == {"32", "64"}


def test_all_of_them_are_members_and_the_best_ones_rank(together) -> None:
    output = Path(together.output)
    folders = [member.folder for member in find_members(together)]
    names = ("narrow/fold0", "narrow/fold1", "large/fold0")
    assert folders == [output / name / "embeddings" for name in names]
    metrics = json.loads((output / "metrics.json").read_text(encoding="utf-8"))
    assert 1 <= len([name for name in metrics if name.startswith("fold")]) <= 2
    with (output / "submission.csv").open(encoding="utf-8") as file:
        assert all(len(set(row["predictions"].split())) == 5 for row in csv.DictReader(file))


def test_that_members_were_chosen_on_what_measures_them_is_said(together, capsys) -> None:
    output = Path(together.output)
    metrics = json.loads((output / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["out_of_fold"]["chosen"] == "2 of 3 models"
    evaluate.main(together)
    assert "by the 2 of 3 models that are best on these very images" in capsys.readouterr().out
    rows = dict(summary_rows(together, load_data(together)))
    measured = [name for name in rows if name.startswith(("Validation", "Out of fold"))]
    assert len(measured) >= 2
    for name in measured:
        assert "too optimistic: the 2 of 3 models were chosen on these images" in rows[name]
    assert "optimistic" not in rows["Right answers"]


def test_each_member_is_measured_alone_beside_all_together(together, capsys) -> None:
    metrics = json.loads((Path(together.output) / "metrics.json").read_text(encoding="utf-8"))
    alone = metrics["members"]
    assert list(alone) == ["1 narrow/fold0", "2 narrow/fold1", "3 large/fold0"]
    assert [list(part) for part in alone.values()] == [
        ["fold0", "test"], ["fold1", "test"], ["fold0", "test"],
    ]  # fmt: skip
    assert all(part["test"]["queries"] == metrics["test"]["queries"] for part in alone.values())
    print_metrics(metrics)
    said = capsys.readouterr().out
    mine, all_of_them = alone["2 narrow/fold1"]["test"]["map5"], metrics["test"]["map5"]
    assert "model 2 narrow/fold1 alone: mAP@5 of fold1, known " in said
    assert f"answers {mine:.3f} (together {all_of_them:.3f})" in said


def test_what_each_further_model_adds_is_measured_said_and_drawn(together, capsys) -> None:
    output = Path(together.output)
    metrics = json.loads((output / "metrics.json").read_text(encoding="utf-8"))
    steps = metrics["members_added"]["given"]
    assert [step["members"] for step in steps] == [["narrow"], ["large"]]
    alone = metrics["members"]["1 narrow/fold0"]["fold0"]
    print_metrics(metrics)
    said = capsys.readouterr().out
    assert "  2: with large: mAP@5 of known " in said
    assert alone["queries_known"] < metrics["out_of_fold"]["queries"]  # fold 1 has one model
    page = (output / "report.html").read_text(encoding="utf-8")
    assert "mAP@5 of known individuals by the number of models" in page
    rows = dict(summary_rows(together, load_data(together)))
    assert not any("added" in name for name in rows)


def test_nothing_is_done_twice(together, capsys) -> None:
    run.main(together)
    assert "…" not in capsys.readouterr().out


def test_the_demo_is_of_one_model() -> None:
    with pytest.raises(ConfigError, match=r"leave out data\.root, fold=all and variants"):
        demo.main(load_experiment(None, ["variants=[{name: a}]"]))
