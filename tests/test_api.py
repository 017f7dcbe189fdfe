"""The Python API."""

from __future__ import annotations

import ast
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import tf_happywhale as hw
from tf_happywhale.errors import InputError

PACKAGE = Path(hw.__file__).parent


@pytest.fixture(scope="module")
def trained(finished: Path) -> Path:
    """A run folder on the small pod."""
    return finished / "quick" / "fold0"


@pytest.fixture
def model(trained: Path, pod: Path, tmp_path: Path) -> hw.LoadedModel:
    return hw.load_model(
        trained, f"identify.boxes={pod / 'boxes.csv'}", f"output={tmp_path / 'identified'}"
    )


def test_every_name_can_be_imported_and_type_checkers_see_the_same() -> None:
    assert all(getattr(hw, name) is not None for name in hw.__all__)
    assert set(hw.__all__) <= set(dir(hw))
    seen = {
        alias.name
        for node in ast.walk(ast.parse((PACKAGE / "__init__.py").read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tf_happywhale.")
        for alias in node.names
    }
    assert seen - {"register"} == set(hw.__all__)


def test_no_name_is_also_a_module() -> None:
    assert not {path.stem for path in PACKAGE.iterdir()} & set(hw.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'load_modle'"):
        hw.load_modle  # noqa: B018


def test_the_import_is_light() -> None:
    code = (
        "import sys, tf_happywhale as hw; hw.HappywhaleError\n"
        "light = sorted({'keras', 'tensorflow', 'pandas', 'numpy'} & {*sys.modules})\n"
        "hw.load_model, hw.open_catalogue\n"  # Keras' backend is chosen when a model is loaded
        "sys.exit(str([*light, *({'keras', 'tensorflow'} & {*sys.modules})]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == "[]"


def test_identify_gives_candidates_of_every_photograph(model: hw.LoadedModel, pod: Path) -> None:
    found = model.identify(pod / "test_images", pod)
    assert set(found["image"]) == {file.name for file in (pod / "test_images").iterdir()}
    assert found["rank"].max() == model.experiment.rank.candidates
    assert found["score"].dtype == float
    first = found["image"].iloc[0]
    assert model.identify([pod / "test_images" / first], pod)["image"].unique() == [first]


def test_a_gallery_of_what_was_embedded_finds_its_own_images(
    model: hw.LoadedModel, trained: Path, pod: Path, tmp_path: Path
) -> None:
    known = model.embed_catalogue(pod)
    assert known.embedding.dtype == np.float32
    gallery = hw.build_gallery(
        trained, pod, tmp_path / "whales", f"output={tmp_path / 'identified'}"
    )
    assert gallery.search(known, k=1).individual_id[:, 0].tolist() == known.individual_id.tolist()
    assert all(Path(picture).is_file() for picture in gallery.images().column("picture"))
    queries = model.embed(pod / "test_images")
    by_folder = model.identify(queries, tmp_path / "whales")
    assert by_folder.equals(model.identify(queries, gallery))
    assert by_folder["score"].equals(model.identify(queries, known)["score"])


def test_embeddings_of_another_model_or_without_individuals_are_no_gallery(
    model: hw.LoadedModel, pod: Path
) -> None:
    queries, known = model.embed(pod / "test_images"), model.embed_catalogue(pod)
    other = replace(known, about={**known.about, "model": "another"})
    with pytest.raises(InputError, match="Another model embedded the reference images"):
        model.identify(queries, other)
    with pytest.raises(InputError, match="Another model embedded the photographs"):
        model.identify(other, known)
    with pytest.raises(InputError, match="the photographs come first, then the gallery"):
        model.identify(known, queries)
    unsaid = replace(known, about={})
    assert len(model.identify(queries, unsaid)) == len(model.identify(queries, known))


def test_a_catalogue_is_opened(pod: Path) -> None:
    catalogue = hw.open_catalogue(pod)
    assert len(catalogue.images) == len(catalogue.individual_ids)
    with pytest.raises(hw.HappywhaleError, match="There is no data folder"):
        hw.open_catalogue(pod / "nowhere")


def test_no_model_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(hw.HappywhaleError, match="There is no model"):
        hw.load_model(tmp_path / "nothing")
