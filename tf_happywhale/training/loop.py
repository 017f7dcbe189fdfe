"""The training loop: epochs of steps, validation by retrieval, the best model kept, checkpoints."""

from __future__ import annotations

import time
from contextlib import nullcontext
from pathlib import Path

from tqdm import tqdm

from tf_happywhale.catalogue.folds import why_unjudged
from tf_happywhale.config import Experiment, Train
from tf_happywhale.devices.strategy import Devices, check_batch, choose_devices
from tf_happywhale.devices.workers import any_worker, check_same_start, others_may_go
from tf_happywhale.errors import InputError, Stopped, TrainingError
from tf_happywhale.run_folders.model_files import save_weights
from tf_happywhale.training.batches import epoch_batches
from tf_happywhale.training.epoch import train_epoch
from tf_happywhale.training.finished_files import write_results
from tf_happywhale.training.fold_data import FoldData
from tf_happywhale.training.log.history import draw_figure, write_table
from tf_happywhale.training.log.log_file import continue_run, log, read_log, start_run
from tf_happywhale.training.log.tensorboard_events import Board, check_tensorboard
from tf_happywhale.training.log_entry import entry_of, line_of, show_loss
from tf_happywhale.training.resume.checkpoint import Checkpoints, Progress
from tf_happywhale.training.resume.clock_and_signals import Watch
from tf_happywhale.training.trainer import build_trainer
from tf_happywhale.training.validation import validate_fold


def train_fold(
    run: Path,
    experiment: Experiment,
    data: FoldData,
    *,
    stamp: str = "",
    started: float | None = None,
) -> dict:
    """Train one fold's model into its run folder, and return the metrics of the best epoch.

    Of several workers all call this, with the same arguments. Only the chief writes to the run
    folder, which all of them must be able to read.

    A run that was stopped resumes from its last checkpoint, even in the middle of an epoch, and
    ends with the weights that it would have reached anyway. The weights of the best validation so
    far are kept next to the checkpoints, and at the end as `checkpoints/best.weights.h5`. The
    checkpoints stay until the caller has noted that the run is finished.

    Args:
        run: the folder of this training (see `resume/unfinished.py`).
        experiment: how to train.
        data: what to train and validate on.
        stamp: what the run is made from. Checkpoints of another run are refused, or ignored with
            `train.restart`.
        started: when the command started (a time of `time.monotonic()`); now if it is not given.

    Raises:
        ConfigError: the devices asked for are not there, the batch does not fit them, or
            TensorBoard is asked for and not installed.
        InputError: there are fewer training images than one batch, or checkpoints of another
            training.
        TrainingError: too many losses are not finite.
        Stopped: by `train.max_hours` or a signal, after a checkpoint was written; or because
            another worker has gone.
    """
    if experiment.train.tensorboard:
        check_tensorboard()
    devices = choose_devices(experiment.train)
    check_batch(experiment.train.batch_size, devices.replicas)
    with others_may_go(devices.here):
        return _Training(run, experiment, data, devices, stamp).to_the_end(started)


