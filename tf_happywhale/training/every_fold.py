"""Train each fold of an experiment that is not up to date, or finish one that was stopped."""

from __future__ import annotations

from contextlib import nullcontext
from functools import partial

from tf_happywhale.config import Experiment
from tf_happywhale.devices.place import place
from tf_happywhale.disk.locks import locked
from tf_happywhale.disk.swap import AT_WORK
from tf_happywhale.places import output_folder, run_name
from tf_happywhale.records.labels import report_differing
from tf_happywhale.records.manifest import read_manifest
from tf_happywhale.run_folders.contents import OUTPUTS, TRAINING, settle, write_trained_on
from tf_happywhale.stages import stage, up_to_date
from tf_happywhale.training.fold_training import FoldTraining, fold_trainings
from tf_happywhale.training.resume import unfinished
from tf_happywhale.training.resume.checkpoint_files import is_begun
from tf_happywhale.training.start_weights import check_unchanged


def train_folds(experiment: Experiment, started: float) -> None:
    """Train the folds of one experiment that are not up to date. The command began at `started`.

    Raises:
        InputError: a fold has an unfinished training of something else, or another process is
            training it.
    """
    chief = place().chief
    for fold in fold_trainings(experiment):
        output, name = output_folder(experiment), f"train {run_name(experiment)} fold {fold.number}"
        outputs = [fold.run / file for file in OUTPUTS]
        if chief:
            settle(fold.run)
            is_current = partial(up_to_date, output, name, outputs=outputs)
            unfinished.note_older(fold.run, fold.older, is_current)
        stage(
            output,
            name,
            depends_on={"made_from": fold.asked.stamp()},
            outputs=outputs,
            work=partial(_train, experiment, fold, started, chief),
            stamps=chief,
            older=fold.older.same(fold.run),
            known=unfinished.is_finished(fold.run, fold.asked, again=experiment.train.restart),
        )


def finish_folds(experiment: Experiment) -> int:
    """Make a model of the best epoch so far of each unfinished training of one experiment, and
    return how many there were."""
    return sum(map(_finish, fold_trainings(experiment)))


def _train(experiment: Experiment, fold: FoldTraining, started: float, chief: bool) -> None:
    """Train one fold in a folder of its own, and replace the earlier model by its model."""
    from tf_happywhale.training.loop import train_fold  # with TensorFlow, which takes seconds

    read_manifest(fold.data.records)  # raises before anything is changed
    run, restart = fold.run, experiment.train.restart
    with locked(run, AT_WORK) if chief else nullcontext():
        if chief:
            unfinished.end(run)
        if unfinished.is_finished(run, fold.asked, again=restart):
            return  # killed before the stage was noted, or another process has just done it
        check_unchanged(fold.experiment, fold.asked.weights)
        unfinished.say_why(run, fold.asked, fold.older)
        report_differing(fold.data.records, fold.data.individual_of)
        stamp = unfinished.prepare(run, fold.asked, fold.older, restart=restart, chief=chief)
        train_fold(run / TRAINING, fold.experiment, fold.data, stamp=stamp, started=started)
        if chief:
            _put_in_place(fold)


def _finish(fold: FoldTraining) -> bool:
    """Finish one fold's training, if there is an unfinished one."""
    from tf_happywhale.training.finish_early import finish_fold

    run, folder = fold.run, fold.run / TRAINING
    with locked(run, AT_WORK):
        unfinished.end(run)
        if not is_begun(folder):
            print(f"{run}: there is no unfinished training")
            return False
        settings = unfinished.settings_to_finish(run, fold.asked, fold.older)
        epochs = finish_fold(folder, settings, fold.data)
        unfinished.note_finish(folder, epochs, settings.train.epochs)
        _put_in_place(fold)
    print(f"{run}: model.keras is the best of {epochs} epochs; the training has ended")
    return True


def _put_in_place(fold: FoldTraining) -> None:
    write_trained_on(fold.run / TRAINING, fold.trained_on, fold.order)
    unfinished.put_in_place(fold.run)
