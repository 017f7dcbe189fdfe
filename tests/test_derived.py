"""Settings that are derived from a catalogue: kept, read again, and used by every command."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import small_network
from tests.conftest import QUICK
from tf_happywhale import cli, derived, run, train
from tf_happywhale.catalogue.dataset import load_data
from tf_happywhale.config import dump_experiment, load_experiment
from tf_happywhale.derived import FILE, as_derived, given_keys, with_derived
from tf_happywhale.errors import ConfigError, InputError
from tf_happywhale.retrieval.evaluation.training_gain import gain_sentence
from tf_happywhale.review.experiment_report import summary_rows
from tf_happywhale.training import trainer
from tf_happywhale.training.best_region import Sought


@pytest.fixture(autouse=True)
def laptop(monkeypatch) -> None:
    monkeypatch.setattr(derived, "_accelerator", lambda: False)
    monkeypatch.setattr(derived, "usable_cores", lambda: 2)


@pytest.fixture
def bay(pod: Path, tmp_path: Path) -> Path:
    return shutil.copytree(pod, tmp_path / "bay")


def of(bay: Path, *overrides: str):
    places = [f"data.root={bay}", f"output={bay.parent / 'out'}", "derive=true"]
    return load_experiment(None, [*places, *overrides])


def begin(bay: Path) -> None:
    """What shows that something was made with the settings."""
    (bay.parent / "out" / "records" / "of-the-bay").mkdir(parents=True, exist_ok=True)


def add_photographs(bay: Path, count: int) -> None:
    """Photographs of a new animal."""
    table = bay / "train.csv"
    first = table.read_text().splitlines()[1].split(",")[0]
    for n in range(count):
        name = f"more{count}-{n}.jpg"
        shutil.copy(bay / "train_images" / first, bay / "train_images" / name)
        with table.open("a") as file:
            file.write(f"{name},killer_whale,more\n")


def test_they_are_printed_once_with_the_reason_and_kept(bay: Path, capsys) -> None:
    first = with_derived(of(bay))
    said = capsys.readouterr().out
    assert "records.source backfin: " in said and "smaller than those of fullbody" in said
    assert (first.records.source, first.image_size) == ("backfin", 152)
    begin(bay)
    assert with_derived(of(bay)) == as_derived(of(bay)) == first
    assert "records.source backfin: " not in capsys.readouterr().out
    assert load_experiment(
        None,
        [],
    ) == with_derived(load_experiment(None, []))  # off by default


def test_a_finished_models_config_says_them_all(bay: Path, tmp_path: Path) -> None:
    experiment = with_derived(of(bay))
    (tmp_path / "config.yaml").write_text(dump_experiment(experiment))
    shutil.rmtree(tmp_path / "out")
    assert as_derived(load_experiment(tmp_path / "config.yaml")) == experiment


GIVEN = {
    "image_size": "64", "records.source": "fullbody", "data.folds": "2", "augment.flip_p": "0.5",
    "train.epochs": "3", "train.batch_size": "2", "train.average": "0.5", "train.last_size": "32",
    "train.warmup_epochs": "0", "train.validate_every": "1", "data.boxes": "boxes.csv",
}  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(st.sets(st.sampled_from(sorted(GIVEN))))
def test_what_a_person_gives_goes_before(bay: Path, chosen: set[str]) -> None:
    asked = of(bay, *(f"{key}={GIVEN[key]}" for key in chosen))
    assert given_keys(asked) == chosen | {"data.root", "output", "derive"}
    plain = with_derived(of(bay))
    begin(bay)
    found = with_derived(asked)
    for key in GIVEN:
        section, _, name = key.rpartition(".")
        value, without = (
            getattr(getattr(one, section) if section else one, name) for one in (found, plain)
        )
        wanted = load_experiment(None, [f"{key}={GIVEN[key]}"])
        given_value = getattr(getattr(wanted, section) if section else wanted, name)
        assert value == (given_value if key in chosen else without)


def test_settings_that_depend_on_others_follow_from_what_is_given(bay: Path) -> None:
    found = with_derived(of(bay, "train.last_size=64", "train.epochs=2"))
    assert (found.image_size, found.train.validate_every) == (72, 1)
    assert (found.train.average, found.train.warmup_epochs) == (0, 1)


def test_a_photograph_that_cannot_be_read_may_be_skipped(bay: Path) -> None:
    first = (bay / "train.csv").read_text().splitlines()[1].split(",")[0]
    (bay / "train_images" / first).write_bytes(b"no picture")
    with pytest.raises(InputError, match=first):
        with_derived(of(bay))
    assert with_derived(of(bay, "records.skip_unreadable=true")).image_size == 152
    for file in (bay / "train_images").iterdir():
        file.write_bytes(b"no picture")
    (bay.parent / "out" / FILE).unlink()
    with pytest.raises(InputError):
        with_derived(of(bay, "records.skip_unreadable=true"))


def test_what_a_base_gives_counts_as_given(bay: Path, tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text("train: {epochs: 7}\nderive: true\n")
    (tmp_path / "mine.yaml").write_text("base: base.yaml\ntrain: {batch_size: 4}\n")
    places = [f"data.root={bay}", f"output={tmp_path / 'out'}"]
    found = with_derived(load_experiment(tmp_path / "mine.yaml", places))
    assert (found.train.epochs, found.train.batch_size, found.image_size) == (7, 4, 152)


def test_a_catalogue_that_has_grown_keeps_them_and_is_told(bay: Path, capsys) -> None:
    before = with_derived(of(bay))
    begin(bay)
    add_photographs(bay, 1)
    assert with_derived(of(bay), again=True) == before
    assert "has changed" not in capsys.readouterr().out
    add_photographs(bay, 60)
    assert with_derived(of(bay), again=True) == before
    said = capsys.readouterr().out
    assert (
        "has changed, or what is given, or this program: today it would be records.source whole "
        "(kept: backfin), " in said
    )
    assert "data.folds 4 (kept: 2)" in said and "train.batch_size 16 (kept: 2)" in said
    assert str(bay.parent / "out" / FILE) in said
    (bay.parent / "out" / FILE).unlink()
    assert with_derived(of(bay)).data.folds == 4


def test_a_first_try_with_another_folder_leaves_no_settings(bay: Path, tmp_path: Path) -> None:
    other = shutil.copytree(bay, tmp_path / "other")
    add_photographs(other, 60)
    assert with_derived(of(bay, f"data.root={other}")).data.folds == 4
    assert with_derived(of(bay)).data.folds == 2
    begin(bay)
    assert with_derived(of(bay, f"data.root={other}")).data.folds == 2


def test_a_setting_that_would_not_be_derived_today_is_told(bay: Path, capsys) -> None:
    (bay / "test_images").rename(bay / "trip")
    shutil.rmtree(bay / "test_images_no_fin")
    assert with_derived(of(bay)).data.test_images == "trip"
    begin(bay)
    shutil.copytree(bay / "trip", bay / "test_images")
    with_derived(of(bay), again=True)
    assert "data.test_images the default (kept: trip)" in capsys.readouterr().out


def test_settings_of_an_older_version_that_are_as_the_default_are_not_told(bay, capsys) -> None:
    with_derived(of(bay))
    begin(bay)
    file = bay.parent / "out" / FILE
    tree = yaml.safe_load(file.read_text())
    assert tree["settings"].pop("pseudo.rounds")["value"] == 0
    file.write_text(yaml.safe_dump(tree))
    assert with_derived(of(bay), again=True).pseudo.rounds == 0
    assert "has changed" not in capsys.readouterr().out
    tree["settings"]["pseudo.rounds"] = {"value": 1, "why": "so"}
    file.write_text(yaml.safe_dump(tree))
    assert with_derived(of(bay), again=True).pseudo.rounds == 1
    assert "today it would be pseudo.rounds 0 (kept: 1)." in capsys.readouterr().out


def test_another_machine_changes_nothing(bay: Path, capsys, monkeypatch) -> None:
    before = with_derived(of(bay))
    begin(bay)
    monkeypatch.setattr(derived, "_accelerator", lambda: True)
    assert with_derived(of(bay), again=True) == before
    assert "has changed" not in capsys.readouterr().out


WHOLE_FILE = "machine: {cores: 2, accelerator: false}\nsettings:\n  KEY: {value: 3, why: so}\n"


@pytest.mark.parametrize(
    "text",
    [
        *["", "settings: 3", "machine: {}\nsettings: {a: 1}", "{{", "\0", "a: 2026-13-45"],
        *[WHOLE_FILE.replace("KEY", key) for key in ("5", "train.nothing", "train.a.b", "seed.a")],
        WHOLE_FILE.replace("KEY", "train.epochs").replace("3", "-3"),
        WHOLE_FILE.replace("KEY", "train.epochs").replace("2", "0"),
        WHOLE_FILE.replace("KEY", "train.epochs").replace("2", "two"),
    ],
)
def test_a_damaged_file_is_a_sentence(bay: Path, text: str) -> None:
    with_derived(of(bay))
    begin(bay)
    (bay.parent / "out" / FILE).write_text(text)
    with pytest.raises(InputError, match="is damaged: delete it"):
        with_derived(of(bay))


def test_what_cannot_be_derived_is_a_sentence(bay: Path) -> None:
    with pytest.raises(ConfigError, match="set derive=false"):
        with_derived(of(bay, "data.tfrecords=records"))
    with pytest.raises(InputError, match="There is no data folder"):
        with_derived(of(bay / "nowhere"))
    with pytest.raises(ConfigError, match="fold 4 does not exist"):
        with_derived(of(bay, "fold=4"))
    assert not (bay.parent / "out" / FILE).exists()


def test_commands_derive_before_they_begin(bay: Path, monkeypatch) -> None:
    seen = []
    monkeypatch.setattr(cli, "set_backend", lambda device: None)
    places = [f"data.root={bay}", f"output={bay.parent / 'out'}", "derive=true"]
    for derives in (True, False):
        monkeypatch.setattr(sys, "argv", ["rank", *places])
        with pytest.raises(SystemExit) as ended:
            cli.command(seen.append, "rank", "Command: rank.", [], derives=derives)
        assert ended.value.code == 0
    assert [one.records.source for one in seen] == ["backfin", "fullbody"]


def test_one_run_from_photographs_to_a_report_that_says_what_training_gained(
    bay: Path, monkeypatch, capsys
) -> None:
    def build(settings):
        size = settings.embedding_size or 8  # the frozen model's is null
        return small_network.build(settings.model_copy(update={"embedding_size": size}))

    monkeypatch.setattr(trainer, "build_embedder", build)
    quick = [one for one in QUICK if not one.startswith(("records", "data", "train.batch"))]
    asked = of(bay, *quick, "train.against_frozen=true", "model.weights=best", "image_size=32")
    experiment = with_derived(asked)
    run.main(experiment)
    folder = bay.parent / "out"
    told = json.loads((folder / "metrics.json").read_text())["training"]["quick fold 0"]
    assert told["kept"] == ("frozen" if told["trained"] <= told["frozen"] else "trained")
    sentence = gain_sentence("quick fold 0", told)
    assert sentence in capsys.readouterr().out
    assert ("Training", sentence) in summary_rows(experiment, load_data(experiment))
    train.main(with_derived(asked))
    assert "train quick fold 0: up to date" in capsys.readouterr().out


PART = Sought("of these images", [0.25, 0.25, 0.75, 1.0], "by this part they find more")


@pytest.fixture
def seeking(monkeypatch) -> list[Sought | None]:
    """What each search was told of an earlier one; it always finds `PART`."""
    told: list[Sought | None] = []

    def seek(experiment, before: Sought | None) -> Sought:
        told.append(before)
        return PART

    monkeypatch.setattr(derived, "seek_region", seek)
    return told


def test_a_region_is_sought_kept_and_not_sought_again(bay: Path, seeking, capsys) -> None:
    found = with_derived(of(bay, "records.source=whole"))
    assert found.model.region == (0.25, 0.25, 0.75, 1.0)
    said = capsys.readouterr().out
    assert "model.region [0.25, 0.25, 0.75, 1.0]: by this part they find more\n" in said
    assert "which sees 38% of each picture" in said
    assert with_derived(of(bay, "records.source=whole")) == found
    assert seeking == [None, PART]  # before there are TFRecords it is told what was found
    begin(bay)
    assert with_derived(of(bay, "records.source=whole"), again=True) == found
    assert len(seeking) == 2 and "has changed" not in capsys.readouterr().out
    assert with_derived(of(bay), again=True).model.region == found.model.region
    assert "model.region the default (kept: [0.25, 0.25, 0.75, 1.0])" in capsys.readouterr().out


@pytest.mark.parametrize("value", ["null", "[0, 0, 0.5, 0.5]"])
def test_a_region_that_was_given_stops_the_search(bay: Path, seeking, value: str, capsys) -> None:
    found = with_derived(of(bay, "records.source=whole", f"model.region={value}"))
    assert found.model.region == (None if value == "null" else (0, 0, 0.5, 0.5)) and not seeking
    assert "model.region" not in capsys.readouterr().out
    begin(bay)
    assert with_derived(of(bay, "records.source=whole", f"model.region={value}")) == found
    assert not seeking


def test_where_boxes_are_cropped_no_region_is_sought(bay: Path, seeking) -> None:
    assert with_derived(of(bay)).model.region is None and not seeking


def test_settings_that_were_kept_before_regions_were_sought_stay(bay: Path, seeking, capsys):
    with_derived(of(bay, "records.source=whole", "model.region=null"))
    begin(bay)
    assert with_derived(of(bay, "records.source=whole"), again=True).model.region is None
    assert not seeking and "has changed" not in capsys.readouterr().out
