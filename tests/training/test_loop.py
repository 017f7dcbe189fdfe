from __future__ import annotations

import dataclasses
import json
import time
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from tests.training.nested import nested
from tf_happywhale.config import Experiment, load_experiment
from tf_happywhale.errors import InputError, Stopped, TrainingError
from tf_happywhale.inference.engines.runtimes import by_keras
from tf_happywhale.run_folders.model_files import load_model
from tf_happywhale.training import batches as batches_module
from tf_happywhale.training import finished_files, loop, trainer, validation
from tf_happywhale.training.log_entry import show_loss
from tf_happywhale.training.resume.checkpoint import clear

SETTINGS = [
    "image_size=32",
    "data.folds=2",
    "fold=1",
    "model.embedding_size=8",
    "train.epochs=2",
    "train.batch_size=4",
    "train.learning_rate=1e-2",
    "train.min_learning_rate=1e-4",
    "embed.batch_size=8",
]


def experiment(*overrides: str) -> Experiment:
    return load_experiment(None, [*SETTINGS, *overrides])


@pytest.fixture(autouse=True)
def small_network(monkeypatch, toy):
    monkeypatch.setattr(trainer, "build_embedder", toy)
    monkeypatch.setattr(loop, "draw_figure", lambda run: None)  # once is enough, in `trained`


@pytest.fixture
def embedders(monkeypatch) -> list[keras.Model]:
    """The embedders that are validated, the latest first."""
    found = []

    def forward(embedder, strategy):
        found.insert(0, embedder)
        return by_keras(embedder, strategy)

    monkeypatch.setattr(trainer, "by_keras", forward)
    return found


@pytest.fixture(scope="module")
def trained(squares, tmp_path_factory) -> tuple[Path, dict]:
    """A finished run of two epochs, and the metrics it returned."""
    from tf_happywhale.models.layers.gem import GeM

    def build(settings):
        pictures = keras.Input((None, None, 3), name="picture")
        x = keras.layers.Conv2D(8, 3, strides=4, activation="relu")(pictures)
        x = keras.layers.BatchNormalization(momentum=0.9)(GeM(settings.gem_p)(x))
        x = keras.layers.Dense(settings.embedding_size)(x)
        return keras.Model(pictures, x, name="embedder")

    run = tmp_path_factory.mktemp("run") / "squares" / "fold1"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer, "build_embedder", build)
        return run, loop.train_fold(run, experiment(), squares)


def entries(run: Path) -> list[dict]:
    lines = (run / "log.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_a_run_leaves_the_files_of_the_contract(trained):
    run, _ = trained
    clear(run / "checkpoints")
    found = {str(path.relative_to(run)) for path in run.rglob("*") if path.is_file()}
    assert found == {
        "config.yaml", "environment.json", "log.jsonl", "log.csv", "training.png", "metrics.json",
        "model.keras", "classifier.keras", str(Path("checkpoints") / "best.weights.h5"),
    }  # fmt: skip


def test_its_config_loads_back_to_the_same_experiment(trained):
    assert load_experiment(trained[0] / "config.yaml") == experiment()


def test_the_progress_bar_says_the_running_loss():
    said = []
    bar = SimpleNamespace(set_postfix_str=lambda text, refresh: said.append(text))
    for losses in ([], [2.0], [100.0] + [1.0] * 49 + [3.0]):
        show_loss(bar, losses)
    assert said == ["loss 2.000", "loss 1.040"]


def test_tensorboard_has_the_log(squares, tmp_path):
    loop.train_fold(tmp_path, experiment("train.epochs=1", "train.tensorboard=true"), squares)
    assert [path.suffix for path in (tmp_path / "tensorboard").iterdir()]


def test_the_log_has_a_line_an_epoch(trained):
    lines = entries(trained[0])
    assert [line["epoch"] for line in lines] == [0, 1]
    assert all(np.isfinite(line["loss"]) for line in lines)
    # Nine images of the other fold are two steps of four: the rate ends at its lowest.
    assert lines[-1]["learning_rate"] == pytest.approx(1e-4)
    assert 1e-4 < lines[0]["learning_rate"] < 1e-2


def test_metrics_are_those_of_the_best_epoch(trained):
    run, metrics = trained
    lines = entries(run)
    best = max(line["map5_known"] for line in lines)
    assert metrics["map5_known"] == best
    assert metrics["epoch"] == max(n for n, line in enumerate(lines) if line["map5_known"] == best)
    assert json.loads((run / "metrics.json").read_text()) == metrics
    # Nine images of known individuals, and four of one that the other fold has never seen.
    assert (metrics["queries_known"], metrics["queries_new"]) == (9, 4)


def test_the_saved_models_are_one_another_and_the_checkpoint(trained, squares):
    run, _ = trained
    model, classifier = load_model(run / "model.keras"), load_model(run / "classifier.keras")
    pictures = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)
    embedding = np.asarray(model(pictures))
    assert embedding.shape == (3, 8)
    inner = classifier.get_layer("embedder")
    np.testing.assert_array_equal(np.asarray(inner(pictures)), embedding)
    logits = np.asarray(classifier([pictures, np.array([0, 1, 2])]))
    assert logits.shape == (3, squares.classes)
    fresh = keras.models.clone_model(classifier)
    fresh.load_weights(run / "checkpoints" / "best.weights.h5")
    for its, mine in zip(fresh.get_weights(), classifier.get_weights(), strict=True):
        np.testing.assert_array_equal(its, mine)


