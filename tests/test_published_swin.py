"""A Swin is fetched from a file as MegaDescriptor's, and then is a MODEL."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import tf_happywhale as hw
from tests.models.published_models.drawn_checkpoints import torch_file
from tests.models.weights.test_swin_names import old_layout, swin_tensors
from tests.published_stand_in import noise
from tf_happywhale import export, gallery, identify, why
from tf_happywhale.errors import ConfigError, InputError
from tf_happywhale.models.backbones.build import ARCHITECTURES
from tf_happywhale.models.backbones.swin_variants import SWINS, Swin
from tf_happywhale.models.published_models.checking import check_model
from tf_happywhale.models.published_models.convert import build_published, convert
from tf_happywhale.models.published_models.fetching import fetch_model
from tf_happywhale.models.published_models.names import describe
from tf_happywhale.models.published_models.table import PUBLISHED
from tf_happywhale.models.weights.weight_names import find_weights
from tf_happywhale.run_folders.published_folder import fetched, read_published

NAME = "smallswin"
SMALL = Swin(NAME, 64, window=4, channels=12, depths=(1, 2, 2, 1), heads=(1, 2, 2, 4))
PUBLIC = replace(
    PUBLISHED["megadescriptor_t_224"],
    name=NAME,
    network=NAME,
    backbone=NAME,
    size=64,
    embedding=96,
)
KEYS = ["output=found", "match.use=never", "identify.boxes=boxes.csv", "records.source=backfin"]


@pytest.fixture
def file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The published file; the models of this machine are in a folder beside it."""
    for table in (SWINS, ARCHITECTURES):
        monkeypatch.setitem(table, NAME, SMALL)
    monkeypatch.setitem(PUBLISHED, NAME, PUBLIC)
    monkeypatch.setenv("HAPPYWHALE_MODELS", str(tmp_path / "models"))
    path = tmp_path / PUBLIC.file
    path.write_bytes(torch_file(old_layout(tensors()), training=True, key="model"))
    return path


def tensors() -> dict[str, np.ndarray]:
    return swin_tensors(build_published(PUBLIC))


@pytest.fixture
def bay(pod: Path, tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a catalogue and new photographs, in which the test works; the model is here."""
    folder = tmp_path / "bay"
    shutil.copytree(pod, folder)
    shutil.copytree(folder / "test_images", folder / "new")
    monkeypatch.chdir(folder)
    fetch_model(PUBLIC, file, accepted=True)
    return folder


def test_both_layouts_and_formats_are_the_same_model(file: Path, tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    plain = tmp_path / "model.safetensors"
    head = {"head.fc.weight": np.ones((3, 96), "f4"), "head.fc.bias": np.ones(3, "f4")}
    save_file({name: np.ascontiguousarray(x) for name, x in {**tensors(), **head}.items()}, plain)
    found = [np.asarray(convert(PUBLIC, path)(noise())) for path in (file, plain)]
    assert found[0].shape == (2, 96)
    np.testing.assert_array_equal(*found)
    for path in (file, plain):
        check_model(PUBLIC, path)


def test_what_is_missing_or_too_much_is_said(file: Path) -> None:
    known = old_layout(tensors())
    merging = "layers.1.downsample.reduction.weight"  # of the old layout: the second of three
    for changed, said in (
        ({k: v for k, v in known.items() if k != merging}, "it has no layers.2.downsample.reduct"),
        ({**known, "layers.3.downsample.norm.bias": np.ones(3, "f4")}, "has no layers.4.downsamp"),
        ({**known, "norm.bias": np.ones(95, "f4")}, r"norm.bias is \(95,\), which does not fit"),
    ):
        file.write_bytes(torch_file(changed))
        with pytest.raises(InputError, match=f"is not {NAME}'s: .*{said}.*; take pytorch_model"):
            convert(PUBLIC, file)


def test_it_identifies_builds_a_gallery_and_explains(bay: Path, capsys) -> None:
    facts = read_published(fetched(NAME))
    assert facts.fixed and facts.size == 64
    identify.main([NAME, ".", "new"], KEYS)
    rows = Path("found/predictions.csv").read_text("utf-8")
    gallery.main(["build", NAME, ".", "whales"], KEYS)
    identify.main(["whales", "new"], ["output=again", *KEYS[1:]])
    assert Path("again/predictions.csv").read_text("utf-8") == rows
    photo = sorted(Path("new").iterdir())[0]
    who = Path("train.csv").read_text("utf-8").splitlines()[1].split(",")[2]
    why.main([NAME, ".", str(photo), who], KEYS)
    assert list(Path("found/why").glob("*.png"))


def test_it_sees_one_size_only_and_starts_no_training(bay: Path) -> None:
    with pytest.raises(InputError, match=f"{NAME} sees pictures of 64 pixels only, and image_size"):
        identify.main([NAME, ".", "new"], [*KEYS, "image_size=48"])
    for weights in (NAME, str(fetched(NAME)), str(fetched(NAME) / "model.keras")):
        with pytest.raises(ConfigError, match=f"{NAME} sees .* so that no training can start"):
            find_weights("lite0", weights)
    said = "\n".join(describe(PUBLIC))
    assert "no training starts from it" in said and "64 px only" in said
    assert "CC-BY-NC-4.0" in said and "commercial use is forbidden" in said


def test_openvino_gives_its_embeddings(bay: Path) -> None:
    pytest.importorskip("openvino")
    keys = ["records.source=backfin", "export.formats=[openvino]", "export.photographs=new"]
    export.main([NAME, "out"], keys)
    assert json.loads(Path("out/export.json").read_text())["cosine"]["openvino"] >= 0.9999
    shown = noise(count=4)
    plain = hw.load_model(NAME, "output=found").identifier.models[0].load()(shown)
    half = ["embed.engine=openvino", "embed.precision=bfloat16"]
    found = hw.load_model(NAME, "output=found", *half).identifier.models[0].load()(shown)
    unit = [rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (plain, found)]
    assert (unit[0] * unit[1]).sum(axis=1).min() >= 0.999
