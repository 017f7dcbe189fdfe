from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from tf_happywhale.errors import InputError
from tf_happywhale.records.evaluation_reader import evaluation_batches


def names(count: int) -> list[str]:
    return [f"{k}.png" for k in range(count)]


def levels(batches: Iterable) -> dict[str, int]:
    """Of each image what its brightest corner shows: 40, 120 or 200."""
    found = {}
    for pictures, names, mask in batches:
        for picture, name in zip(pictures[mask], names[mask], strict=True):
            found[name.decode()] = int(np.rint(picture[-1, -1, 0] / 40) * 40)
    return found


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
