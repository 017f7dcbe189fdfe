"""A catalogue asked about itself, and catalogues laid out as one."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.training.whitening import within_individuals

SCRIPTS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch):
    """A script of the folder as a module."""
    monkeypatch.syspath_prepend(str(SCRIPTS))

    def script(name: str):
        spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, module)  # where dataclasses look
        spec.loader.exec_module(module)
        return module

    return script


def gallery() -> Embeddings:
    """A and B are known from three days; C from one only."""
    random = np.random.default_rng(0)
    who = np.array(list("AAABBBC"))
    centre = np.eye(8, dtype=np.float32)[np.unique(who, return_inverse=True)[1]]
    embedding = centre + 0.05 * random.normal(size=centre.shape).astype(np.float32)
    images = np.array([f"{n}.jpg" for n in range(len(who))])
    return Embeddings(embedding, images, who)


def test_known_questions_are_told_from_the_same_without_their_individual(load) -> None:
    own = load("own_questions")
    found = own.answers(gallery(), None, np.arange(7))
    assert found.precision.tolist() == [1] * 6 and len(found.best_new) == 7
    row = own.figures(found, found)
    assert row["map5"] == row["rank1"] == row["auroc"] == 1 and row["gain"] == 0
    assert row["map5_interval"] == [1, 1] and row["questions"] == 6
    halves = own.answers(gallery(), None, np.arange(4)) + own.answers(
        gallery(), None, np.arange(4, 7)
    )
    assert own.figures(halves) == own.figures(found)


def test_whitening_learns_from_what_was_not_taken_together_with_the_question(load) -> None:
    seals = load("seals")
    images = gallery()
    unit = images.embedding / np.linalg.norm(images.embedding, axis=1, keepdims=True)
    kernel, bias = within_individuals(unit[1:], images.individual_id[1:].tolist(), seals.RIDGE)
    mapped = unit @ kernel + bias
    mapped /= np.linalg.norm(mapped, axis=1, keepdims=True)
    found = seals.whitened(seals.Part(images, np.arange(7)))(np.array([0]))
    assert np.allclose(found[0], mapped[0] @ mapped.T, atol=1e-5)


def test_catalogues_are_laid_out_alike_and_without_what_is_held_out(load, tmp_path: Path) -> None:
    several = load("several_species")
    catalogues = []
    for name, count in (("whales", 3), ("seals", 2)):
        folder = tmp_path / name / "train_images"
        folder.mkdir(parents=True)
        images = [f"{n}.jpg" for n in range(count)]
        for image in images:
            cv2.imwrite(str(folder / image), np.full((20, 30, 3), 90, np.uint8))
        rows = pd.DataFrame({"image": images, "species": name, "individual_id": "007"})
        rows.to_csv(folder.parent / "train.csv", index=False)
        table = several.table_of(folder.parent)
        table[several.BOX[2:]] = [several.whole(path) for path in table["path"]]
        catalogues.append(several.Catalogue(name, table, np.arange(count) == 0))
    several.lay_out(tmp_path / "all", catalogues)
    read = {name: pd.read_csv(tmp_path / "all" / f"{name}.csv", dtype=str)
            for name in ("train", "training", "boxes")}  # fmt: skip
    assert read["train"]["image"].is_unique and len(read["train"]) == 5
    assert set(read["train"]["individual_id"]) == {"whales-007", "seals-007"}
    assert read["training"]["image"].tolist() == ["whales-1.jpg", "whales-2.jpg", "seals-1.jpg"]
    assert read["boxes"].iloc[0].tolist() == ["whales-0.jpg", "animal", "0", "0", "30", "20"]
    assert len(list((tmp_path / "all" / "train_images").iterdir())) == 5
