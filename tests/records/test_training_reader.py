from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tf_happywhale.config import Augment
from tf_happywhale.errors import InputError
from tf_happywhale.records import crops, epoch_order, training_reader
from tf_happywhale.records.epoch_order import EpochOrder, TrainingImages
from tf_happywhale.records.evaluation_reader import evaluation_batches
from tf_happywhale.records.manifest import MARKER
from tf_happywhale.records.training_reader import training_batches

PLAIN = Augment(enabled=False)
OFF = {
    f"{name}_p": 0
    for name in ("affine", "grey", "blur", "noise", "grid_shuffle", "brightness_contrast", "flip")
} | {"crop_scale": (1, 1), "crop_ratio": (1, 1)}
Batches = list[tuple[np.ndarray, np.ndarray]]


def names(count: int) -> list[str]:
    return [f"{k}.png" for k in range(count)]


@pytest.fixture
def train(written) -> Callable[..., Batches]:
    """One epoch of 13 images, whose targets are their numbers, as NumPy batches."""
    folder = written(13, 2)

    def epoch(**changes) -> Batches:
        options = {
            "size": 16,
            "batch_size": 3,
            "settings": PLAIN,
            "shuffle_buffer": 100,
            "seed": 1,
            "epoch": 0,
        }
        options |= changes
        images = TrainingImages(
            folder,
            options.pop("splits", ["train"]),
            options.pop("images", names(13)),
            options.pop("targets", range(13)),
            options.pop("copies", None),
        )
        order = EpochOrder(*(options.pop(name) for name in ("seed", "epoch", "shuffle_buffer")))
        return list(training_batches(images, order, **options).as_numpy_iterator())

    return epoch


def order(batches: Batches) -> list[int]:
    return [int(target) for _, targets in batches for target in targets]


def same(one: Batches, other: Batches) -> bool:
    return len(one) == len(other) and all(
        np.array_equal(x[0], y[0]) and np.array_equal(x[1], y[1])
        for x, y in zip(one, other, strict=True)
    )


@pytest.mark.parametrize("mixup", [0, 1])
def test_the_parts_of_several_machines_are_the_whole_batch(train, mixup) -> None:
    settings = Augment(mixup_p=mixup, **OFF)
    whole = train(batch_size=6, settings=settings)
    parts = [train(batch_size=6, settings=settings, part=(number, 3)) for number in range(3)]
    assert len(whole) == len(parts[0]) == 2
    for (pictures, targets), *own in zip(whole, *parts, strict=True):
        np.testing.assert_array_equal(np.concatenate([each[0] for each in own]), pictures)
        flat = (each[1] if mixup else (each[1],) for each in own)
        for column, joined in zip(zip(*flat, strict=True), targets if mixup else (targets,),
                                  strict=True):  # fmt: skip
            np.testing.assert_array_equal(np.concatenate(column), joined)


def test_a_part_decodes_only_its_own_pictures(train, monkeypatch) -> None:
    decoded, whole = [], training_reader.augment
    monkeypatch.setattr(
        training_reader, "augment", lambda *arguments: (decoded.append(1), whole(*arguments))[1]
    )
    train(batch_size=6, part=(1, 3))
    assert len(decoded) == 2 * 2


def test_an_epoch_is_every_image_once_with_the_last_batch_dropped(train) -> None:
    batches = train()
    assert [len(targets) for _, targets in batches] == [3, 3, 3, 3]
    assert len(set(order(batches))) == 12
    assert sorted(order(train(batch_size=1))) == list(range(13))
    for pictures, targets in batches:
        assert (pictures.dtype, targets.dtype) == (np.uint8, np.int64)
        assert pictures.shape == (3, 16, 16, 3)
        for picture, target in zip(pictures, targets, strict=True):
            assert np.abs(picture.astype(int) - (10 + 8 * int(target))).max() <= 1


def test_labels_are_those_given_and_not_the_records_own(train) -> None:
    given = [1000 + k * k for k in range(13)]
    batches = train(targets=given, batch_size=1)
    assert sorted(order(batches)) == given
    for pictures, targets in batches:
        k = round((float(pictures.mean()) - 10) / 8)
        assert int(targets[0]) == 1000 + k * k