def test_validation_by_retrieval_is_perfect_where_colours_tell_individuals_apart(squares):
    pictures = keras.Input((None, None, 3))
    centred = keras.layers.Rescaling(1 / 128, offset=-1)(pictures)
    colour = keras.Model(pictures, keras.layers.GlobalAveragePooling2D()(centred))
    metrics = loop.validate_fold(by_keras(colour), experiment(), squares)
    assert metrics["map5_known"] == metrics["rank1_known"] == 1
    assert (metrics["queries_known"], metrics["queries_new"]) == (9, 4)


def test_the_best_epoch_is_kept_when_later_ones_are_worse(
    squares, tmp_path, monkeypatch, embedders
):
    scores = iter([0.4, 0.7, 0.2])
    seen = []

    def validation(*_):
        seen.append(embedders[0].get_weights())
        return {"map5_known": next(scores), "queries_known": 9}

    monkeypatch.setattr(loop, "validate_fold", validation)
    metrics = loop.train_fold(tmp_path, experiment("train.epochs=3"), squares)
    assert (metrics["epoch"], metrics["map5_known"]) == (1, 0.7)
    for kept, was in zip(load_model(tmp_path / "model.keras").get_weights(), seen[1], strict=True):
        np.testing.assert_array_equal(kept, was)
    assert any((a != b).any() for a, b in zip(seen[1], seen[2], strict=True))


def test_validation_comes_every_so_many_epochs_and_after_the_last(squares, tmp_path):
    loop.train_fold(tmp_path, experiment("train.epochs=3", "train.validate_every=2"), squares)
    assert ["map5_known" in line for line in entries(tmp_path)] == [False, True, True]


def test_the_same_seed_trains_the_same_model(squares, tmp_path):
    ends = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        loop.train_fold(tmp_path / name, experiment("train.epochs=1", f"seed={seed}"), squares)
        ends.append(load_model(tmp_path / name / "model.keras").get_weights())
    for again, first in zip(ends[1], ends[0], strict=True):
        np.testing.assert_allclose(again, first, atol=1e-5)
    assert any(np.abs(a - b).max() > 1e-3 for a, b in zip(ends[2], ends[0], strict=True))


def broken_after(monkeypatch, good_steps: int) -> list[list[np.ndarray]]:
    """Steps that ruin the weights from some step on; the weights after each good step."""
    make, good = trainer.make_step, []

    def make_step(strategy, learner, *options):
        step, classifier = make(strategy, learner, *options), learner.classifier

        def ruin(*arguments):
            loss = step(*arguments)
            if len(good) < good_steps:
                good.append(classifier.get_weights())
                return loss
            for variable in classifier.trainable_variables:
                variable.assign(variable * float("nan"))
            return loss * float("nan")

        ruin.state = step.state
        return ruin

    monkeypatch.setattr(trainer, "make_step", make_step)
    return good


