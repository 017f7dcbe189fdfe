from __future__ import annotations

from pathlib import Path

import pandas as pd

from tests.galleries.test_matched_individuals import gallery
from tf_happywhale.config import load_experiment
from tf_happywhale.galleries.gallery_folder import open_gallery
from tf_happywhale.retrieval.ensemble.trained_on import NOTHING
from tf_happywhale.review.curation_files import curate_gallery


def curated(folder: Path, about: dict[str, str]) -> tuple[pd.DataFrame, pd.DataFrame, str]:
    """Two images of Ann and Eve match. By their embeddings, each image is near all others."""
    gallery(folder / "whales", {("a1.jpg", "e.jpg"): 30}, about=about)
    experiment = load_experiment(None, [f"output={folder / 'trip'}"])
    curate_gallery(open_gallery(folder / "whales"), experiment)
    home = folder / "trip" / "curation"
    page = (home / "index.html").read_text("utf-8")
    return pd.read_csv(home / "duplicates.csv"), pd.read_csv(home / "errors.csv"), page


def test_the_features_of_an_untaught_model_list_nothing(tmp_path: Path, capsys) -> None:
    pairs, errors, page = curated(tmp_path, {"model": "m", "trained_on": NOTHING})
    assert pairs[["individual_id", "other_id", "score"]].to_numpy().tolist() == [["ann", "eve", 30]]
    assert len(errors) == 0 and "individual_id" in errors
    assert "30 matching points" in page and "Nobody has taught" in capsys.readouterr().out


def test_a_trained_models_embeddings_are_compared(tmp_path: Path, capsys) -> None:
    pairs, errors, page = curated(tmp_path, {"model": "m"})
    assert len(pairs) > 1 and len(errors) == 4  # Ann and Bob have two images each
    assert "matching points" not in page and "Nobody has taught" not in capsys.readouterr().out
