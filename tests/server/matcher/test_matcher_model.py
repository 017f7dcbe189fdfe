"""The model and gallery that the server keeps: the same answers as `identify` gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import tf_happywhale as hw
from tests.conftest import QUICK
from tf_happywhale.errors import InputError
from tf_happywhale.server.matcher.matcher_model import LoadedModel, load_model


@pytest.fixture(scope="module")
def loaded(pod: Path, tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    """A small model's gallery of the pod's whole pictures."""
    from tests import small_network
    from tf_happywhale import run
    from tf_happywhale.config import load_experiment
    from tf_happywhale.training import trainer

    home = tmp_path_factory.mktemp("home")
    words = [*QUICK, "records.source=whole", f"data.root={pod}", f"output={home / 'training'}"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer, "build_embedder", small_network.build)
        run.main(load_experiment(None, words))
    settings = [f"output={home / 'identified'}"]
    hw.build_gallery(home / "training/quick/fold0", pod, home / "gallery", *settings)
    return load_model(home / "gallery", settings)


def test_embeddings_are_those_of_identify(loaded: LoadedModel, pod: Path, tmp_path: Path) -> None:
    files = sorted((pod / "test_images").iterdir())[:5]
    found = loaded.embed([loaded.crops(file, file.name) for file in files])
    folder = loaded.identifier.models[0].folder
    model = hw.load_model(folder, f"output={tmp_path}", "identify.boxes=null")
    expected = model.embed(files).embedding
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-5)


def test_individuals_are_in_the_order_of_identify(
    loaded: LoadedModel, pod: Path, tmp_path: Path
) -> None:
    files = sorted((pod / "test_images").iterdir())
    folder = loaded.identifier.models[0].folder
    model = hw.load_model(folder, f"output={tmp_path}", "match.use=never", "rank.candidates=5")
    table = model.identify(model.embed(files), loaded_gallery(loaded))
    rows = loaded.embed([loaded.crops(file, file.name) for file in files])
    found = loaded.gallery.rate(rows, [file.name for file in files])
    for name, each in found.items():
        listed = table[table["image"] == name]["individual_id"].tolist()
        known = [who for who in listed if who != "new_individual"]
        rated = [one.individual_id for one in each if one.individual_id != "new_individual"]
        assert rated[: len(known)] == known


def loaded_gallery(loaded: LoadedModel) -> Path:
    return loaded.identifier.home.parent.parent / "gallery"


def test_the_networks_stay_when_only_the_gallery_changes(
    loaded: LoadedModel,
) -> None:
    again = load_model(loaded_gallery(loaded), before=loaded)
    assert again is not loaded and again.forwards[0] is loaded.forwards[0]


def test_what_is_no_gallery(tmp_path: Path, loaded: LoadedModel) -> None:
    with pytest.raises(InputError, match="There is no gallery"):
        load_model(tmp_path)
    (tmp_path / "x.jpg").write_bytes(b"")
    with pytest.raises(InputError, match="x is empty"):
        loaded.crops(tmp_path / "x.jpg", "x")