def test_a_loss_that_is_not_finite_stops_and_keeps_the_last_good_model(
    squares, tmp_path, monkeypatch
):
    good = broken_after(monkeypatch, good_steps=3)  # two steps an epoch
    with pytest.raises(TrainingError, match=r"the last step 1 of epoch 1: lower train\.learn"):
        loop.train_fold(tmp_path, experiment("train.epochs=4", "train.max_bad_steps=0"), squares)
    assert [line["epoch"] for line in entries(tmp_path)] == [0]
    assert not (tmp_path / "model.keras").exists()
    _, classifier = trainer.build_models(experiment(), squares)
    classifier.load_weights(tmp_path / "checkpoints" / "best-epoch-00000.weights.h5")
    for kept, was in zip(classifier.get_weights(), good[1], strict=True):
        np.testing.assert_array_equal(kept, was)


def test_fewer_images_than_a_batch_are_one_sentence(squares, tmp_path):
    with pytest.raises(InputError, match=r"Fold 1 leaves 9 images .*lower train\.batch_size \(16"):
        loop.train_fold(tmp_path / "run", experiment("train.batch_size=16"), squares)
    assert not (tmp_path / "run").exists()


def test_only_the_other_folds_are_trained_on(squares, tmp_path, monkeypatch):
    asked = []
    real = batches_module.training_batches

    def batches(images, order, **options):
        asked.append((list(images.images), list(images.targets)))
        assert images.splits == ("train",)
        return real(images, order, **options)

    monkeypatch.setattr(batches_module, "training_batches", batches)
    loop.train_fold(tmp_path, experiment("train.epochs=1"), dataclasses.replace(squares, fold=0))
    images, targets = asked[0]
    rows = [squares.images.index(image) for image in images]
    assert set(squares.folds[rows]) == {1}
    assert targets == squares.targets[rows].tolist()
    assert len(images) == 13


def test_models_are_built_as_the_config_says(squares, monkeypatch, toy):
    asked = []

    def build(settings):
        asked.append(settings)
        return toy(settings)

    monkeypatch.setattr(trainer, "build_embedder", build)
    settings = ["model.margin=0.2", "model.scale=16", "model.easy_margin=true"]
    settings += ["model.label_smoothing=0.1", "model.subcentres=3"]
    embedder, classifier = trainer.build_models(experiment(*settings), squares)
    assert asked == [experiment(*settings).model]
    head = classifier.get_layer("arcface")
    options = (head.classes, head.margin, head.scale, head.easy_margin, head.label_smoothing)
    assert options == (4, 0.2, 16.0, True, 0.1)
    assert head.subcentres == 3
    assert classifier.get_layer("embedder") is embedder


def test_margins_go_by_the_training_images_of_the_other_folds(squares):
    """Fold 1 is left out: three images of each individual remain, of `new` none."""
    rule = experiment("model.dynamic_margin=[0.3, -1, 0.05]")
    head = trainer.build_models(rule, squares)[1].get_layer("arcface")
    assert head.margin == pytest.approx([0.15, 0.15, 0.15, 0.35])


def test_a_species_head_is_trained_and_saved(squares, tmp_path):
    two = dataclasses.replace(squares, species=np.array([0, 0, 1, 1]))
    settings = experiment("train.epochs=1", "model.species_weight=0.5")
    loop.train_fold(tmp_path, settings, two)
    classifier = load_model(tmp_path / "classifier.keras")
    head = classifier.get_layer("arcface_species")
    assert (head.classes, head.scale) == (2, 33.14)
    # Six and three training images: 0.226253·n^-0.720133 + 0.05.
    assert head.margin == pytest.approx([0.1122, 0.1526], abs=1e-4)
    pictures = np.zeros((3, 32, 32, 3), np.uint8)
    both = classifier([pictures, np.array([0, 1, 2]), np.array([0, 0, 1])])
    assert [tuple(logits.shape) for logits in both] == [(3, 4), (3, 2)]


