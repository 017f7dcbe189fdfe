"""A vision transformer is fetched from a file as DINOv2's, and then is a MODEL."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

import tf_happywhale as hw
from tests.models.published_models.drawn_checkpoints import torch_file
from tests.models.weights.test_swin_names import swin_tensors
from tests.published_stand_in import noise
from tf_happywhale import export, gallery, identify, why
from tf_happywhale.errors import ConfigError, InputError
from tf_happywhale.inference.explained.explain import Explainer
from tf_happywhale.models.backbones.build import ARCHITECTURES
from tf_happywhale.models.backbones.vit_variants import VITS, ViT
from tf_happywhale.models.published_models.checking import check_model
from tf_happywhale.models.published_models.convert import build_published, convert
from tf_happywhale.models.published_models.fetching import fetch_model
from tf_happywhale.models.published_models.names import describe
from tf_happywhale.models.published_models.table import PUBLISHED
from tf_happywhale.models.weights.weight_names import find_weights
from tf_happywhale.run_folders.published_folder import fetched, read_published

NAME = "smallvit"
SMALL = ViT(NAME, 56, channels=24, depth=3, heads=3)
PUBLIC = replace(
    PUBLISHED["dinov2_s"], name=NAME, network=NAME, backbone=NAME, size=56, embedding=24
)
KEYS = ["output=found", "match.use=never", "identify.boxes=boxes.csv", "records.source=backfin"]


@pytest.fixture
def file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The published file; the models of this machine are in a folder beside it."""
    for table in (VITS, ARCHITECTURES):
        monkeypatch.setitem(table, NAME, SMALL)
    monkeypatch.setitem(PUBLISHED, NAME, PUBLIC)
    monkeypatch.setenv("HAPPYWHALE_MODELS", str(tmp_path / "models"))
    path = tmp_path / PUBLIC.file
    save_file(tensors(), path)
    return path


def tensors() -> dict[str, np.ndarray]:
    """A checkpoint whose places and patches count about as much as each other."""
    found = swin_tensors(build_published(PUBLIC))
    found = {name: tensor * 3 if "ls" in name else tensor for name, tensor in found.items()}
    found["pos_embed"] = found["pos_embed"] * 5
    return {name: np.ascontiguousarray(tensor) for name, tensor in found.items()}


@pytest.fixture
def bay(pod: Path, tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a catalogue and new photographs, in which the test works; the model is here."""
    folder = tmp_path / "bay"
    shutil.copytree(pod, folder)
    shutil.copytree(folder / "test_images", folder / "new")
    monkeypatch.chdir(folder)
    fetch_model(PUBLIC, file)  # its licence forbids nothing
    return folder


def test_its_makers_own_file_is_the_same_model(file: Path, tmp_path: Path) -> None:
    own = tmp_path / "dinov2_vits14_pretrain.pth"
    own.write_bytes(torch_file({**tensors(), "mask_token": np.zeros((1, 24), "f4")}))
    found = [np.asarray(convert(PUBLIC, path)(noise(56))) for path in (file, own)]
    assert found[0].shape == (2, 24)
    np.testing.assert_array_equal(*found)
    for path in (file, own):
        check_model(PUBLIC, path)


def test_another_models_file_is_refused(file: Path) -> None:
    known = tensors()
    foreign = {f"embeddings.{name}": tensor for name, tensor in known.items()}
    for changed, said in (
        ({k: v for k, v in known.items() if k != "blocks.1.ls2.gamma"}, "has no blocks.1.ls2.gam"),
        ({**known, "register_tokens": np.ones((1, 4, 24), "f4")}, "has no register_tokens"),
        ({**known, "pos_embed": known["pos_embed"][:, 1:]}, r"pos_embed is \(1, 16, 24\), which"),
        ({**known, "cls_token": np.ones((1, 1, 32), "f4")}, r"cls_token is \(1, 1, 32\), which"),
        ({**known, "blocks.3.norm1.bias": np.ones(24, "f4")}, "has no blocks.3.norm1.bias"),
        (foreign, "it has no patch_embed.proj.weight"),
    ):
        save_file(changed, file)
        with pytest.raises(InputError, match=f"is not {NAME}'s: .*{said}.*; take model.safeten"):
            convert(PUBLIC, file)


def test_it_identifies_builds_a_gallery_and_explains(bay: Path) -> None:
    facts = read_published(fetched(NAME))
    assert facts.fixed and facts.size == 56
    identify.main([NAME, ".", "new"], KEYS)
    rows = Path("found/predictions.csv").read_text("utf-8")
    gallery.main(["build", NAME, ".", "whales"], KEYS)
    identify.main(["whales", "new"], ["output=again", *KEYS[1:]])
    assert Path("again/predictions.csv").read_text("utf-8") == rows
    photo = sorted(Path("new").iterdir())[0]
    who = Path("train.csv").read_text("utf-8").splitlines()[1].split(",")[2]
    why.main([NAME, ".", str(photo), who], KEYS)
    assert list(Path("found/why").glob("*.png"))


def test_its_score_is_explained_by_what_the_class_token_sees_last(file: Path) -> None:
    """The heat is of the patches, and the score is the embeddings' cosine."""
    model = convert(PUBLIC, file)
    first, second = noise(56)
    match = Explainer(model)(first, second)
    rows = np.asarray(model(noise(56)))
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    assert match.score == pytest.approx(float(unit[0] @ unit[1]), abs=1e-5)
    for heat in match.heat:
        assert heat.shape == (4, 4)
        assert heat.sum() == pytest.approx(1) and heat.max() > 2 / 16
    same = Explainer(model)(first, first)
    np.testing.assert_array_equal(same.parts[:, :2], same.parts[:, 2:])
    np.testing.assert_allclose(same.likeness, 1)


def test_it_sees_one_size_only_and_starts_no_training(bay: Path) -> None:
    with pytest.raises(InputError, match=f"{NAME} sees pictures of 56 pixels only, and image_size"):
        identify.main([NAME, ".", "new"], [*KEYS, "image_size=70"])
    with pytest.raises(ConfigError, match=f"{NAME} sees .* so that no training can start"):
        find_weights("lite0", NAME)
    said = "\n".join(describe(PUBLIC))
    for part in ("no training starts from it", "56 px only", "class token", "Apache-2.0"):
        assert part in said


def test_openvino_gives_its_embeddings(bay: Path) -> None:
    pytest.importorskip("openvino")
    keys = ["records.source=backfin", "export.formats=[openvino]", "export.photographs=new"]
    export.main([NAME, "out"], keys)
    proven = json.loads(Path("out/export.json").read_text())["cosine"]
    assert proven["openvino"] >= 0.9999 and proven["openvino bfloat16"] >= 0.999
    shown = noise(56, count=4)
    plain = hw.load_model(NAME, "output=found").identifier.models[0].load()(shown)
    half = ["embed.engine=openvino", "embed.precision=bfloat16"]
    found = hw.load_model(NAME, "output=found", *half).identifier.models[0].load()(shown)
    unit = [rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (plain, found)]
    assert (unit[0] * unit[1]).sum(axis=1).min() >= 0.999
