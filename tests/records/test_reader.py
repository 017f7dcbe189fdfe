from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tf_happywhale.config import Augment
from tf_happywhale.errors import InputError
from tf_happywhale.records import reader
from tf_happywhale.records.folder import MARKER
from tf_happywhale.records.reader import evaluation_batches, training_batches

PLAIN = Augment(enabled=False)
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
        images, targets = changes.pop("images", names(13)), changes.pop("targets", range(13))
        batches = training_batches(folder, "train", images, targets, **(options | changes))
        return list(batches.as_numpy_iterator())

    return epoch


def order(batches: Batches) -> list[int]:
    return [int(target) for _, targets in batches for target in targets]


def same(one: Batches, other: Batches) -> bool:
    return len(one) == len(other) and all(
        np.array_equal(x[0], y[0]) and np.array_equal(x[1], y[1])
        for x, y in zip(one, other, strict=True)
    )


@pytest.mark.parametrize("batch_size", [1, 3, 4, 7, 16])
def test_evaluation_yields_each_image_once_whatever_the_batch(written, batch_size: int) -> None:
    folder = written(7, 2, shard_images=2)
    seen = {}
    rows = 0
    for pictures, images, mask in evaluation_batches(
        folder, "train", names(7), size=16, batch_size=batch_size
    ).as_numpy_iterator():
        assert pictures.shape == (batch_size, 16, 16, 3)
        assert pictures.dtype == np.uint8
        assert images.shape == mask.shape == (batch_size,)
        assert mask.dtype == bool
        assert not pictures[~mask].any()
        assert set(images[~mask]) <= {b""}
        rows += int(mask.sum())
        for picture, image in zip(pictures[mask], images[mask], strict=True):
            seen[image.decode()] = picture
    assert rows == 7
    assert set(seen) == set(names(7))
    for k in range(7):
        assert np.abs(seen[f"{k}.png"].astype(int) - (10 + 8 * k)).max() <= 1


def test_evaluation_reads_the_split_and_the_images_asked_for(written) -> None:
    folder = written(7, 3)

    def read(split: str, images: list[str]) -> list[str]:
        batches = evaluation_batches(folder, split, images, size=16, batch_size=4)
        return [
            name.decode() for _, found, mask in batches.as_numpy_iterator() for name in found[mask]
        ]

    assert sorted(read("train", ["5.png", "1.png", "t7.png"])) == ["1.png", "5.png"]
    assert sorted(read("test", ["t7.png", "t8.png", "t9.png", "1.png"])) == [
        "t7.png",
        "t8.png",
        "t9.png",
    ]


@pytest.mark.parametrize("test_images", [0, 3])
def test_evaluation_of_no_images_is_empty(written, test_images: int) -> None:
    folder = written(7, test_images)
    batches = evaluation_batches(folder, "test", [], size=16, batch_size=4)
    assert [mask.sum() for *_, mask in batches.as_numpy_iterator()] == []


def test_evaluation_keeps_one_order_and_changes_the_size(written) -> None:
    folder = written(7, size=16)
    one, other = (
        list(evaluation_batches(folder, "train", asked, size=8, batch_size=7).as_numpy_iterator())
        for asked in (names(7), names(7)[::-1])
    )
    assert one[0][0].shape == (7, 8, 8, 3)
    assert one[0][1].tolist() == other[0][1].tolist()


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


def test_a_small_buffer_still_gives_every_image_once(train) -> None:
    assert sorted(order(train(shuffle_buffer=1, batch_size=1))) == list(range(13))


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

    def counting(encoded: bytes, name: str) -> np.ndarray:
        decoded.append(name)
        return np.zeros((16, 16, 3), np.uint8)

    monkeypatch.setattr(reader, "decode", counting)
    assert len(train(skip_batches=3)) == 1
    assert len(decoded) <= 13 - 9


def test_an_unfinished_folder_is_refused(written) -> None:
    folder: Path = written(4)
    (folder / MARKER).unlink()
    with pytest.raises(InputError, match="no finished TFRecords"):
        evaluation_batches(folder, "train", names(4), size=16, batch_size=2)
    with pytest.raises(InputError, match="no finished TFRecords"):
        training_batches(
            folder,
            "train",
            names(4),
            range(4),
            size=16,
            batch_size=2,
            settings=PLAIN,
            shuffle_buffer=10,
            seed=0,
            epoch=0,
        )
