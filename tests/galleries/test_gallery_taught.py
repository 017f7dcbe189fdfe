from __future__ import annotations

from pathlib import Path

import numpy as np

from tf_happywhale.config import Rank
from tf_happywhale.galleries.gallery_folder import make_gallery
from tf_happywhale.galleries.gallery_tables import summary_lines
from tf_happywhale.retrieval.embeddings import Embeddings

ABOUT = {"model": "m" * 64, "source": "whole", "view": "original", "preprocess": "squashed to 8"}


def lines(folder: Path, before: str = "", **about: str) -> list[str]:
    """What is said about a gallery of 6 individuals with 3 images each, and one with one."""
    rng = np.random.default_rng(0)
    who = np.append(np.repeat(np.arange(6), 3), 6)
    rows = 5 + rng.normal(size=(7, 4))[who] + 0.1 * rng.normal(size=(len(who), 4))
    names = np.array([f"{n}.jpg" for n in range(len(who))])
    images = Embeddings(
        rows.astype(np.float32), names, np.array([f"{before}{n}" for n in who]), ABOUT | about
    )
    return summary_lines(make_gallery(folder, images), Rank())


def test_a_gallery_that_nobody_taught_says_what_it_teaches(tmp_path: Path) -> None:
    said = "\n".join(lines(tmp_path / "a", trained_on="nothing", centred="yes"))
    assert "19 images of 7 individuals" in said
    assert "18 photographs of 6 individuals were asked of the others" in said
    assert "at 5 candidates 0% " in said


def test_one_whose_model_may_know_its_animals_does_not(tmp_path: Path) -> None:
    assert not any("asked of the others" in line for line in lines(tmp_path / "a"))
    trained = lines(tmp_path / "b", trained_on="records; folds 1 2 of 01234567")
    assert not any("asked of the others" in line for line in trained)


def test_of_a_model_of_others_its_individuals_teach_unless_they_are_named_as_there(
    tmp_path: Path,
) -> None:
    said = lines(tmp_path / "a", trained_on="individuals of others")
    assert any("18 photographs of 6 individuals were asked" in line for line in said)
    happywhale = "individuals of others, Happywhale's among them"
    said = lines(tmp_path / "b", trained_on=happywhale)
    assert any("18 photographs of 6 individuals were asked" in line for line in said)
    said = lines(tmp_path / "c", "37c7aba965a", trained_on=happywhale)
    assert not any("were asked" in line for line in said)


def test_pixels_and_precision_are_said(tmp_path: Path) -> None:
    plain = lines(tmp_path / "a")
    assert "  embedded by model mmmmmmmmmmmm, squashed to 8 px" in plain
    fast = lines(tmp_path / "b", preprocess="squashed to 8, bfloat16")
    assert "  embedded by model mmmmmmmmmmmm, squashed to 8 px, bfloat16" in fast
