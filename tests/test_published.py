"""A published model is fetched, and then is a MODEL like those that were trained here."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import tf_happywhale as hw
from tests.conftest import QUICK
from tests.matching_stand_ins import Corners, Neighbours
from tests.published_stand_in import NAME, TINY, network, noise, use
from tf_happywhale import (
    embed,
    evaluate,
    export,
    gallery,
    identify,
    published,
    rank,
    tfrecords,
    why,
)
from tf_happywhale.config import load_experiment
from tf_happywhale.errors import ConfigError, InputError
from tf_happywhale.galleries.gallery_folder import open_gallery
from tf_happywhale.inference import exporting
from tf_happywhale.inference.engines.runtimes import by_keras
from tf_happywhale.inference.matched import local_matching
from tf_happywhale.inference.matched.match_networks import Networks
from tf_happywhale.inference.which_model import trained_models
from tf_happywhale.models.published_models.fetching import fetch_model
from tf_happywhale.models.published_models.table import PUBLISHED
from tf_happywhale.models.weights.weight_names import find_weights
from tf_happywhale.retrieval.embeddings import load_embeddings
from tf_happywhale.run_folders.published_folder import fetched

KEYS = ["match.use=never", "identify.boxes=boxes.csv"]
FOUND = ["output=found", *KEYS]


@pytest.fixture
def bay(pod: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a catalogue and new photographs, in which the test works; the model is here."""
    folder = tmp_path / "bay"
    shutil.copytree(pod, folder)
    shutil.copytree(folder / "test_images", folder / "new")
    fins = [row for row in (folder / "boxes.csv").read_text().splitlines() if "fullbody" not in row]
    (folder / "boxes.csv").write_text("\n".join(fins) + "\n")
    monkeypatch.chdir(folder)
    fetch_model(TINY, use(monkeypatch, tmp_path))
    return folder