def test_an_averaged_run_saves_the_average_it_has_validated(
    squares, tmp_path, monkeypatch, embedders
):
    seen, last = [], []
    real = loop.validate_fold

    def validation(*arguments):
        seen.append(embedders[0].get_weights())
        return real(*arguments)

    make = trainer.make_step

    def make_step(strategy, learner, *options):
        step, classifier = make(strategy, learner, *options), learner.classifier

        def watched(*arguments):
            loss = step(*arguments)
            last[:] = classifier.get_layer("embedder").get_weights()
            return loss

        watched.state = step.state
        return watched

    monkeypatch.setattr(loop, "validate_fold", validation)
    monkeypatch.setattr(trainer, "make_step", make_step)
    loop.train_fold(tmp_path, experiment("train.epochs=1", "train.average=0.9"), squares)
    kept = load_model(tmp_path / "model.keras").get_weights()
    for mine, validated in zip(kept, seen[0], strict=True):
        np.testing.assert_array_equal(mine, validated)
    assert any(np.abs(a - b).max() > 1e-6 for a, b in zip(kept, last, strict=True))


def test_rare_individuals_come_more_often_and_pictures_grow(squares, tmp_path, monkeypatch):
    """Twelve images, of which three are of one individual: a quarter of each epoch, balanced."""
    seen = []
    make = trainer.make_step

    def make_step(*options):
        step = make(*options)

        def watched(number, pictures, targets, rate):
            seen.append((pictures.shape[1], targets.numpy().tolist()))
            return step(number, pictures, targets, rate)

        watched.state = step.state
        return watched

    monkeypatch.setattr(trainer, "make_step", make_step)
    few = dataclasses.replace(squares, fold=0)  # three images of three individuals, four of `new`
    settings = ["train.epochs=4", "train.batch_size=13", "train.balance=1", "train.first_size=32"]
    loop.train_fold(tmp_path, experiment(*settings, "image_size=64"), few)
    assert [size for size, _ in seen] == [32, 32, 64, 64]
    for _, targets in seen:
        counts = np.bincount(targets, minlength=4)
        assert counts.sum() == 13
        assert counts.max() - counts.min() <= 2
    assert len({tuple(targets) for _, targets in seen}) == 4


def test_mixed_pictures_train_too(squares, tmp_path):
    loop.train_fold(tmp_path, experiment("train.epochs=1", "augment.mixup_p=1"), squares)
    loop.train_fold(tmp_path / "plain", experiment("train.epochs=1"), squares)
    mixed, plain = (entries(folder)[0]["loss"] for folder in (tmp_path, tmp_path / "plain"))
    assert np.isfinite(mixed)
    assert mixed != pytest.approx(plain, rel=1e-3)


class Killed(BaseException):
    """As if the process were gone: nothing is tidied up."""


def killed_after(monkeypatch, steps: int) -> None:
    """Steps of which one more than so many is never taken."""
    make = trainer.make_step

    def make_step(*arguments):
        step, taken = make(*arguments), []

        def take(number, *rest):
            if len(taken) == steps:
                raise Killed
            taken.append(number)
            return step(number, *rest)

        take.state = step.state
        return take

    monkeypatch.setattr(trainer, "make_step", make_step)


def test_mixed_embeddings_train_too(squares, tmp_path):
    for name, alpha in (("mixed", "0.5"), ("plain", "0")):
        settings = experiment("train.epochs=1", f"train.embedding_mixup={alpha}")
        loop.train_fold(tmp_path / name, settings, squares)
    mixed, plain = (entries(tmp_path / name)[0]["loss"] for name in ("mixed", "plain"))
    assert np.isfinite(mixed)
    assert mixed != pytest.approx(plain, rel=1e-3)


HARD = ["train.average=0.9", "train.accumulate=2", "augment.mixup_p=0.5", "model.dropout=0.3"]


TIMED = {"seconds", "images_per_second"}


def untimed(run: Path) -> list[dict]:
    return [{k: v for k, v in line.items() if k not in TIMED} for line in entries(run)]