class _Training:
    """The training of one fold on its devices, from the first step or from the last checkpoint."""

    def __init__(
        self, run: Path, experiment: Experiment, data: FoldData, devices: Devices, stamp: str
    ) -> None:
        self.run, self.experiment, self.data, self.devices = run, experiment, data, devices
        self.train, self.here = experiment.train, devices.here
        self.steps_per_epoch = _steps_per_epoch(self.train, data)
        self.steps = self.steps_per_epoch * self.train.epochs
        self.trainer = build_trainer(devices, experiment, data, self.steps)
        self.checkpoints = Checkpoints(run / "checkpoints", self.trainer.variables, stamp)
        self.progress, self.board = Progress(), None

    def to_the_end(self, started: float | None) -> dict:
        """Train the epochs that are left, and return the metrics of the best epoch."""
        train = self.train
        self._resume_or_start()
        started = time.monotonic() if started is None else started
        with Watch(train.checkpoint_minutes, train.max_hours, started) as watch:
            while self.progress.epoch < train.epochs:
                rate = self._train_epoch(watch)
                entry = entry_of(self.progress, train, rate)
                count = self.progress.epoch + 1
                if count % train.validate_every == 0 or count == train.epochs:
                    self._validate_and_keep_the_best(entry)
                self._log(entry)
                self.progress.begin_epoch(count)
                self._checkpoint_or_stop(watch)
        return self._finish()

    def _resume_or_start(self) -> None:
        """Restore the last checkpoint, if there is one; write and print how the run begins."""
        found = self.checkpoints.restore(self.here.chief, self.train.restart)
        self.progress = found or Progress()
        if self.here.workers > 1:
            check_same_start(self.devices.strategy, self.progress.step)
        if self.here.chief:
            if found:
                continue_run(self.run, self.experiment, found.epoch, str(self.devices))
            else:
                self.checkpoints.clear()
                start_run(self.run, self.experiment, str(self.devices))
            write_table(self.run)
            if self.train.tensorboard:
                self.board = Board(self.run, read_log(self.run))
        data = self.data
        print(
            f"{f'resuming at step {found.step} with' if found else 'training'} fold {data.fold} on "
            f"{self.devices}: {self.train.epochs} epochs of {self.steps_per_epoch} steps of "
            f"{self.train.batch_size} images{_frozen_said(self.train)}"
        )
        unjudged = why_unjudged(data.individual_ids, data.folds.tolist(), data.fold)
        if unjudged and self.here.chief:
            print(unjudged)

    def _train_epoch(self, watch: Watch) -> float:
        """Take the steps that are left of the epoch, and return the last one's learning rate."""
        progress, steps = self.progress, self.steps_per_epoch
        done = progress.step - progress.epoch * steps
        bar = epoch_batches(self.devices, self.experiment, self.data, progress.epoch, done)

        def pause() -> None:
            show_loss(bar, progress.losses)
            self._checkpoint_or_stop(watch)

        rate = train_epoch(self.trainer.step, bar, self.train, progress, steps, self.run, pause)
        if progress.step != (progress.epoch + 1) * steps:
            raise InputError(
                f"The TFRecords gave fewer than {steps} batches: delete {self.data.records} and "
                "write them again."
            )
        return rate

    def _checkpoint_or_stop(self, watch: Watch) -> None:
        """Between two steps, or after an epoch: write a checkpoint if one is due; stop if a signal,
        the time limit or another worker asks for it."""
        reason = watch.reason()
        if self.here.workers > 1 and any_worker(self.devices.strategy, reason is not None):
            reason = reason or "with another worker"
        if self.here.chief and (reason or watch.due()):
            self.checkpoints.save(self.progress)
        if reason:
            if self.here.chief and self.progress.epoch:
                draw_figure(self.run)
            raise Stopped(
                f"{reason} at step {self.progress.step} of {self.steps}: the same command resumes "
                "there."
            )

    def _validate_and_keep_the_best(self, entry: dict) -> None:
        """Add the fold's metrics to an epoch's entry; save the weights if none were better."""
        learner, best = self.trainer.learner, self.progress.best
        with learner.average.swapped() if learner.average else nullcontext():
            entry |= validate_fold(self.trainer.forward, self.experiment, self.data)
            trained = learner.optimizers.updates > 0  # before the first update nothing is learned
            if trained and (entry["map5_known"] or 0.0) >= (best.get("map5_known") or 0.0):
                self.progress.best = entry
                if self.here.chief:
                    save_weights(self.checkpoints.best(self.progress), learner.classifier)

    def _log(self, entry: dict) -> None:
        """Write an epoch's entry to the log, and print it."""
        if self.here.chief:
            log(self.run, entry)
            self.checkpoints.prune(self.progress)  # the log knows the best weights that are kept
            write_table(self.run)
            if self.board:
                self.board.add(entry)
        tqdm.write(line_of(entry))

    def _finish(self) -> dict:
        """Write the files that the best weights give, and return their metrics."""
        learner, best = self.trainer.learner, self.progress.best
        if learner.optimizers.updates == 0:
            raise TrainingError(
                f"None of the {self.steps} steps of fold {self.data.fold} was finite, so that "
                f"nothing was learned: lower train.learning_rate ({self.train.learning_rate}), or "
                "set train.precision=float32."
            )
        metrics = {key: value for key, value in best.items() if key != "learning_rate"}
        if not self.here.chief:
            return metrics
        draw_figure(self.run)
        if self.board:
            self.board.close()
        learner.classifier.load_weights(self.checkpoints.best(self.progress))
        same = self.devices.precision == "float32"  # else the compiled function is another one
        return write_results(
            self.run,
            self.experiment,
            self.data,
            learner.classifier,
            metrics,
            self.devices.strategy,
            self.trainer.forward if same else None,
        )


def _frozen_said(train: Train) -> str:
    """Return what is printed of the epochs in which the backbone is frozen."""
    last = min(train.freeze_epochs, train.epochs)
    return f", with a frozen backbone up to epoch {last}" if last else ""


def _steps_per_epoch(train: Train, data: FoldData) -> int:
    images = len(data.training()[0])
    if images < train.batch_size:
        raise InputError(
            f"Fold {data.fold} leaves {images} images to train on, fewer than a batch: lower "
            f"train.batch_size ({train.batch_size})."
        )
    return images // train.batch_size