def test_only_the_images_asked_for_are_trained_on(train) -> None:
    asked = ["4.png", "11.png", "0.png", "t13.png"]
    assert sorted(order(train(images=asked, targets=[4, 11, 0, 13], batch_size=1))) == [0, 4, 11]


def test_the_order_depends_on_seed_and_epoch(train) -> None:
    first = order(train(seed=1, epoch=0))
    assert order(train(seed=1, epoch=0)) == first
    assert order(train(seed=1, epoch=1)) != first
    assert order(train(seed=2, epoch=0)) != first
    assert first != sorted(first)


def test_the_order_depends_on_nothing_else(train) -> None:
    orders = []
    try:
        for state in (3, 4):
            tf.random.set_seed(state)
            np.random.seed(state)
            orders.append(order(train()))
    finally:
        tf.random.set_seed(0)
    assert orders[0] == orders[1]


def test_a_further_epoch_leaves_compiled_functions_alone(train, monkeypatch) -> None:
    train(epoch=0)
    monkeypatch.setattr(tf.random, "set_seed", lambda seed: pytest.fail("kernels were dropped"))
    train(epoch=1)


def test_a_small_buffer_still_gives_every_image_once(train) -> None:
    assert sorted(order(train(shuffle_buffer=1, batch_size=1))) == list(range(13))


def test_the_buffer_holds_no_more_bytes_than_allowed(train, monkeypatch) -> None:
    in_shards = order(train(shuffle_buffer=1))
    monkeypatch.setattr(epoch_order, "SHUFFLED", 1)
    assert order(train(shuffle_buffer=100)) == in_shards


def test_augmentation_depends_on_seed_epoch_and_image(train) -> None:
    def pictures(**options: int) -> dict[int, np.ndarray]:
        batches = train(settings=Augment(affine_p=1, brightness_contrast_p=1), **options)
        return {
            int(t): picture for p, targets in batches for picture, t in zip(p, targets, strict=True)
        }

    first = pictures()
    for k, picture in pictures(batch_size=1).items():  # another batching, the same pictures
        if k in first:
            assert np.array_equal(picture, first[k])
    for other in (pictures(epoch=1), pictures(seed=2)):
        shared = set(first) & set(other)
        assert sum(not np.array_equal(first[k], other[k]) for k in shared) > len(shared) / 2


@pytest.mark.parametrize("skipped", [0, 1, 3, 4])
def test_skipping_yields_exactly_the_rest_of_the_undisturbed_epoch(train, skipped: int) -> None:
    options = {"settings": Augment(), "shuffle_buffer": 5, "epoch": 2}
    assert same(train(skip_batches=skipped, **options), train(**options)[skipped:])


def test_skipped_examples_are_not_decoded(train, monkeypatch) -> None:
    decoded = []

    def counting(encoded: bytes, name: str, reduction: int) -> np.ndarray:
        decoded.append(name)
        return np.zeros((16, 16, 3), np.uint8)

    monkeypatch.setattr(crops, "decode", counting)
    assert len(train(skip_batches=3)) == 1
    assert len(decoded) <= 13 - 9


def test_mixup_yields_two_targets_and_the_first_ones_share(train) -> None:
    plain = train(batch_size=4)
    mixed = train(batch_size=4, settings=Augment(**OFF, mixup_p=1))
    assert len(mixed) == len(plain) == 3
    for (before, targets), (pictures, (own, other, share)) in zip(plain, mixed, strict=True):
        assert (own.dtype, other.dtype, share.dtype) == (np.int64, np.int64, np.float32)
        assert own.tolist() == targets.tolist()
        assert other.tolist() == [*targets[1:].tolist(), int(targets[0])]
        weights = share[:, None, None, None]
        expected = before * weights + np.roll(before, -1, axis=0) * (1 - weights)
        assert np.abs(pictures - expected).max() <= 1
        assert len(set(share.tolist())) == 4


def test_mixup_of_probability_zero_or_augmentation_off_changes_nothing(train) -> None:
    for chosen in (Augment(mixup_p=0), Augment(mixup_p=1, enabled=False)):
        assert all(targets.shape == (3,) for _, targets in train(settings=chosen))


