from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.models.published_models.drawn_checkpoints import torch_file, with_code
from tests.models.published_models.test_convert import backbone_tensors
from tests.published_stand_in import GOOD, NAME, TINY, WRONG, network, noise, use
from tf_happywhale.config import Model
from tf_happywhale.disk.hashes import sha256
from tf_happywhale.errors import InputError
from tf_happywhale.models.embedder import build_embedder
from tf_happywhale.models.published_models import fetching
from tf_happywhale.models.published_models.checking import check_model
from tf_happywhale.models.published_models.convert import convert
from tf_happywhale.models.published_models.fetching import fetch_model
from tf_happywhale.models.published_models.table import ANYDORSAL, MIEWID_MSV3
from tf_happywhale.models.weights.weight_names import find_weights
from tf_happywhale.run_folders.model_files import load_model
from tf_happywhale.run_folders.published_folder import fetched, read_published

FORBIDS = replace(TINY, licence="CC-BY-NC-4.0", restricted="use for money")


@pytest.fixture
def file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    return use(monkeypatch, tmp_path)


def test_a_file_becomes_a_model_folder_that_says_what_it_is(file: Path, capsys) -> None:
    assert fetched(NAME) is None
    folder = fetch_model(TINY, file)
    assert folder == fetched(NAME)
    assert sorted(path.name for path in folder.iterdir()) == [
        "LICENCE.txt", "config.yaml", "model.keras", "published.json",
    ]  # fmt: skip
    facts = read_published(folder)
    assert (facts.name, facts.sha256, facts.size) == (NAME, sha256(file), 64)
    text = (folder / "LICENCE.txt").read_text("utf-8")
    for part in ("CC-BY-4.0", "somebody's dolphins", "hf://nobody/tinyfin", sha256(file)):
        assert part in text
    assert "accepted" not in text
    expected = np.asarray(network()(noise()))
    np.testing.assert_allclose(load_model(folder / "model.keras")(noise()), expected, rtol=1e-4)
    said = capsys.readouterr().out
    assert "licence: CC-BY-4.0" in said
    assert f"SHA-256 of {file}: {sha256(file)}, not compared, since none is known" in said


def test_what_is_there_is_not_made_again(file: Path, monkeypatch, capsys) -> None:
    fetch_model(TINY, file)
    monkeypatch.setattr(fetching, "convert", None)
    fetch_model(TINY, file)
    fetch_model(TINY, None)
    assert capsys.readouterr().out.count("is on this machine already") == 2


def test_the_same_file_is_the_same_model_wherever_it_was_converted(
    file: Path, tmp_path: Path
) -> None:
    here, there = fetch_model(TINY, file), fetch_model(TINY, file, tmp_path / "there")
    assert read_published(here).content == read_published(there).content


def test_a_folder_of_another_file_stays_as_it_is(file: Path, tmp_path: Path) -> None:
    folder = fetch_model(TINY, file)
    other = tmp_path / "other"
    other.write_bytes(WRONG)
    before = (folder / "model.keras").read_bytes()
    with pytest.raises(InputError, match=r"was made from another file.*--to"):
        fetch_model(TINY, other)
    assert (folder / "model.keras").read_bytes() == before


