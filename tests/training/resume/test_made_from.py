"""What a training is made from: written, read, and compared in words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tf_happywhale.config import load_experiment
from tf_happywhale.training.resume.made_from import (
    FILE,
    PICTURES,
    SECTIONS,
    MadeFrom,
    differences,
    flat,
    in_words,
    read_made_from,
    write_made_from,
)


def settings_of(*overrides: str) -> dict:
    experiment = load_experiment(None, ["seed=1", *overrides])
    return flat(experiment.model_dump(mode="json", include=SECTIONS))


ROWS = (("é 1.jpg", "09913", "0", "aa"), ("2.jpg", "NA", "1", "bb"), ("3.jpg", "1e10", "1", "cc"))
MADE = MadeFrom(settings_of(), "sha", "people", None, 0, ROWS)


def test_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    assert read_made_from(tmp_path) is None
    write_made_from(tmp_path, MADE, stamp="s", epochs=3)
    assert read_made_from(tmp_path) == (MADE, {"stamp": "s", "epochs": 3})


@given(
    st.lists(
        st.tuples(*[st.text(st.characters(exclude_categories=("Cs", "Cc"))) for _ in range(4)]),
        max_size=5,
    )
)
@settings(max_examples=30, deadline=None)
def test_any_names_come_back(tmp_path_factory, rows) -> None:
    folder = tmp_path_factory.mktemp("made")
    made = replace(MADE, pictures=tuple(rows))
    write_made_from(folder, made)
    assert read_made_from(folder) == (made, {})


@pytest.mark.parametrize("file", [FILE, PICTURES])
@pytest.mark.parametrize("text", [None, "", "{}", "[1]", "image\n1"])
def test_one_that_is_damaged_is_none(tmp_path: Path, file: str, text: str | None) -> None:
    write_made_from(tmp_path, MADE)
    if text is None:
        (tmp_path / file).unlink()
    else:
        (tmp_path / file).write_text(text)
    assert read_made_from(tmp_path) is None


def test_nothing_is_different_from_itself() -> None:
    assert differences(MADE, MADE) == []


def test_a_key_is_named_with_both_values() -> None:
    asked = replace(MADE, config=settings_of("train.epochs=30", "model.sizes=[1, 0.5]"))
    assert differences(asked, MADE) == [
        "model.sizes is [1.0, 0.5], was []",
        "train.epochs is 30, was 25",
    ]


def test_a_value_that_an_earlier_version_called_otherwise_is_the_same(tmp_path: Path) -> None:
    old = replace(MADE, config={**settings_of(), "train.schedule": "seed"})
    write_made_from(tmp_path, old)
    asked = replace(MADE, config=settings_of("train.schedule=original"))
    assert differences(asked, read_made_from(tmp_path)[0]) == []


def test_a_key_of_a_later_version_had_the_effect_of_its_default() -> None:
    earlier = {key: value for key, value in MADE.config.items() if key != "train.average"}
    before = replace(MADE, config={**earlier, "train.removed": 1})
    assert differences(MADE, before) == []
    asked = replace(MADE, config=settings_of("train.average=0.9"))
    assert differences(asked, before) == ["train.average is 0.9, was 0.0"]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ((*ROWS, ("4.jpg", "NA", "0", "dd")), "4.jpg is new"),
        (ROWS[1:], "é 1.jpg is gone"),
        ((ROWS[0], ("2.jpg", "NB", "1", "bb"), ROWS[2]), "2.jpg is of another individual"),
        ((*ROWS[:2], ("3.jpg", "1e10", "0", "cc")), "3.jpg is in another fold"),
        ((*ROWS[:2], ("3.jpg", "1e10", "1", "cd")), "3.jpg is changed (the picture or its box)"),
        (ROWS[::-1], "the images are in another order"),
        (
            tuple((name, who, fold, "x") for name, who, fold, _ in ROWS),
            "3 images, such as é 1.jpg, are changed (the picture or its box)",
        ),
    ],
)
def test_what_has_changed_among_the_pictures_is_said(rows: tuple, said: str) -> None:
    assert differences(replace(MADE, pictures=rows), MADE) == [said]


def test_everything_that_training_reads_counts() -> None:
    for name in ("weights", "individuals", "species", "fold"):
        assert differences(replace(MADE, **{name: "9"}), MADE), name


def test_many_differences_are_a_few_words() -> None:
    assert in_words(["a", "b"]) == "a; b"
    assert in_words(list("abcdef")) == "a; b; c; d; and 2 more"