def test_mixup_depends_on_seed_epoch_and_image_and_survives_resuming(train) -> None:
    options = {"settings": Augment(mixup_p=0.5), "epoch": 3}
    whole, rest = train(**options), train(skip_batches=2, **options)
    for (pictures, labels), (same, again) in zip(whole[2:], rest, strict=True):
        assert np.array_equal(pictures, same)
        assert all(np.array_equal(x, y) for x, y in zip(labels, again, strict=True))
    shares = np.concatenate([labels[2] for _, labels in whole])
    assert 0 < (shares == 1).sum() < len(shares)


def test_training_draws_crops_by_their_shares_and_by_seed_epoch_and_image(several) -> None:
    def drawn(epoch: int, seed: int = 1, batch_size: int = 1, **shares: float) -> dict[int, int]:
        batches = training_batches(
            TrainingImages(several, ["train"], names(8), range(8)),
            EpochOrder(seed, epoch, shuffle_buffer=4),
            size=16,
            batch_size=batch_size,
            settings=Augment(enabled=False, crops=shares),
        )
        return {
            int(target): int(np.rint(picture[-1, -1, 0] / 40) * 40)
            for pictures, targets in batches.as_numpy_iterator()
            for picture, target in zip(pictures, targets, strict=True)
        }

    assert set(drawn(0).values()) == {40}
    assert set(drawn(0, whole=0.3).values()) == {200}
    thirds = {"fullbody": 0.25, "backfin": 0.25, "whole": 0.5}
    seen = [drawn(epoch, **thirds) for epoch in range(12)]
    assert drawn(3, **thirds) == seen[3] == drawn(3, batch_size=4, **thirds)
    assert drawn(3, seed=2, **thirds) != seen[3]
    counts = Counter(level for epoch in seen for image, level in epoch.items() if image < 7)
    assert 0.12 < counts[40] / 84 < 0.4
    assert 0.12 < counts[120] / 84 < 0.4
    assert 0.35 < counts[200] / 84 < 0.65
    assert {epoch[7] for epoch in seen} == {40, 200}


def test_both_splits_are_read_where_both_are_asked_for(train) -> None:
    images, targets = [*names(13), "t14.png"], [*range(13), 14]
    assert sorted(order(train(batch_size=1, images=images, targets=targets))) == list(range(13))
    both = train(batch_size=1, images=images, targets=targets, splits=["train", "test"])
    assert sorted(order(both)) == targets
    for pictures, (target,) in both:
        assert np.abs(pictures.astype(int) - (10 + 8 * target)).max() <= 1


def test_each_image_comes_as_often_as_it_should(train) -> None:
    copies = [0, 3, 1, 1, 0, 0, 2, 1, 1, 1, 1, 1, 1]
    batches = train(batch_size=1, copies=copies)
    counts = Counter(order(batches))
    assert [counts[n] for n in range(13)] == copies
    for pictures, (target,) in batches:
        assert np.abs(pictures.astype(int) - (10 + 8 * target)).max() <= 1
    assert same(batches, train(batch_size=1, copies=copies))
    assert same(batches[4:], train(batch_size=1, copies=copies, skip_batches=4))


def test_copies_are_augmented_each_in_its_own_way(train) -> None:
    bright = Augment(**{**OFF, "brightness_contrast_p": 1})
    copies = [4] + [0] * 12
    batches = train(batch_size=1, copies=copies, settings=bright)
    assert len({pictures.tobytes() for pictures, _ in batches}) == 4
    once = train(batch_size=1, images=names(1), targets=[0], settings=bright)
    assert once[0][0].tobytes() in {pictures.tobytes() for pictures, _ in batches}


def test_an_unfinished_folder_is_refused(written) -> None:
    folder: Path = written(4)
    (folder / MARKER).unlink()
    with pytest.raises(InputError, match="no finished TFRecords"):
        evaluation_batches(folder, "train", names(4), size=16, batch_size=2)
    with pytest.raises(InputError, match="no finished TFRecords"):
        training_batches(
            TrainingImages(folder, ["train"], names(4), range(4)),
            EpochOrder(seed=0, epoch=0, shuffle_buffer=10),
            size=16,
            batch_size=2,
            settings=PLAIN,
        )