def test_a_folder_that_is_no_model_folder_is_not_touched(file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "photographs"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(b"a picture")
    with pytest.raises(InputError, match=r"photographs already, which is no model folder: .*--to"):
        fetch_model(TINY, file, folder)
    assert [path.name for path in folder.iterdir()] == ["a.jpg"]
    own = fetch_model(TINY, file)
    with pytest.raises(InputError, match=f"which is the folder of {NAME}"):
        fetch_model(replace(TINY, name="other"), file, own)


@pytest.mark.parametrize("published", [FORBIDS, replace(TINY, licence="")])
def test_a_licence_that_forbids_something_is_shown_and_has_to_be_accepted(
    file: Path, capsys, published
) -> None:
    licence = published.licence or "not known"
    with pytest.raises(InputError) as refused:
        fetch_model(published, file)
    assert str(refused.value) == (
        f"The licence of tinyfin ({licence}) has not been accepted yet: read "
        "https://huggingface.co/nobody/tinyfin, and add --accept if your use agrees with it."
    )
    assert f"licence: {licence}" in capsys.readouterr().out
    assert fetched(NAME) is None
    folder = fetch_model(published, file, accepted=True)
    text = (folder / "LICENCE.txt").read_text("utf-8")
    assert f"licence: {licence}" in text and "These terms were accepted" in text
    assert (published.restricted in text) and read_published(folder).licence == published.licence


def test_a_wrong_file_leaves_nothing(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(WRONG)
    for published, said in (
        (TINY, "other is not tinyfin's"),
        (replace(TINY, sha256="0" * 64), r"not tinyfin.safetensors of tinyfin \(SHA-256 .*, exp"),
    ):
        with pytest.raises(InputError, match=said):
            fetch_model(published, other)
    with pytest.raises(InputError, match="There is no file"):
        fetch_model(TINY, tmp_path / "gone")
    assert fetched(NAME) is None
    assert not (tmp_path / "models" / NAME).exists()


def test_a_known_hash_is_compared(file: Path, capsys) -> None:
    fetch_model(replace(TINY, sha256=sha256(file)), file)
    assert "as expected" in capsys.readouterr().out


def test_a_network_that_gives_something_else_is_not_kept(file: Path, monkeypatch) -> None:
    with pytest.raises(InputError, match="gives 24 numbers, and 99 are expected"):
        monkeypatch.setattr(fetching, "convert", lambda *_: network(TINY))
        fetch_model(replace(TINY, embedding=99), file)

    def broken(*_):
        model = network()
        model.get_layer("neck").set_weights([np.full(24, np.nan)] * 4)
        return model

    monkeypatch.setattr(fetching, "convert", broken)
    with pytest.raises(InputError, match="not all finite"):
        fetch_model(TINY, file)
    assert fetched(NAME) is None


def test_without_a_network_one_sentence_says_what_to_do(
    file: Path, monkeypatch, tmp_path: Path
) -> None:
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    page = "https://huggingface.co/nobody/tinyfin/resolve/main/tinyfin.safetensors"
    wanted = f"download {page} where there is a network and run `.*models fetch {NAME} FILE`"
    with pytest.raises(InputError, match=wanted):
        fetch_model(TINY, None)
    with pytest.raises(InputError, match=f"at no address that is known.*fetch {NAME} FILE"):
        fetch_model(replace(TINY, source=""), None)
    assert fetched(NAME) is None


def test_the_hub_is_asked_for_the_file(file: Path, monkeypatch) -> None:
    import huggingface_hub

    asked = []

    def download(*what: str) -> str:
        asked.append(what)
        return str(file)

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", download)
    assert fetch_model(TINY, None) == fetched(NAME)
    assert asked == [("nobody/tinyfin", "tinyfin.safetensors")]


def test_what_the_folder_says_is_not_guessed_if_it_is_damaged(file: Path) -> None:
    folder = fetch_model(TINY, file)
    said = json.loads((folder / "published.json").read_text())
    for text in ("{", "[]", json.dumps({**said, "size": "64"}), json.dumps({"name": NAME})):
        (folder / "published.json").write_text(text)
        with pytest.raises(InputError, match=r"published\.json is damaged"):
            read_published(folder)


def test_check_says_what_a_file_or_a_folder_gives(file: Path, capsys) -> None:
    with pytest.raises(InputError, match=f"{NAME} is not on this machine: run"):
        check_model(TINY, None)
    for given in (file, None):
        check_model(TINY, given)
        said = capsys.readouterr().out
        assert re.search(r"tinyfin\S*: 1,9\d\d parameters in 7 tensors; a picture of noise", said)
        assert "64 px, gives 24 numbers" in said
        assert "parity with timm: not run" in said
        assert sha256(file) in said
        fetch_model(TINY, file)
        capsys.readouterr()
    file.write_bytes(GOOD + b"!")
    with pytest.raises(InputError, match="is not tinyfin's"):
        check_model(TINY, file)
    with pytest.raises(InputError, match="was made from another file than is known today"):
        check_model(replace(TINY, sha256="1" * 64), None)


@pytest.fixture
def lite0_file(monkeypatch, tmp_path: Path, lite0_tensors) -> Path:
    """AnyDorsal's file, with lite0 in place of its large network."""
    monkeypatch.setenv("HAPPYWHALE_MODELS", str(tmp_path / "models"))
    path = tmp_path / "theirs.pth"
    path.write_bytes(torch_file(backbone_tensors(lite0_tensors, ANYDORSAL.prefix)))
    return path


SMALL = replace(ANYDORSAL, backbone="lite0", size=64, embedding=1280)


def test_a_file_as_it_was_published_becomes_a_folder(lite0_file: Path, capsys) -> None:
    folder = fetch_model(SMALL, lite0_file, accepted=True)
    wanted = np.asarray(convert(SMALL, lite0_file)(noise()))
    np.testing.assert_array_equal(load_model(folder / "model.keras")(noise()), wanted)
    assert find_weights("lite0", "anydorsal") == str(folder / "model.keras")
    started = build_embedder(Model(backbone="lite0", weights="anydorsal"))
    assert "weights from" in capsys.readouterr().out
    theirs = started.get_layer("lite0").get_weights()
    for ours, others in zip(load_model(folder / "model.keras").get_weights(), theirs, strict=True):
        np.testing.assert_array_equal(ours, others)


def test_damaged_files_and_code_leave_nothing(lite0_file: Path, tmp_path: Path) -> None:
    whole, bad = lite0_file.read_bytes(), tmp_path / "bad.pth"
    for content, said in (
        (whole[: len(whole) // 2], "is not a whole checkpoint"),
        (with_code(), "names os system, which is not permitted since it could run code"),
        (b"<html>Not found</html>", "is no checkpoint"),
    ):
        bad.write_bytes(content)
        with pytest.raises(InputError, match=said) as refused:
            fetch_model(SMALL, bad, accepted=True)
        assert "\n" not in str(refused.value)
    with pytest.raises(InputError, match="is not miewid_msv3's"):
        small = replace(MIEWID_MSV3, backbone="lite0", sha256="")
        fetch_model(small, lite0_file, accepted=True)
    assert not (tmp_path / "models" / "anydorsal").exists()
    assert not (tmp_path / "models" / "miewid_msv3").exists()
