from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tf_happywhale.catalogue.boxes.box import Box
from tf_happywhale.config import Augment
from tf_happywhale.errors import InputError
from tf_happywhale.records import crops, reader
from tf_happywhale.records.manifest import MARKER
from tf_happywhale.records.plan import CropFormat, RecordsPlan, SourcePhotograph
from tf_happywhale.records.reader import evaluation_batches, training_batches
from tf_happywhale.records.writer import write_records

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
        images, targets = changes.pop("images", names(13)), changes.pop("targets", range(13))
        splits = changes.pop("splits", ["train"])
        batches = training_batches(folder, splits, images, targets, **(options | changes))
        return list(batches.as_numpy_iterator())

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
    decoded, whole = [], reader.augment
    monkeypatch.setattr(
        reader, "augment", lambda *arguments: (decoded.append(1), whole(*arguments))[1]
    )
    train(batch_size=6, part=(1, 3))
    assert len(decoded) == 2 * 2


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


def test_a_further_epoch_leaves_compiled_functions_alone(train, monkeypatch) -> None:
    train(epoch=0)
    monkeypatch.setattr(tf.random, "set_seed", lambda seed: pytest.fail("kernels were dropped"))
    train(epoch=1)


def test_a_small_buffer_still_gives_every_image_once(train) -> None:
    assert sorted(order(train(shuffle_buffer=1, batch_size=1))) == list(range(13))


def test_the_buffer_holds_no_more_bytes_than_allowed(train, monkeypatch) -> None:
    in_shards = order(train(shuffle_buffer=1))
    monkeypatch.setattr(reader, "SHUFFLED", 1)
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
    mixed = train(batch_size=4, settings=Augment(**OFF, mixup_p=1, mixup_alpha=1))
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


@pytest.fixture
def several(tmp_path: Path, save) -> Path:
    """Records of eight images with a primary crop of level 40 and, but for the last, a backfin of
    level 120, and the whole of level 200."""
    photographs = []
    for k in range(8):
        picture = np.full((30, 30, 3), 200, np.uint8)
        picture[:10, :10], picture[10:20, 10:20] = 40, 120
        found = {"fullbody": Box(0, 0, 10, 10), "backfin": Box(10, 10, 20, 20), "whole": None}
        if k == 7:
            del found["backfin"]
        path = save(tmp_path / f"{k}.png", picture)
        photographs.append(SourcePhotograph(f"{k}.png", path, "train", 0, k, 0, found, ""))
    pixels = CropFormat(16, 95, ("fullbody", "backfin", "whole"))
    plan = RecordsPlan(tmp_path / "records", "pod", photographs, pixels, [])
    write_records(plan, shard_images=9, made_by={})
    return plan.folder


def levels(batches: Iterable) -> dict[str, int]:
    """Of each image what its brightest corner shows: 40, 120 or 200."""
    found = {}
    for pictures, names, mask in batches:
        for picture, name in zip(pictures[mask], names[mask], strict=True):
            found[name.decode()] = int(np.rint(picture[-1, -1, 0] / 40) * 40)
    return found


@pytest.mark.parametrize(
    ("source", "level"), [(None, 40), ("fullbody", 40), ("backfin", 120), ("whole", 200)]
)
def test_evaluation_takes_the_crop_asked_for_and_else_the_primary(several, source, level) -> None:
    batches = evaluation_batches(
        several, "train", names(8), size=16, batch_size=3, source=source
    ).as_numpy_iterator()
    expected = dict.fromkeys(names(8), level)
    if source == "backfin":
        expected["7.png"] = 40
    assert levels(batches) == expected


def test_training_draws_crops_by_their_shares_and_by_seed_epoch_and_image(several) -> None:
    def drawn(epoch: int, seed: int = 1, batch_size: int = 1, **shares: float) -> dict[int, int]:
        batches = training_batches(
            several, ["train"], names(8), range(8), size=16, batch_size=batch_size,
            settings=Augment(enabled=False, crops=shares), shuffle_buffer=4, seed=seed, epoch=epoch,
        )  # fmt: skip
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


def test_crops_that_the_records_lack_are_refused(written) -> None:
    folder = written(4)
    with pytest.raises(InputError, match=r"no crops of source 'fluke'.*records\.more_sources"):
        evaluation_batches(folder, "train", names(4), size=16, batch_size=2, source="fluke")


def test_a_much_larger_crop_is_decoded_smaller_and_looks_the_same(written) -> None:
    folder = written(5, size=64)
    one, other = (
        next(
            evaluation_batches(
                folder, "train", names(5), size=size, batch_size=5
            ).as_numpy_iterator()
        )[0]
        for size in (16, 64)
    )
    assert one.shape == (5, 16, 16, 3)
    assert np.abs(one.astype(int) - other[:, ::4, ::4]).max() <= 1


def test_an_unfinished_folder_is_refused(written) -> None:
    folder: Path = written(4)
    (folder / MARKER).unlink()
    with pytest.raises(InputError, match="no finished TFRecords"):
        evaluation_batches(folder, "train", names(4), size=16, batch_size=2)
    with pytest.raises(InputError, match="no finished TFRecords"):
        training_batches(
            folder,
            ["train"],
            names(4),
            range(4),
            size=16,
            batch_size=2,
            settings=PLAIN,
            shuffle_buffer=10,
            seed=0,
            epoch=0,
        )
