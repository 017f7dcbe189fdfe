from __future__ import annotations

import re
from pathlib import Path

import pytest

from tf_happywhale.records.plan import SourcePhotograph
from tf_happywhale.records.shards import ShardJob

PHOTOGRAPH = SourcePhotograph("a.jpg", Path("a.jpg"), "train", 0, 0, 0, {"whole": None}, "")


def shard_name(dataset: str, split: str, fold: int, part: int, count: int) -> str:
    return ShardJob(Path(), dataset, split, fold, part, [PHOTOGRAPH] * count).file(0).name


def test_a_shards_name_tells_split_fold_part_and_count() -> None:
    assert shard_name("pod", "train", 3, 7, 512) == "pod-train-f3-s007-512.tfrec"
    assert shard_name("pod", "test", 0, 1000, 1) == "pod-test-f0-s1000-1.tfrec"


@pytest.mark.parametrize("dataset", ["pod", "North_Sea_2020", "9"])
def test_the_count_is_what_others_find_by_their_pattern(dataset: str) -> None:
    name = shard_name(dataset, "train", 1, 2, 34)
    assert int(re.compile(r"-([0-9]+)\.").search(name).group(1)) == 34
