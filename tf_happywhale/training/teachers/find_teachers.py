"""The models that teach a training, and whether they may."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tf_happywhale.config import Experiment, MemberPath
from tf_happywhale.errors import ConfigError
from tf_happywhale.places import run_folder
from tf_happywhale.retrieval.embeddings import load_embeddings
from tf_happywhale.retrieval.ensemble.members import Member, find_members
from tf_happywhale.retrieval.ensemble.trained_on import held_out_folds


def find_teachers(experiment: Experiment, fold: int) -> list[Member]:
    """Return the teachers of one fold's training. A folder that holds fold0, fold1 and so on stands
    for the one of this fold."""
    named = tuple(_of_fold(teacher, fold) for teacher in experiment.train.teachers)
    return find_members(experiment.model_copy(update={"members": named})) if named else []


def check_teachers(experiment: Experiment, fold: int, folds: Mapping[str, int]) -> None:
    """Refuse a teacher that one fold's training must not learn from.

    Args:
        experiment: how to train.
        fold: the fold that will validate the training.
        folds: the fold of each image of the catalogue.

    Raises:
        ConfigError: a teacher is the model of this run, or was trained on the images that will
            validate it.
        InputError: its embeddings are missing or damaged, or do not say what it was trained on.
    """
    run = run_folder(experiment, fold)
    for teacher in find_teachers(experiment, fold):
        if teacher.run.resolve() == run.resolve():
            raise ConfigError(
                f"train.teachers names {teacher.run}, which this training would replace: set "
                "another name or output."
            )
        said = load_embeddings(teacher.file("train")).about.get("trained_on", "")
        if fold not in held_out_folds(str(teacher.run), said, folds):
            raise ConfigError(
                f"The teacher {teacher.run} was trained on fold {fold} of this catalogue, which is "
                f"to validate this training: name the run that left fold {fold} out."
            )


def _of_fold(teacher: MemberPath, fold: int) -> MemberPath:
    own = Path(teacher.path).expanduser() / f"fold{fold}"
    return teacher.model_copy(update={"path": str(own)}) if own.is_dir() else teacher