def test_a_run_killed_again_and_again_ends_as_one_left_in_peace(squares, tmp_path, monkeypatch):
    """Killed between batches of an epoch, at its end, and before the first checkpoint; the last
    one comes only every other step, so that steps and a line of the log are done again."""
    settings = experiment("train.epochs=3", "train.checkpoint_minutes=0", *HARD)
    peace, killed = tmp_path / "peace", tmp_path / "killed"
    metrics = loop.train_fold(peace, settings, squares, stamp="a")
    for steps in (0, 1, 1, 2):
        with monkeypatch.context() as patch, pytest.raises(Killed):
            killed_after(patch, steps)
            loop.train_fold(killed, settings, squares, stamp="a")
    with (killed / "log.jsonl").open("a") as log:
        log.write('{"epoch": 2, "lost": true}\n')
    again = loop.train_fold(killed, settings, squares, stamp="a")
    assert {k: v for k, v in again.items() if k not in TIMED} == {
        k: v for k, v in metrics.items() if k not in TIMED
    }
    assert untimed(killed) == untimed(peace)
    for name in ("model.keras", "classifier.keras"):
        weights = (load_model(run / name).get_weights() for run in (killed, peace))
        for mine, undisturbed in zip(*weights, strict=True):
            np.testing.assert_array_equal(mine, undisturbed)
    steps = [int(path.stem[5:]) for path in (killed / "checkpoints").glob("step-*.safetensors")]
    assert sorted(steps) == [5, 6]


def test_steps_taken_together_end_as_one_by_one_wherever_the_run_was_stopped(squares, tmp_path):
    """Four steps an epoch, by three and one. A time limit that has passed stops the run after each
    call; before that it has stopped after one step of single ones, so that another three of an
    epoch are together."""
    hard = ["train.epochs=2", "train.batch_size=2", "train.checkpoint_minutes=0", *HARD]
    single, together = (experiment(*hard, f"train.steps_per_execution={n}") for n in (1, 3))
    metrics = loop.train_fold(tmp_path / "single", single, squares, stamp="a")
    peace = loop.train_fold(tmp_path / "peace", together, squares, stamp="a")
    late, stops = {"train": together.train.model_copy(update={"max_hours": 1})}, []
    first = {"train": single.train.model_copy(update={"max_hours": 1})}
    limited = [single.model_copy(update=first), *[together.model_copy(update=late)] * 9]
    for settings in limited:
        try:
            stopped = loop.train_fold(
                tmp_path / "stopped",
                settings,
                squares,
                stamp="a",
                started=time.monotonic() - 3601,
            )
            break
        except Stopped as where:
            stops.append(int(str(where).split("at step ")[1].split()[0]))
    assert stops == [1, 4, 4, 7, 8, 8]  # after an epoch's validation once more
    assert peace["map5_known"] == stopped["map5_known"] == metrics["map5_known"]
    names = ("single", "peace", "stopped")
    for line, *others in zip(*(untimed(tmp_path / name) for name in names), strict=True):
        assert others == [pytest.approx(line, rel=1e-4)] * 2
    want, *found = (
        load_model(tmp_path / name / "classifier.keras").get_weights() for name in names
    )
    for weights in found:
        for mine, other in zip(weights, want, strict=True):
            np.testing.assert_allclose(mine, other, atol=1e-5)


