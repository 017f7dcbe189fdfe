"""The first word is MODEL or GALLERY by what it is on the disk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tf_happywhale.errors import InputError
from tf_happywhale.inference.which_model.named_places import NamedPlaces, read_places

FORM = "[MODEL] GALLERY PHOTO..."


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one of everything, in which the test works."""
    monkeypatch.chdir(tmp_path)
    for file in (
        "run/model.keras", "seals/train.csv", "seals/train_images/a.jpg", "whales/gallery.json",
        "both/model.keras", "both/train.csv", "out/demo/fold0/model.keras", "trip/1.jpg",
        "tables/sightings.csv", "empty/notes.md", "b0/1.jpg",
    ):  # fmt: skip
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        Path(file).touch()
    for run in ("run", "both", "out/demo/fold0"):
        Path(run, "config.yaml").write_text("name: x\n")
    Path("ensemble.yaml").write_text("members: [{path: run}]\n")
    return tmp_path


def places(words: str, form: str = FORM, *overrides: str) -> tuple:
    found = read_places(words.split(), form, overrides)
    return found.model, str(found.gallery), *found.rest


@pytest.mark.parametrize(
    "words",
    ["run seals trip", "ensemble.yaml whales trip", "lite0 seals trip 1.jpg", "both both trip",
     "both whales trip", "b6_ns whales trip", "anydorsal whales trip"],
)  # fmt: skip
def test_a_model_is_followed_by_the_gallery(home: Path, words: str) -> None:
    assert places(words) == tuple(words.split())


@pytest.mark.parametrize("words", ["seals trip", "whales trip", "whales trip 1.jpg gone"])
def test_a_gallery_comes_first_if_no_model_is_named(home: Path, words: str) -> None:
    assert places(words) == (None, *words.split())


def test_the_folder_one_is_in_is_a_gallery(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("seals")
    assert places(". new_photographs") == (None, ".", "new_photographs")


def test_the_table_may_have_another_name(home: Path) -> None:
    assert places("tables trip", FORM, "data.catalogue=sightings.csv")[1] == "tables"
    (home / "run" / "config.yaml").write_text("data: {catalogue: sightings.csv}\n")
    assert places("run tables trip") == ("run", "tables", "trip")


def test_of_a_fixed_number_of_words_the_number_decides(home: Path) -> None:
    form = "[MODEL] GALLERY PHOTO INDIVIDUAL"
    assert places("both 1.jpg 01", form) == (None, "both", "1.jpg", "01")
    assert places("both both 1.jpg 01", form) == ("both", "both", "1.jpg", "01")
    assert places("seals whales2", "[MODEL] CATALOGUE GALLERY") == (None, "seals", "whales2")
    assert places("lite0 seals new", "[MODEL] CATALOGUE GALLERY") == ("lite0", "seals", "new")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("both trip", "holds a trained model and known animals too: write both both trip to use"),
        ("run trip", "run is a model, but then trip alone is not enough"),
        ("run trip trip", "trip has photographs, but no train.csv, the table of known animals"),
        ("trip seals", "trip is no gallery, but seals is: name seals before it"),
        ("trip trip", "trip has photographs, but no train.csv, the table of known animals"),
        ("trip/1.jpg seals", "trip/1.jpg is no gallery, but seals is"),
        ("trip/1.jpg trip", "trip/1.jpg is a photograph: name the folder with your train.csv"),
        ("seals/train.csv trip", "is a file: name the folder that it is in, seals"),
        ("seals/train_images trip", "seals/train_images has no train.csv, but seals has"),
        ("seals run trip", "run is a model, and a model comes before the gallery"),
        ("tables trip", "data.catalogue=sightings.csv"),
        ("empty trip", "empty has no train.csv, the table of known animals"),
        ("gone trip", "There is no gone: name the folder with your train.csv first"),
        ("lite9 seals trip", "There is no lite9 (and no model of that name; there is lite"),
        ("lite9 trip", "no model of that name; there is lite"),
        ("anydorsl seals trip", "no model of that name; there is anydorsal"),
        ("out trip", "out holds models, in out/demo/fold0"),
        ("b0 trip", "b0 has photographs, but no train.csv"),
    ],
)  # fmt: skip
def test_what_is_neither_is_one_sentence_with_the_fix(home: Path, words: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        places(words)
    assert said in str(caught.value)


def test_of_a_fixed_number_of_words_a_wrong_model_is_said(home: Path) -> None:
    form = "[MODEL] CATALOGUE GALLERY"
    with pytest.raises(InputError, match="trip is no model"):
        places("trip seals new", form)
    with pytest.raises(InputError, match="seals is the gallery, and a model comes before it"):
        places("seals run new", form)
    with pytest.raises(InputError, match=r"run has no train\.csv"):
        places("run new", form)


WORDS = st.sampled_from(
    ["run", "seals", "whales", "both", "trip", "lite0", "gone", "ensemble.yaml", "tables", ".",
     "..", "/", "~", "empty", "out", "b0", "trip/1.jpg", "a=b", "seals/train.csv", "new\nline"]
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(words=st.lists(WORDS | st.text(min_size=1, max_size=5), min_size=2, max_size=4))
def test_any_words_are_an_answer_or_one_sentence(home: Path, words: list[str]) -> None:
    os.chdir(home)
    try:
        assert isinstance(read_places(words, FORM), NamedPlaces)
    except InputError as error:
        assert str(error).endswith((".", ").", "list."))
