"""The training loop: epochs of steps, validation by retrieval, the best model kept."""

from __future__ import annotations

import time
from contextlib import nullcontext
from pathlib import Path

import keras
import numpy as np
from tqdm import tqdm

from tf_happywhale.catalogue.folds import why_unjudged
from tf_happywhale.config import Experiment
from tf_happywhale.devices.precision import policy
from tf_happywhale.devices.strategy import Devices, check_batch, choose_devices, on_jax
from tf_happywhale.devices.workers import any_worker, check_same_start, others_may_go
from tf_happywhale.errors import InputError, Stopped, TrainingError
from tf_happywhale.inference.runtimes import by_keras
from tf_happywhale.models.classifier import build_classifier
from tf_happywhale.models.embedder import build_embedder, synchronise_neck
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
from tf_happywhale.training.update.loss import Loss
from tf_happywhale.training.update.loss_scale import LossScale
from tf_happywhale.training.update.optimizer import Optimizers
from tf_happywhale.training.update.weight_average import WeightAverage
from tf_happywhale.training.validation import validate_fold

if on_jax():
    from tf_happywhale.training.update.jax_step import make_step
else:
    from tf_happywhale.training.update.tensorflow_step import make_step


def train_fold(
    run: Path,
    experiment: Experiment,
    data: FoldData,
    *,
    stamp: str = "",
    started: float | None = None,
) -> dict:
    """Train one fold's model into its run folder; the metrics of the best epoch.

    Of several workers all call this, with the same arguments; the chief alone writes to the run
    folder, which all of them must be able to read.

    A run that was stopped resumes from its last checkpoint, between batches too, to the weights it
    would have reached anyway. The weights of the best validation so far are kept beside it, and in
    the end as `checkpoints/best.weights.h5`; whoever has noted that the run is finished calls
    `checkpoint.clear`.

    Args:
        run: the folder of this training (see `unfinished.py`).
        experiment: how to train.
        data: what on.
        stamp: what the run is made from. Checkpoints of another run are refused, or with
            `train.restart` they are ignored.
        started: when the command started, of `time.monotonic()`; now where it is not given.

    Raises:
        ConfigError: the devices asked for are not there, the batch does not fit them, or
            TensorBoard is asked for and not installed.
        InputError: there are fewer training images than one batch, or checkpoints of another
            training.
        TrainingError: too many losses are not finite.
        Stopped: by `train.max_hours` or a signal, with all that is needed to resume written; or
            because another worker has gone.
    """
    if experiment.train.tensorboard:
        check_tensorboard()
    devices = choose_devices(experiment.train)
    check_batch(experiment.train.batch_size, devices.replicas)
    with others_may_go(devices.here):
        return _train(devices, run, experiment, data, stamp, started)