def test_a_run_with_a_frozen_backbone_stopped_again_and_again_ends_as_one_left_in_peace(
    squares, tmp_path, monkeypatch, capsys
):
    """Two steps an epoch, of which the second is the border; an update takes up to three."""
    monkeypatch.setattr(trainer, "build_embedder", nested)
    settings = ["model.weights=default", "train.epochs=2", "train.freeze_epochs=1"]
    settings = experiment(*settings, "train.average=0.9", "train.accumulate=3")
    metrics = loop.train_fold(tmp_path / "peace", settings, squares, stamp="a")
    said = capsys.readouterr().out
    assert "2 epochs of 2 steps of 4 images, with a frozen backbone up to epoch 1" in said
    late = settings.train.model_copy(update={"max_hours": 1})
    for stop in (1, 2, 2, 3):  # after an epoch's validation once more
        with pytest.raises(Stopped, match=f"at step {stop} of 4"):
            loop.train_fold(
                tmp_path / "stopped",
                settings.model_copy(update={"train": late}),
                squares,
                stamp="a",
                started=time.monotonic() - 3601,
            )
    again = loop.train_fold(tmp_path / "stopped", settings, squares, stamp="a")
    assert again["map5_known"] == metrics["map5_known"]
    assert untimed(tmp_path / "stopped") == untimed(tmp_path / "peace")
    assert [line["frozen"] for line in entries(tmp_path / "peace")] == [True, False]
    ends = [load_model(tmp_path / name / "classifier.keras") for name in ("peace", "stopped")]
    for mine, undisturbed in zip(*(end.get_weights() for end in ends), strict=True):
        np.testing.assert_array_equal(mine, undisturbed)


@pytest.mark.parametrize("epochs", [1, 5])
def test_a_backbone_may_be_frozen_to_the_end(squares, tmp_path, monkeypatch, capsys, epochs: int):
    monkeypatch.setattr(trainer, "build_embedder", nested)
    frozen = ["train.epochs=1", f"train.freeze_epochs={epochs}", "model.weights=default"]
    settings = experiment(*frozen, "train.accumulate=9", "train.average=0.9")
    loop.train_fold(tmp_path, settings, squares)
    assert "with a frozen backbone up to epoch 1\n" in capsys.readouterr().out
    keras.utils.set_random_seed(settings.seed + squares.fold)
    start = trainer.build_models(settings, squares)[1]
    end = load_model(tmp_path / "classifier.keras")
    inner = [model.get_layer("embedder").get_layer("backbone") for model in (start, end)]
    for was, kept in zip(*(model.get_weights() for model in inner), strict=True):
        np.testing.assert_array_equal(kept, was)
    centres = [np.asarray(model.get_layer("arcface").centre) for model in (start, end)]
    assert np.abs(centres[0] - centres[1]).max() > 5e-5


def test_killed_when_all_is_written_but_not_noted_it_is_finished_at_once(squares, tmp_path, capsys):
    settings = experiment("train.epochs=2", "train.checkpoint_minutes=0")
    metrics = loop.train_fold(tmp_path, settings, squares, stamp="a")
    model = load_model(tmp_path / "model.keras").get_weights()
    (tmp_path / "model.keras").unlink()
    assert loop.train_fold(tmp_path, settings, squares, stamp="a") == metrics
    assert "resuming at step 4" in capsys.readouterr().out
    for kept, was in zip(load_model(tmp_path / "model.keras").get_weights(), model, strict=True):
        np.testing.assert_array_equal(kept, was)


def test_checkpoints_of_something_else_stay_until_it_is_asked_for(squares, tmp_path, monkeypatch):
    settings = experiment("train.epochs=2", "train.checkpoint_minutes=0")
    with monkeypatch.context() as patch, pytest.raises(Killed):
        killed_after(patch, 3)
        loop.train_fold(tmp_path, settings, squares, stamp="a")
    before = sorted((tmp_path / "checkpoints").iterdir())
    with pytest.raises(InputError, match=r"give it up with train\.restart=true"):
        loop.train_fold(tmp_path, settings, squares, stamp="b")
    assert sorted((tmp_path / "checkpoints").iterdir()) == before
    again = experiment("train.epochs=2", "train.restart=true")
    loop.train_fold(tmp_path, again, squares, stamp="b")
    assert [line["epoch"] for line in entries(tmp_path)] == [0, 1]


