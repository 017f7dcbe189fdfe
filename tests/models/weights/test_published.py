from __future__ import annotations

import numpy as np
import pytest
from safetensors.numpy import save_file

from tf_happywhale.errors import InputError
from tf_happywhale.models.backbones.variants import VARIANTS
from tf_happywhale.models.pretrained import pretrained_backbone
from tf_happywhale.models.weights import published
from tf_happywhale.models.weights.published import read_weights


def test_without_network_or_cache_one_sentence_says_what_to_put_where(monkeypatch, tmp_path):
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    page = r"download https://huggingface\.co/timm/x\.y/resolve/main/model\.safetensors .*"
    with pytest.raises(InputError, match=rf"not in the cache.*{page}model\.weights"):
        read_weights("hf://timm/x.y")


def test_a_page_of_keras_that_is_out_of_reach_is_one_sentence(monkeypatch):
    def offline(**options):
        raise OSError("no route to host\nand a second line")

    monkeypatch.setattr(published.keras.utils, "get_file", offline)
    with pytest.raises(InputError, match=r"cannot be downloaded \(no route to host\): download"):
        read_weights(VARIANTS["b1"].weights["b1_imagenet"])


def test_the_hub_is_asked_for_the_file_of_an_address(monkeypatch, tmp_path):
    import huggingface_hub

    asked = []

    def download(repository, file):
        asked.append((repository, file))
        save_file({"a": np.ones(2, np.float32)}, tmp_path / "file.safetensors")
        return str(tmp_path / "file.safetensors")

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", download)
    assert list(read_weights("hf://timm/tf_efficientnet_b6.ns_jft_in1k")) == ["a"]
    read_weights("hf://somebody/whales/b6/best.safetensors")
    assert asked == [
        ("timm/tf_efficientnet_b6.ns_jft_in1k", "model.safetensors"),
        ("somebody/whales", "b6/best.safetensors"),
    ]


def test_a_missing_file_is_one_sentence():
    with pytest.raises(InputError, match=r"no weights file gone\.safetensors"):
        pretrained_backbone("lite0", "gone.safetensors")


def test_a_file_fills_the_network_and_says_what_it_left(tmp_path, lite0, lite0_tensors, capsys):
    tensors = {k: np.ascontiguousarray(v) for k, v in lite0_tensors.items() if v.ndim}
    save_file(tensors, tmp_path / "lite0.safetensors")
    network = pretrained_backbone("lite0", str(tmp_path / "lite0.safetensors"))
    for ours, theirs in zip(network.get_weights(), lite0.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    said = capsys.readouterr().out
    assert "245 tensors; not used: classifier." in said
