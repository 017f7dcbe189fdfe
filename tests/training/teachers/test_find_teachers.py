from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tf_happywhale.config import Experiment, load_experiment
from tf_happywhale.errors import ConfigError, InputError
from tf_happywhale.retrieval.embeddings import Embeddings, save_embeddings
from tf_happywhale.retrieval.ensemble.trained_on import all_but
from tf_happywhale.training.teachers.find_teachers import check_teachers, find_teachers

FOLDS = {"a.jpg": 0, "b.jpg": 1, "c.jpg": 2}


def experiment(*teachers: Path) -> Experiment:
    named = ", ".join(f"{{path: {path}}}" for path in teachers)
    return load_experiment(None, ["output=out", f"train.teachers=[{named}]"])


def write(run: Path, trained_on: str) -> Path:
    images = np.array(list(FOLDS))
    about = {"trained_on": trained_on} if trained_on else {}
    made = Embeddings(np.eye(3, dtype=np.float32), images, np.array(["x"] * 3), about)
    save_embeddings(run / "embeddings" / "train.npz", made)
    return run


def test_a_teacher_must_not_have_seen_the_images_that_judge_its_student(tmp_path: Path):
    one = write(tmp_path / "one", all_but(0, "records", FOLDS))
    check_teachers(experiment(one), 0, FOLDS)
    with pytest.raises(ConfigError, match=r"one was trained on fold 1 .*that left fold 1 out"):
        check_teachers(experiment(one), 1, FOLDS)
    nobody = write(tmp_path / "two", "nothing")
    check_teachers(experiment(one, nobody), 0, FOLDS)


def test_a_teacher_that_does_not_say_what_it_has_seen_is_refused(tmp_path: Path):
    silent = write(tmp_path / "silent", "")
    with pytest.raises(InputError, match=r"silent do not say which folds it was trained on"):
        check_teachers(experiment(silent), 0, FOLDS)
    other = write(tmp_path / "other", all_but(0, "records", FOLDS | {"d.jpg": 1}))
    with pytest.raises(InputError, match=r"other was trained on other folds than these"):
        check_teachers(experiment(other), 0, FOLDS)


def test_the_folder_of_the_folds_stands_for_the_one_that_is_trained(tmp_path: Path):
    for fold in (0, 1):
        write(tmp_path / "net" / f"fold{fold}", all_but(fold, "records", FOLDS))
    for fold in (0, 1):
        (found,) = find_teachers(experiment(tmp_path / "net"), fold)
        assert found.run == tmp_path / "net" / f"fold{fold}"
        check_teachers(experiment(tmp_path / "net"), fold, FOLDS)
    with pytest.raises(InputError, match=r"There are no embeddings .*train\.npz"):
        check_teachers(experiment(tmp_path / "net"), 2, FOLDS)


def test_nobody_learns_from_what_is_replaced_then(tmp_path: Path):
    own = load_experiment(
        None, [f"output={tmp_path}", f"train.teachers=[{{path: {tmp_path}/experiment}}]"]
    )
    write(tmp_path / "experiment" / "fold0", all_but(0, "records", FOLDS))
    with pytest.raises(ConfigError, match="which this training would replace"):
        check_teachers(own, 0, FOLDS)


def test_images_without_a_label_need_a_teacher():
    with pytest.raises(ConfigError, match=r"there are no train\.teachers to say where"):
        load_experiment(None, ["train.unlabelled=true"])