def test_killed_after_the_best_weights_and_before_the_checkpoint(
    squares, tmp_path, monkeypatch, embedders
):
    """Epoch 1 is the best and its weights are written; done again, as a GPU that rounds otherwise
    may do it, it is not: the weights that are kept must be those that the metrics are of."""
    scores, seen = iter([0.4, 0.7, 0.3, 0.2]), []

    def validation(*_):
        seen.append(embedders[0].get_weights())
        return {"map5_known": next(scores), "queries_known": 9}

    def log(run, entry):
        if entry["epoch"] == 1 and len(seen) == 2:
            raise Killed

    monkeypatch.setattr(loop, "validate_fold", validation)
    settings = experiment("train.epochs=3", "train.checkpoint_minutes=0")
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(loop, "log", log)
        loop.train_fold(tmp_path, settings, squares, stamp="a")
    metrics = loop.train_fold(tmp_path, settings, squares, stamp="a")
    assert (metrics["epoch"], metrics["map5_known"]) == (0, 0.4)
    for kept, was in zip(load_model(tmp_path / "model.keras").get_weights(), seen[0], strict=True):
        np.testing.assert_array_equal(kept, was)


def test_the_best_weights_stay_until_the_log_knows_better_ones(squares, tmp_path, monkeypatch):
    """Else a full disk leaves none of which `train finish` can make a model."""
    scores = iter([0.4, 0.7])

    def log(run, entry):
        if entry["epoch"] == 1:
            raise Killed
        real(run, entry)

    real = loop.log
    monkeypatch.setattr(
        loop, "validate_fold", lambda *_: {"map5_known": next(scores), "queries_known": 9}
    )
    monkeypatch.setattr(loop, "log", log)
    with pytest.raises(Killed):
        loop.train_fold(tmp_path, experiment("train.epochs=2"), squares, stamp="a")
    assert (tmp_path / "checkpoints" / "best-epoch-00000.weights.h5").is_file()


def test_the_time_limit_stops_with_all_that_is_needed_to_go_on(squares, tmp_path, capsys):
    settings = experiment("train.epochs=2", "train.max_hours=1")
    with pytest.raises(Stopped, match=r"after 1 hours .* at step 1 of 4: the same command resumes"):
        loop.train_fold(tmp_path, settings, squares, stamp="a", started=time.monotonic() - 3601)
    loop.train_fold(tmp_path, experiment("train.epochs=2"), squares, stamp="a")
    assert "resuming at step 1 with fold 1" in capsys.readouterr().out
    assert [line["epoch"] for line in entries(tmp_path)] == [0, 1]


def test_some_steps_that_are_not_finite_are_left_out_and_counted(squares, tmp_path, monkeypatch):
    make, bad = trainer.make_step, {1, 2}

    def make_step(*arguments):
        step = make(*arguments)

        def take(number, *rest):
            return float("nan") if number in bad else step(number, *rest)

        take.state = step.state
        return take

    monkeypatch.setattr(trainer, "make_step", make_step)
    loop.train_fold(tmp_path, experiment("train.epochs=2", "train.max_bad_steps=2"), squares)
    assert [line["bad_steps"] for line in entries(tmp_path)] == [1, 2]
    assert all(np.isfinite(line["loss"]) for line in entries(tmp_path))
    with pytest.raises(TrainingError, match=r"2 steps .*not finite, the last step 0 of epoch 1"):
        loop.train_fold(tmp_path, experiment("train.epochs=2", "train.max_bad_steps=1"), squares)


def test_whitening_is_learned_in_the_end_and_measured(squares, tmp_path):
    plain = loop.train_fold(tmp_path / "plain", experiment(), squares)
    metrics = loop.train_fold(tmp_path / "white", experiment("model.whitening=0.5"), squares)
    model, classifier = (
        load_model(tmp_path / "white" / f"{name}.keras") for name in ("model", "classifier")
    )
    assert json.loads((tmp_path / "white" / "metrics.json").read_text()) == metrics
    assert metrics["epoch"] == plain["epoch"]
    measured = validation.validate_fold(by_keras(model), experiment(), squares)
    assert {key: metrics[key] for key in measured} == pytest.approx(measured)
    # What the head was trained on, of length 1, goes through a map that centres the other fold.
    gallery, _ = validation.embed_fold(by_keras(model), experiment(), squares, "")
    np.testing.assert_allclose(gallery.embedding.mean(axis=0), 0, atol=1e-4)
    inner = by_keras(classifier.get_layer("embedder"))
    before, _ = validation.embed_fold(inner, experiment(), squares, "")
    unit = before.embedding / np.linalg.norm(before.embedding, axis=1, keepdims=True)
    kernel, bias = model.get_layer("whitening").get_weights()
    np.testing.assert_allclose(gallery.embedding, unit @ kernel + bias, rtol=1e-3, atol=1e-4)