def rows(folder: str = "found") -> list[dict[str, str]]:
    with Path(folder, "predictions.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_it_identifies_and_the_gallery_teaches_the_threshold(bay: Path, capsys) -> None:
    identify.main([NAME, ".", "new"], FOUND)
    said = capsys.readouterr().out
    found = rows()
    assert {row["image"] for row in found} == {path.name for path in Path("new").iterdir()}
    assert "teaches where new_individual stands among the candidates: 25 photographs" in said
    assert "is not known" not in said
    thresholds = {row["score"] for row in found if row["individual_id"] == "new_individual"}
    assert len(thresholds) == 1 and -1 < float(*thresholds) < 1
    assert "photographs have a box of source backfin" in said  # the only source that is there
    assert "Identified by a trained model." in Path("found/report/index.html").read_text("utf-8")


def test_its_gallery_needs_no_model_and_says_what_it_teaches(bay: Path, capsys) -> None:
    gallery.main(["build", NAME, ".", "whales"], FOUND)
    said = capsys.readouterr().out
    assert "were asked of the others" in said
    head = json.loads(Path("whales/gallery.json").read_text("utf-8"))
    assert head["model"] == {"name": NAME, "settings": ["records.source=backfin"]}
    identify.main(["whales", "new"], FOUND)
    assert f"No model was named: {NAME} is used" in capsys.readouterr().out
    named = rows()
    identify.main([NAME, ".", "new"], ["output=again", *KEYS])
    assert rows("again") == named
    identify.main([str(fetched(NAME)), "whales", "new"], ["output=third", *KEYS])
    assert rows("third") == named
    shutil.rmtree(fetched(NAME))
    with pytest.raises(InputError, match=f"{NAME} is not on this machine: run .*models fetch"):
        identify.main(["whales", "new"], FOUND)


def test_its_embeddings_are_those_of_the_network(bay: Path) -> None:
    model = hw.load_model(NAME, "output=found")
    found = model.embed("new")
    assert found.embedding.shape[1] == 24
    assert found.about["trained_on"] == "individuals of others"
    (only,) = model.identifier.models
    np.testing.assert_allclose(only.load()(noise()), network()(noise()), rtol=1e-4, atol=1e-5)
    assert only.sizes == (64, 64)
    smaller = hw.load_model(NAME, "output=found", "image_size=32").identifier.models[0]
    assert smaller.sizes == (32, 32)
    assert smaller.about["preprocess"] == "smoothly squashed to 32"
    assert smaller.about["model"] == only.about["model"]


def test_it_is_matched_point_by_point_too(bay: Path, monkeypatch) -> None:
    monkeypatch.setattr(
        local_matching, "load_networks", lambda _: Networks(Corners(), Neighbours())
    )
    keys = ["output=found", "match.size=128"]
    identify.main([NAME, ".", "new"], keys)
    assert all(0 <= float(row["score"]) <= 1 for row in rows())
    page = Path("found/report/index.html").read_text("utf-8")
    assert "Identified by a trained model and local matching." in page
    best = next(row for row in rows() if row["individual_id"] != "new_individual")
    why.main([NAME, ".", f"new/{best['image']}", best["individual_id"]], keys)
    assert list(Path("found/why").glob("*.png"))


def test_it_says_which_parts_are_alike(bay: Path, capsys) -> None:
    photo = sorted(Path("new").iterdir())[0]
    who = Path("train.csv").read_text("utf-8").splitlines()[1].split(",")[2]
    why.main([NAME, ".", str(photo), who], FOUND)
    assert "score" in capsys.readouterr().out
    assert list(Path("found/why").glob("*.png"))


def test_it_is_exported_with_its_licence_and_stays_what_it_is(bay: Path, capsys) -> None:
    keys = ["export.formats=[savedmodel]", "export.photographs=new"]
    export.main([NAME, "out"], keys)
    names = {path.name for path in Path("out").iterdir()}
    assert {"LICENCE.txt", "published.json", "export.json", "config.yaml"} <= names
    capsys.readouterr()
    identify.main([NAME, ".", "new"], FOUND)
    identify.main(["out", ".", "new"], ["output=again", *KEYS])
    assert "were asked of the others" in capsys.readouterr().out
    first, second = rows(), rows("again")
    assert [row["individual_id"] for row in first] == [row["individual_id"] for row in second]
    with pytest.raises(InputError, match=r"no folder of photographs .* set export\.photographs"):
        export.main([NAME, "more"], ["export.formats=[savedmodel]"])
    assert not Path("more").exists()


def test_openvinos_file_for_bfloat16_is_judged_before_it_is_written(
    bay: Path, monkeypatch, capsys
) -> None:
    """As it is read; OpenVINO itself is not needed here."""
    plain, wrong = by_keras(network()), ""

    def convert(embedder, size: int, form: str, path: Path) -> None:
        path.parent.mkdir()
        for name in ("model", "half"):
            for ending in (".xml", ".bin"):
                path.with_name(name + ending).touch()

    def load_engine(folder: Path, form: str, precision: str = "float32"):
        assert form == "openvino" and (folder / "openvino/half.xml").is_file()
        return lambda pictures: plain(pictures)[:, :: -1 if precision == wrong else 1]

    monkeypatch.setattr(exporting, "convert", convert)
    monkeypatch.setattr(exporting, "load_engine", load_engine)
    keys = ["export.formats=[openvino]", "export.photographs=new"]
    half = ["embed.engine=openvino", "embed.precision=bfloat16"]
    export.main([NAME, "both"], keys)
    assert "openvino bfloat16: lowest cosine with Keras on" in capsys.readouterr().out
    assert json.loads(Path("both/export.json").read_text())["cosine"]["openvino bfloat16"] > 0.999
    wrong = "bfloat16"
    export.main([NAME, "only32"], keys)
    assert "and 0.999 is required: this export is not for bfloat16" in capsys.readouterr().out
    left = sorted(path.name for path in Path("only32/openvino").iterdir())
    assert left == ["model.bin", "model.xml"]
    with pytest.raises(InputError, match=r"only32 is not for bfloat16.*leave embed\.precision out"):
        hw.load_model("only32", "output=found", *half).identifier.models[0].load()
    wrong = "float32"
    with pytest.raises(InputError, match="differ from Keras'"):
        export.main([NAME, "none"], keys)
    assert not Path("none").exists()
    earlier = json.loads(Path("both/export.json").read_text())
    earlier["cosine"].pop("openvino bfloat16")
    Path("both/export.json").write_text(json.dumps(earlier))
    monkeypatch.setattr(trained_models, "runtime_of", lambda *_: plain)
    assert hw.load_model("both", "output=found", *half).identifier.models[0].load() is plain


def test_litert_learns_from_photographs_that_do_not_judge_it(
    bay: Path, monkeypatch, capsys
) -> None:
    """And what is not near enough is left out. LiteRT itself is not needed here."""
    plain, wrong, taught = by_keras(network()), "", []

    def convert(embedder, size: int, form: str, path: Path) -> None:
        path.parent.mkdir()
        for name in ("model", "half", "int8"):
            path.with_name(f"{name}.tflite").touch()

    def load_engine(folder: Path, form: str, precision: str = "float32"):
        assert form == "litert"
        return lambda pictures: plain(pictures)[:, :: -1 if precision == wrong else 1]

    monkeypatch.setattr(exporting, "PICTURES", 1)
    monkeypatch.setattr(exporting, "convert", convert)
    monkeypatch.setattr(exporting, "load_engine", load_engine)
    monkeypatch.setattr(exporting.litert, "quantise", lambda file, seen: taught.extend(seen))
    keys = ["export.formats=[litert]", "export.photographs=new"]
    export.main([NAME, "all"], keys)
    said = json.loads(Path("all/export.json").read_text())["cosine"]
    assert {*said} == {"litert", "litert float16", "litert int8"} and min(said.values()) > 0.999
    model = trained_models.find_trained(Path(NAME))[1][0]
    (compared,), learned = exporting._real_pictures(model, "new", 64)
    assert len(taught) == len(learned) > 0
    assert not any(np.array_equal(compared, picture) for picture in taught)
    wrong = "int8"
    capsys.readouterr()
    export.main([NAME, "rest"], keys)
    assert "0.95 is required: this export is not for int8" in capsys.readouterr().out
    left = sorted(path.name for path in Path("rest/litert").iterdir())
    assert left == ["half.tflite", "model.tflite"]
    in_int8 = ["embed.engine=litert", "embed.precision=int8"]
    with pytest.raises(InputError, match=r"rest is not for int8.*leave embed\.precision out"):
        hw.load_model("rest", "output=found", *in_int8).identifier.models[0].load()


def settings(*more: str):
    keys = [*QUICK, "image_size=48", "data.root=.", "output=out", *more]
    return load_experiment(None, keys)


def test_as_a_member_it_is_embedded_and_ranks(bay: Path, capsys) -> None:
    experiment = settings(f"members=[{{path: {NAME}}}]")
    tfrecords.main("write", experiment)
    embed.main(experiment)
    assert not Path("out/quick").exists()  # no model of the folds is wanted
    train = load_embeddings(Path(f"out/{NAME}/embeddings/train.npz"))
    assert train.embedding.shape[1] == 24
    assert train.about["trained_on"] == "individuals of others"
    assert train.about["preprocess"] == "squashed to 64"
    capsys.readouterr()
    embed.main(experiment)
    assert capsys.readouterr().out.count("up to date") == 2
    rank.main(experiment)
    evaluate.main(experiment)
    metrics = json.loads(Path("out/metrics.json").read_text())
    assert metrics["out_of_fold"]["queries"] == len(train)
    assert {row["individual_id"] for row in rows("out")} > {"new_individual"}


def test_a_config_of_members_identifies_too(bay: Path) -> None:
    Path("both.yaml").write_text(f"members: [{{path: {NAME}}}, {{path: {NAME}, weight: 2}}]\n")
    identify.main(["both.yaml", ".", "new"], FOUND)
    together = rows()
    identify.main([NAME, ".", "new"], ["output=again", *KEYS])
    assert [row["individual_id"] for row in together if row["rank"] == "1"] == [
        row["individual_id"] for row in rows("again") if row["rank"] == "1"
    ]


def happywhales() -> None:
    """Name the catalogue's individuals and images as Kaggle's Happywhale names them."""
    table = Path("train.csv").read_text()
    boxes = Path("boxes.csv").read_text()
    for number, row in enumerate(list(csv.DictReader(table.splitlines()))):
        new = f"{number:013x}a.jpg"
        Path("train_images", row["image"]).rename(Path("train_images", new))
        table = table.replace(row["image"], new)
        boxes = boxes.replace(row["image"], new)
        table = table.replace(f",{row['individual_id']}", f",abc0000{row['individual_id']}")
    Path("train.csv").write_text(table)
    Path("boxes.csv").write_text(boxes)


@pytest.fixture
def whale(bay: Path, monkeypatch, tmp_path: Path) -> str:
    """A model that was trained on Happywhale."""
    trained = replace(TINY, name="whale", trained_on="Happywhale's 15,587 individuals")
    monkeypatch.setitem(PUBLISHED, "whale", trained)
    fetch_model(trained, tmp_path / "tinyfin.safetensors")
    return "whale"


def test_it_has_seen_a_catalogue_of_the_same_names(whale: str, capsys) -> None:
    identify.main([whale, ".", "new"], FOUND)
    assert "trained on Happywhale" not in capsys.readouterr().out
    happywhales()
    identify.main([whale, ".", "new"], FOUND)
    said = capsys.readouterr().out
    assert "whale was trained on Happywhale, and 6 of the gallery's 6 individuals" in said
    assert "P(new) is not known, and new_individual comes last: others have trained" in said
    identify.main([NAME, ".", "new"], FOUND)
    assert "were asked of the others" in capsys.readouterr().out
    gallery.main(["build", whale, ".", "whales"], FOUND)
    assert "were asked of the others" not in capsys.readouterr().out


def test_as_a_member_it_judges_nothing_that_it_has_seen(whale: str, capsys) -> None:
    happywhales()
    experiment = settings(f"members=[{{path: {whale}}}]")
    tfrecords.main("write", experiment)
    embed.main(experiment)
    assert "nothing is learned from it about new individuals" in capsys.readouterr().out
    train = load_embeddings(Path("out/whale/embeddings/train.npz"))
    assert "folds 0 1 2 of" in train.about["trained_on"]
    with pytest.raises(InputError, match=r"trained on every fold.* or set rank\.threshold"):
        rank.main(experiment)
    rank.main(settings(f"members=[{{path: {whale}}}]", "rank.threshold=0.5"))
    assert rows("out")


def test_a_training_starts_from_it(bay: Path) -> None:
    assert find_weights("lite0", NAME) == str(fetched(NAME) / "model.keras")
    shutil.rmtree(fetched(NAME))
    with pytest.raises(InputError, match="is not on this machine"):
        find_weights("lite0", NAME)
    with pytest.raises(ConfigError, match="tinyfin"):
        find_weights("lite0", "tinyfn")


def test_a_run_folder_of_that_name_goes_before(bay: Path) -> None:
    shutil.copytree(fetched(NAME), NAME)
    Path(NAME, "published.json").unlink()
    Path(NAME, "config.yaml").write_text("image_size: 64\nrecords: {source: backfin}\n")
    gallery.main(["build", NAME, ".", "whales"], FOUND)
    assert json.loads(Path("whales/gallery.json").read_text())["model"]["path"] == f"../{NAME}"
    assert len(open_gallery(Path("whales")).about["model"]) == 64


def test_what_is_not_there_is_one_sentence(bay: Path, tmp_path: Path) -> None:
    def said(*words: str | None) -> str:
        verb, name, file = (*words, None, None)[:3]
        with pytest.raises(InputError) as refused:
            published.main(verb, name, file, False, None)
        return str(refused.value)

    assert "the nearest is tinyfin" in said("fetch", "tinifin")
    assert "Say which model" in said("check")
    assert "There is no file gone" in said("fetch", NAME, "gone")
    with pytest.raises(ConfigError, match="--to is 'gs://"):
        published.main("fetch", NAME, None, False, "gs://bucket/model")


def test_the_command_is_started_in_both_ways(tmp_path: Path) -> None:
    start = "import sys; from tf_happywhale.__main__ import main; main()"
    for line in (["-m", "tf_happywhale.models"], ["-c", start, "models"]):
        done = subprocess.run(
            [sys.executable, *line, "fetch", "anydorsl"], capture_output=True, text=True,
            check=False, env={"HOME": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[1])},
        )  # fmt: skip
        assert done.returncode == 2
        assert done.stderr.startswith("error: There is no published model 'anydorsl'")