def _train(
    devices: Devices,
    run: Path,
    experiment: Experiment,
    data: FoldData,
    stamp: str,
    started: float | None,
) -> dict:
    """`train_fold` on given devices."""
    train, here = experiment.train, devices.here
    images = len(data.training()[0])
    steps_per_epoch = images // train.batch_size
    if steps_per_epoch == 0:
        raise InputError(
            f"Fold {data.fold} leaves {images} images to train on, fewer than a batch: lower "
            f"train.batch_size ({train.batch_size})."
        )
    steps = steps_per_epoch * train.epochs
    keras.utils.set_random_seed(experiment.seed + data.fold)
    with devices.scope():
        with policy(devices.precision):
            embedder, classifier = build_models(experiment, data)
        synchronise_neck(embedder, devices.replicas > 1 and not on_jax())
        scale = LossScale(devices.precision)
        optimizers = Optimizers(classifier, train)
        average = (
            WeightAverage(classifier.trainable_variables, train.average) if train.average else None
        )
    loss = Loss(train.target_smoothing, data.species, experiment.model.species_weight)
    step = make_step(
        devices.strategy,
        classifier,
        optimizers,
        train,
        loss,
        average,
        scale,
        experiment.seed,
        steps,
    )
    forward = by_keras(embedder, devices.strategy)
    groups = {
        "classifier": classifier.variables,
        "optimizers": optimizers.state,
        "average": average.state if average else [],
        "sums": step.state[:-1],
        "gathered": step.state[-1:],
        "scale": scale.state,
    }
    checkpoints = Checkpoints(run / "checkpoints", groups, stamp)
    progress, word = checkpoints.restore(here.chief, train.restart), "training"
    goes_on = progress is not None
    if goes_on:
        word = f"resuming at step {progress.step} with"
    else:
        progress = Progress()
    if here.workers > 1:
        check_same_start(devices.strategy, progress.step)
    if here.chief and goes_on:
        continue_run(run, experiment, progress.epoch, str(devices))
    elif here.chief:
        checkpoints.clear()
        start_run(run, experiment, str(devices))
    board = None
    if here.chief:
        write_table(run)
        board = Board(run, read_log(run)) if train.tensorboard else None
    print(
        f"{word} fold {data.fold} on {devices}: {train.epochs} epochs of {steps_per_epoch} steps "
        f"of {train.batch_size} images"
    )
    unjudged = why_unjudged(data.individual_ids, data.folds.tolist(), data.fold)
    if unjudged and here.chief:
        print(unjudged)
    started = time.monotonic() if started is None else started
    with Watch(train.checkpoint_minutes, train.max_hours, started) as watch:

        def pause() -> None:
            """Between two steps, or after an epoch."""
            show_loss(bar, progress.losses)
            reason = watch.reason()
            if here.workers > 1 and any_worker(devices.strategy, reason is not None):
                reason = reason or "with another worker"
            if here.chief and (reason or watch.due()):
                checkpoints.save(progress)
            if reason:
                if here.chief and progress.epoch:
                    draw_figure(run)
                raise Stopped(
                    f"{reason} at step {progress.step} of {steps}: the same command resumes there."
                )

        while progress.epoch < train.epochs:
            done = progress.step - progress.epoch * steps_per_epoch
            bar = batches = epoch_batches(devices, experiment, data, progress.epoch, done)
            rate = train_epoch(step, batches, train, progress, steps_per_epoch, run, pause)
            if progress.step != (progress.epoch + 1) * steps_per_epoch:
                raise InputError(
                    f"The TFRecords gave fewer than {steps_per_epoch} batches: delete "
                    f"{data.records} and write them again."
                )
            entry = entry_of(progress, train, rate)
            count = progress.epoch + 1
            if count % train.validate_every == 0 or count == train.epochs:
                with average.swapped() if average else nullcontext():
                    entry |= validate_fold(forward, experiment, data)
                    trained = optimizers.updates > 0  # before the first update nothing is learned
                    if trained and (entry["map5_known"] or 0.0) >= (
                        progress.best.get("map5_known") or 0.0
                    ):
                        progress.best = entry
                        if here.chief:
                            save_weights(checkpoints.best(progress), classifier)
            if here.chief:
                log(run, entry)
                checkpoints.prune(progress)  # the log knows the best weights that are kept
                write_table(run)
                if board:
                    board.add(entry)
            tqdm.write(line_of(entry))
            progress.epoch += 1
            progress.losses, progress.seconds = [], 0.0
            pause()
    if optimizers.updates == 0:
        raise TrainingError(
            f"None of the {steps} steps of fold {data.fold} was finite, so that nothing was "
            f"learned: lower train.learning_rate ({train.learning_rate}), or set "
            "train.precision=float32."
        )
    metrics = {key: value for key, value in progress.best.items() if key != "learning_rate"}
    if not here.chief:
        return metrics
    draw_figure(run)
    if board:
        board.close()
    classifier.load_weights(checkpoints.best(progress))
    same = devices.precision == "float32"  # else the compiled function is another one
    return write_results(
        run,
        experiment,
        data,
        embedder,
        classifier,
        metrics,
        devices.strategy,
        forward if same else None,
    )


def build_models(experiment: Experiment, data: FoldData) -> tuple[keras.Model, keras.Model]:
    """The embedder and the classifier around it, as the config says."""
    _, kept = data.training()
    counts = np.bincount(kept, minlength=data.classes)
    species_counts = ()
    if data.species is not None:
        kinds = int(data.species.max()) + 1
        species_counts = np.bincount(data.species[kept], minlength=kinds)
    embedder = build_embedder(experiment.model)
    return embedder, build_classifier(embedder, experiment.model, counts, species_counts)