def test_several_sizes_come_before_whitening_and_are_measured(squares, tmp_path):
    plain = loop.train_fold(tmp_path / "plain", experiment(), squares)
    settings = experiment("model.sizes=[1, 0.5]")
    metrics = loop.train_fold(tmp_path / "sizes", settings, squares)
    sized = load_model(tmp_path / "sizes" / "model.keras")
    measured = validation.validate_fold(by_keras(sized), experiment(), squares)
    assert {key: metrics[key] for key in measured} == pytest.approx(measured)
    assert metrics["epoch"] == plain["epoch"]
    settings = experiment("model.sizes=[1, 0.5]", "model.whitening=0.5")
    loop.train_fold(tmp_path / "both", settings, squares)
    both = load_model(tmp_path / "both" / "model.keras")
    gallery, _ = validation.embed_fold(by_keras(both), experiment(), squares, "")
    before, _ = validation.embed_fold(by_keras(sized), experiment(), squares, "")
    unit = before.embedding / np.linalg.norm(before.embedding, axis=1, keepdims=True)
    kernel, bias = both.get_layer("whitening").get_weights()
    np.testing.assert_allclose(gallery.embedding, unit @ kernel + bias, rtol=1e-3, atol=1e-4)


def test_a_run_shorter_than_accumulate_is_trained_by_one_update(squares, tmp_path):
    """Of four steps the last is the first update: a model before it is not the best."""
    settings = experiment("train.accumulate=99", "train.average=0.9")
    metrics = loop.train_fold(tmp_path / "once", settings, squares)
    assert metrics["epoch"] == 1
    keras.utils.set_random_seed(settings.seed + squares.fold)
    start = trainer.build_models(settings, squares)[0].get_weights()
    found = load_model(tmp_path / "once" / "model.keras").get_weights()
    assert max(np.abs(a - b).max() for a, b in zip(found, start, strict=True)) > 1e-3


def test_a_run_without_any_update_is_an_error(squares, tmp_path, monkeypatch):
    make = trainer.make_step

    def make_step(*arguments):
        def never(*_):
            return float("nan")

        never.state = make(*arguments).state
        return never

    monkeypatch.setattr(trainer, "make_step", make_step)
    with pytest.raises(TrainingError, match=r"None of the 4 steps of fold 1 was finite.*lower"):
        loop.train_fold(tmp_path, experiment(), squares)
    assert not (tmp_path / "model.keras").exists()


@pytest.mark.parametrize(("settings", "times"), [("whitening=0.5", 1), ("sizes=[1, 0.5]", 3)])
def test_validations_are_compiled_once(squares, tmp_path, monkeypatch, toy, settings, times):
    """However many there are; a finished model of two sizes is another one, of two embedders."""
    traced = []

    class Counted(keras.layers.Layer):
        def call(self, x, training=None):
            if training is False:
                traced.append(x.shape)
            return x

    def build(settings):
        inner = toy(settings)
        return keras.Model(inner.input, Counted()(inner.output), name="embedder")

    monkeypatch.setattr(trainer, "build_embedder", build)
    monkeypatch.setattr(finished_files, "save_model", lambda *_: None)
    loop.train_fold(tmp_path, experiment("train.epochs=3", f"model.{settings}"), squares)
    assert len(traced) == times


def test_a_fold_of_strangers_says_so_and_ends_with_the_last_epoch(squares, tmp_path, capsys):
    """Fold 1 here shows `new` alone."""
    strangers = np.array([int(who == "new") for who in squares.individual_ids])
    alone = dataclasses.replace(squares, folds=strangers)
    metrics = loop.train_fold(tmp_path, experiment(), alone)
    assert (metrics["epoch"], metrics["queries_known"], metrics["map5_known"]) == (1, 0, None)
    said = capsys.readouterr().out
    assert "neither the best epoch nor a threshold" in said
    assert "set data.fold_by or data.folds" in said
