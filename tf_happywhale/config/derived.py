"""Settings that follow from a catalogue and a machine: the rules, without reading either.

The numbers were measured: docs/recipe.md (Any catalogue).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tf_happywhale.config.derived_sizes import Machine, Setting, seen_area, sizes
from tf_happywhale.config.train import Train

WHOLE = "whole"
PICTURES = 86_000  # seen by a training on the right whales: 36 epochs of 2,381
EPOCHS = (25, 60)
AVERAGE_FROM = 1500  # steps from which an average of the weights pays
FOLD_IMAGES = 20  # that a fold should have at least
PREDICTED = 200  # photographs to identify from which a second training on them pays


@dataclass(frozen=True)
class BoxFacts:
    """Boxes of one source.

    Attributes:
        source: what is in them.
        images: how many images of the catalogue have one.
        side: the median over images of the side of a square of the same area, pixels.
    """

    source: str
    images: int
    side: float


@dataclass(frozen=True)
class Facts:
    """What is known of a catalogue.

    Attributes:
        images, individuals: how many there are.
        bursts: how many bursts (an encounter, or an individual's day), see `catalogue/bursts.py`.
        side: as `BoxFacts.side`, of whole pictures.
        boxes: the boxes of each source.
        box_files: files in the data folder that hold boxes, where none is named boxes.csv.
        test_folders: folders of photographs beside that of the catalogue, where there is no
            test_images.
        left, right: images whose viewpoint is that side.
        to_identify: photographs to identify.
        named_alike: how many of these are named like a photograph of the catalogue.
    """

    images: int
    individuals: int
    bursts: int
    side: float
    boxes: tuple[BoxFacts, ...] = ()
    box_files: tuple[str, ...] = ()
    test_folders: tuple[str, ...] = ()
    left: int = 0
    right: int = 0
    to_identify: int = 0
    named_alike: int = 0


def derived_places(facts: Facts) -> Iterator[Setting]:
    """Yield the settings that say which files of the data folder are read."""
    if len(facts.test_folders) == 1:
        (folder,) = facts.test_folders
        why = "there is no test_images, and no other folder beside the catalogue's has photographs"
        yield "data.test_images", folder, why
    if len(facts.box_files) == 1:
        (file,) = facts.box_files
        yield "data.boxes", file, "there is no boxes.csv, and no other file has boxes"


def seeks_region(facts: Facts, given: Mapping[str, Any]) -> bool:
    """Return whether the pictures may be aligned, and nobody has said which part of them counts:
    they are used whole, and no other crops are kept or trained on.

    Args:
        facts, given: see `derived_settings`.
    """
    if "model.region" in given or given.get("records.more_sources"):
        return False
    if any(key.split(".")[0] == "records" for one in given.get("variants", ()) for key in one):
        return False
    return given.get("records.source", _source(facts)[0]) == WHOLE


def derived_settings(
    facts: Facts,
    machine: Machine,
    given: Mapping[str, Any] | None = None,
    region: Setting | None = None,
) -> list[Setting]:
    """Return the settings that follow from a catalogue and a machine: key, value, and why.

    Whatever the facts are, the values are allowed ones.

    Args:
        facts, machine: these.
        given: values that a person gave, by key. Settings that depend on others follow from these.
        region: `model.region`, if one was sought and found.
    """
    given = given or {}
    source, side, of = _source(facts)
    folds = _folds(facts)
    parts = given.get("data.folds", folds)
    training = max(1, facts.images * (parts - 1) // parts)
    epochs = min(max(round(PICTURES / training), EPOCHS[0]), EPOCHS[1])
    rounds = given.get("train.epochs", epochs)
    batch = _batch(training)
    steps = rounds * max(1, training // given.get("train.batch_size", batch))
    pictures = f"{training} images to train on"
    area = seen_area(given.get("model.region", region[1] if region else None))
    return [
        ("records.source", source, of),
        *([region] if region else []),
        *sizes(side, rounds * training, machine, given.get("train.last_size"), area),
        ("data.folds", folds, _of_folds(folds, facts)),
        _mirroring(facts),
        ("train.epochs", epochs, f"{pictures}: about {epochs * training} pictures in all"),
        ("train.batch_size", batch, f"{pictures}, at least four batches"),
        ("train.validate_every", max(1, rounds // 6), f"six times in {rounds} epochs"),
        *_average(steps),
        *_predicted(facts, rounds, given.get("train.learning_rate", Train().learning_rate)),
    ]  # fmt: skip


def _source(facts: Facts) -> tuple[str, float, str]:
    """Return which boxes are cropped, their side, and why: those that most images have, and of
    several the smallest, in which the marks are largest."""
    most = max((one.images for one in facts.boxes), default=0)
    if 2 * most < facts.images or most == 0:
        few = f"only {most} of {facts.images} images have a box" if most else "there are no boxes"
        if len(facts.box_files) > 1:
            few += f" that are sure: {', '.join(facts.box_files)} have some (data.boxes=FILE)"
        return WHOLE, facts.side, few
    enough = [one for one in facts.boxes if 10 * one.images >= 9 * most]
    best = min(enough, key=lambda one: (one.side, one.source))
    why = f"{best.images} of {facts.images} images have such a box"
    if len(enough) > 1:
        others = ", ".join(one.source for one in enough if one is not best)
        why += f", smaller than those of {others}"
    return best.source, best.side, why


def _folds(facts: Facts) -> int:
    return min(5, max(2, min(facts.images // FOLD_IMAGES, facts.bursts)))


def _of_folds(folds: int, facts: Facts) -> str:
    images = f"{facts.images} images in {facts.bursts} bursts"
    if folds == 5:
        return f"{images}; a fifth of them tests"
    return f"{images}; one of {folds} parts tests, so that it is not too small"


def _mirroring(facts: Facts) -> Setting:
    """Return how often pictures are mirrored."""
    if facts.left and facts.right:
        why = (
            f"viewpoint says left {facts.left} times and right {facts.right} times: the sides of "
            "an animal have other patterns, so that a mirrored left side is no right side"
        )
        return "augment.flip_p", 0.0, why
    why = (
        "nobody says whether both sides look alike; 0.5 if they do (outlines of fins), 0 if they "
        "do not (coats, scars)"
    )
    return "augment.flip_p", 0.1, why


def _predicted(facts: Facts, epochs: int, rate: float) -> Iterator[Setting]:
    """Yield how many trainings follow that also learn from what the one before is sure of, and how
    they differ from the first one, which has so many epochs and such a learning rate."""
    count = f"{facts.to_identify} photographs to identify"
    enough = facts.to_identify >= max(PREDICTED, facts.images // 5)
    if enough and facts.named_alike:
        why = "named like one of the catalogue, so that nothing can be trained on them"
        yield "pseudo.rounds", 0, f"{count}, {facts.named_alike} of them {why}"
    elif enough:
        why = "those that the model is sure of are labels of a second training"
        yield "pseudo.rounds", 1, f"{count}: {why}"
        why = f"a third of the {epochs} epochs is enough, since it starts from the first's weights"
        yield "pseudo.resume", True, why
        further = {"epochs": max(1, epochs // 3), "learning_rate": rate / 2, "warmup_epochs": 1}
        yield "pseudo.settings", {f"train.{key}": f"{it:g}" for key, it in further.items()}, why
    else:
        why = "are too few to train on what the model says of them"
        yield "pseudo.rounds", 0, f"{count} {why}"


def _batch(training: int) -> int:
    if training >= 1000:
        return 32
    return next((size for size in (16, 8, 4, 2) if training >= 4 * size), 1)


def _average(steps: int) -> Iterator[Setting]:
    """Yield whether the weights are averaged, with the warm-up that belongs to it."""
    long = steps >= AVERAGE_FROM
    why = f"{steps} steps are {'enough' if long else 'too few'} for an average of the weights"
    yield "train.average", 0.99 if long else 0.0, why
    yield "train.warmup_epochs", 3 if long else 1, "the learning rate rises slowly at first"
