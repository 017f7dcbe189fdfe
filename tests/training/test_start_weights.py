from __future__ import annotations

import pytest

from tf_happywhale.errors import ConfigError
from tf_happywhale.retrieval.ensemble.trained_on import all_but
from tf_happywhale.run_folders.contents import write_trained_on
from tf_happywhale.run_folders.published_folder import PublishedFacts, write_published
from tf_happywhale.training.start_weights import check_start

FOLDS = {"a.jpg": 0, "b.jpg": 1, "c.jpg": 2}


def test_a_start_must_not_have_seen_the_images_that_judge_it(tmp_path):
    """In the same catalogue; the same fold's run has not, and another catalogue's cannot."""
    start, run = tmp_path / "start", tmp_path / "run"
    for file in ("model.keras", "checkpoints/best.weights.h5"):
        write_trained_on(start, all_but(0, "records", FOLDS), ["x"])
        check_start(str(start / file), run, 0, FOLDS)
        with pytest.raises(ConfigError, match=r"was trained on fold 1 .*that left fold 1 out"):
            check_start(str(start / file), run, 1, FOLDS)
        check_start(str(start / file), run, 1, FOLDS | {"d.jpg": 1})


def test_a_run_does_not_start_from_what_it_replaces(tmp_path):
    with pytest.raises(ConfigError, match="which this training would replace"):
        check_start(str(tmp_path / "model.keras"), tmp_path, 0, FOLDS)
    with pytest.raises(ConfigError, match="which this training would replace"):
        check_start(str(tmp_path / "training" / "checkpoints" / "b.weights.h5"), tmp_path, 0, FOLDS)
    check_start("hf://timm/somebody", tmp_path, 0, FOLDS)
    check_start(None, tmp_path, 0, FOLDS)


def test_a_published_model_that_may_have_seen_the_images_is_said(tmp_path, capsys):
    facts = PublishedFacts("fins", "0" * 64, 64, "Happywhale", "CC-BY-4.0", "", "hf://a/b")
    write_published(tmp_path / "fins", facts)
    start = str(tmp_path / "fins" / "model.keras")
    check_start(start, tmp_path / "run", 0, FOLDS)
    assert not capsys.readouterr().out
    check_start(start, tmp_path / "run", 0, {"00021adfb725ed.jpg": 0})
    assert "fins was trained on Happywhale" in capsys.readouterr().out


def test_what_a_published_models_licence_forbids_is_said(tmp_path, capsys):
    facts = PublishedFacts(
        "fins", "0" * 64, 64, "fins", "CC-BY-NC-4.0", "use for money", "hf://a/b"
    )
    write_published(tmp_path, facts)
    check_start(str(tmp_path / "model.keras"), tmp_path / "run", 0, FOLDS)
    assert "fins, whose licence is CC-BY-NC-4.0: use for money" in capsys.readouterr().out
