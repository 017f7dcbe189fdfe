from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from tf_happywhale.inference.embedding.identifier import Identifier
from tf_happywhale.inference.teaching.who_teaches import seen_by, who_teaches
from tf_happywhale.retrieval.embeddings import Embeddings, save_embeddings
from tf_happywhale.retrieval.ranking.learned import nothing_learned
from tf_happywhale.retrieval.teaching.elsewhere import trained_elsewhere
from tf_happywhale.run_folders.contents import write_trained_on
from tf_happywhale.run_folders.published_folder import PublishedFacts


@dataclass(frozen=True)
class Model:
    """As much of a trained model as is asked for."""

    folder: Path
    taught: bool = True
    published: PublishedFacts | None = None

    @property
    def about(self) -> dict[str, str]:
        return {"trained_on": trained_elsewhere(self.published.trained_on)}


def images(rows: dict[str, str]) -> Embeddings:
    return Embeddings(
        np.ones((len(rows), 2), np.float32), np.array(list(rows)), np.array(list(rows.values()))
    )


GALLERY = images({"a.jpg": "w1", "b.jpg": "w1", "c.jpg": "w2", "d.jpg": "w3", "e.jpg": "w4"})


def identifier(*models: Model, unknown: str = "") -> Identifier:
    return Identifier(models, nothing_learned([1.0]), Path(), 8, unknown)


@pytest.fixture
def model(tmp_path: Path):
    def make(catalogue: dict[str, str] | None = None, order: list[str] | None = None) -> Model:
        folder = tmp_path / f"run{len(list(tmp_path.iterdir()))}"
        (folder / "embeddings").mkdir(parents=True)
        if catalogue is not None:
            save_embeddings(folder / "embeddings" / "train.npz", images(catalogue))
        if order is not None:
            write_trained_on(folder, "records; folds 1 2 of 01234567", order)
        return Model(folder)

    return make


def test_a_model_teaches_by_its_own_catalogue(model) -> None:
    own = model({"a.jpg": "w1", "b.jpg": "w1", "c.jpg": "w2", "d.jpg": "w3", "e.jpg": "w4"})
    teacher = who_teaches(identifier(own), GALLERY)
    assert teacher.asked is None
    assert teacher.said == ()


def test_confirmed_matches_and_a_few_new_animals_do_not_change_that(model) -> None:
    own = model({"a.jpg": "w1", "c.jpg": "w2", "d.jpg": "w3"})
    assert who_teaches(identifier(own), GALLERY).asked is None


def test_where_nobody_taught_the_model_the_gallery_teaches() -> None:
    teacher = who_teaches(identifier(Model(Path(), taught=False), unknown="nobody."), GALLERY)
    assert teacher.asked.tolist() == [True] * 5
    assert teacher.said == ()


def test_of_a_model_from_elsewhere_the_gallery_teaches(model) -> None:
    elsewhere = model({"x.jpg": "x1", "y.jpg": "x2"}, ["x1", "x2"])
    assert who_teaches(identifier(elsewhere), GALLERY).asked.all()


def test_where_most_are_unseen_only_they_teach(model) -> None:
    teacher = who_teaches(identifier(model({"a.jpg": "w1", "x.jpg": "x"})), GALLERY)
    assert teacher.asked.tolist() == [False, False, True, True, True]
    assert teacher.said == (
        "The model was trained on 1 of the gallery's 4 individuals: only the others teach.",
    )


def test_where_the_own_catalogue_teaches_nothing_a_few_unseen_ones_do(model) -> None:
    own = model({"a.jpg": "w1", "c.jpg": "w2", "d.jpg": "w3"})
    teacher = who_teaches(identifier(own, unknown="the catalogue is not at hand."), GALLERY)
    assert teacher.asked.tolist() == [False] * 4 + [True]


def test_what_may_be_another_animal_counts_as_seen_and_is_said(model) -> None:
    same_names = model({"a.jpg": "u1", "c.jpg": "u2", "d.jpg": "u3", "e.jpg": "u4"})
    teacher = who_teaches(identifier(same_names), GALLERY)
    assert teacher.asked is None
    (said,) = teacher.said
    assert said.startswith("4 of the gallery's individuals (such as w1) have an id or a photograph")


def test_what_does_not_say_whom_it_has_seen_does_not_let_the_gallery_teach(model) -> None:
    silent = model()
    assert seen_by([silent], GALLERY) is None
    assert who_teaches(identifier(silent, unknown="no catalogue."), GALLERY).asked is None
    assert who_teaches(identifier(model({"x.jpg": "x"}), silent), GALLERY).asked is None


def test_an_exported_model_says_by_ids_whom_it_has_seen(model) -> None:
    exported = model(order=["w1", "w2"])
    teacher = who_teaches(identifier(exported, unknown="no catalogue."), GALLERY)
    assert teacher.asked.tolist() == [False, False, False, True, True]
    assert len(teacher.said) == 1


def test_several_models_have_seen_what_any_of_them_has(model) -> None:
    pair = model({"a.jpg": "w1"}), model({"e.jpg": "w4"})
    assert who_teaches(identifier(*pair, unknown="-"), GALLERY).asked.tolist() == [
        False,
        False,
        True,
        True,
        False,
    ]


def of_others(trained_on: str) -> Model:
    facts = PublishedFacts("fins", "0" * 64, 64, trained_on, "CC-BY-4.0", "", "hf://a/b")
    return Model(Path(), published=facts)


def test_of_a_model_of_others_the_gallery_teaches() -> None:
    for trained_on in ("Wildbook: 64 species", "Happywhale's competition"):
        found = who_teaches(identifier(of_others(trained_on), unknown="others."), GALLERY)
        assert found.asked.tolist() == [True] * 5
        assert found.said == ()


def test_of_a_model_of_others_what_is_named_as_there_counts_as_seen() -> None:
    """By the id, by a photograph's name, or by both, which alone leaves no doubt."""
    gallery = images(
        {"00021adfb725ed.jpg": "37c7aba965a5", "a.jpg": "37c7aba965a6", "b.jpg": "w1",
         "000562241d384d.jpg": "w2"}
    )  # fmt: skip
    trained = of_others("Happywhale's competition")
    found = who_teaches(identifier(trained, unknown="others."), gallery)
    assert found.asked.tolist() == [False, False, True, False]
    first, doubt, only = found.said
    assert first == (
        "fins was trained on Happywhale, and 3 of the gallery's 4 individuals are named as there: "
        "they count as known to it."
    )
    assert doubt.startswith("2 of the gallery's individuals (such as 37c7aba965a6) have an id or")
    assert only.startswith("The model was trained on 3 of the gallery's 4 individuals")
    other = who_teaches(identifier(of_others("Wildbook"), unknown="others."), gallery)
    assert other.asked.all()


def test_beside_a_model_of_others_an_own_one_still_knows_its_animals(model) -> None:
    own = model({"a.jpg": "w1", "c.jpg": "w2"})
    teacher = who_teaches(identifier(own, of_others("Wildbook"), unknown="-"), GALLERY)
    assert teacher.asked.tolist() == [False, False, False, True, True]
