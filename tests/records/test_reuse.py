"""What another records folder has already is not made again."""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from tf_happywhale.records import shards, writer
from tf_happywhale.records.manifest import read_manifest, verify
from tf_happywhale.records.plan import RecordsPlan
from tf_happywhale.records.writer import write_records


@pytest.fixture
def made(monkeypatch) -> list[str]:
    """The photographs that were read."""
    names: list[str] = []

    def make(photograph, crop_format) -> object:
        names.append(photograph.image)
        return shards.make_record(photograph, crop_format)

    monkeypatch.setattr(writer, "make_record", make)
    return names


def written(plan: RecordsPlan, folder: str) -> Path:
    plan = replace(plan, folder=plan.folder.parent / "home" / folder)
    write_records(plan, shard_images=3, made_by={})
    return plan.folder


@pytest.mark.parametrize("links", [True, False])
def test_another_photograph_to_identify_reads_no_photograph_of_the_catalogue(
    make_plan, made, monkeypatch, links: bool
) -> None:
    if not links:

        def refuse(*_: object) -> None:
            raise OSError(errno.EPERM, "Operation not permitted")

        monkeypatch.setattr(os, "link", refuse)
    first = written(make_plan(7, test=2), "first")
    made.clear()
    second = written(make_plan(7, test=3), "second")
    assert sorted(made) == ["t7.png", "t8.png", "t9.png"]
    one, two = (
        {shard.file: shard for shard in read_manifest(folder)["shards"] if shard.split == "train"}
        for folder in (first, second)
    )
    assert one == two
    assert verify(second) == {"train": 7, "test": 3}
    for shard in second.iterdir():  # a link is never written through
        shard.unlink()
    assert verify(first) == {"train": 7, "test": 2}


def test_a_damaged_shard_is_not_taken(make_plan, made) -> None:
    first = written(make_plan(4), "first")
    shard = sorted(first.glob("*.tfrec"))[0]
    shard.write_bytes(shard.read_bytes()[:-1])
    made.clear()
    second = written(make_plan(4), "second")
    assert len(made) == 2
    assert verify(second) == {"train": 4}


def test_other_pixels_labels_and_unknown_contents_are_written(make_plan, made) -> None:
    plan = make_plan(4)
    written(plan, "first")
    one = plan.photographs[0]
    for number, change in enumerate(({"target": 7}, {"content": "x"}, {"crops": {}})):
        changed = replace(plan, photographs=[replace(one, **change), *plan.photographs[1:]])
        made.clear()
        if change == {"crops": {}}:
            changed = replace(plan, crop_format=replace(plan.crop_format, size=8))
        written(changed, f"other{number}")
        assert len(made) == (4 if change == {"crops": {}} else 2)
    unknown = replace(plan, photographs=[replace(p, content="") for p in plan.photographs])
    written(unknown, "unknown")
    made.clear()
    written(unknown, "again")
    assert len(made) == 4


def test_a_shard_that_is_taken_keeps_the_list_of_what_is_damaged_in_it(make_plan, made) -> None:
    plan = make_plan(4)
    whole = cv2.imencode(".jpg", np.random.default_rng(1).integers(0, 255, (64, 64, 3), np.uint8))
    half = whole[1].tobytes()[: len(whole[1]) // 2]
    plan.photographs[1].path.write_bytes(half + b"\xff\xd9")
    first = written(plan, "first")
    made.clear()
    second = written(plan, "second")
    assert made == []
    table = (first / "damaged.csv").read_text("utf-8")
    assert (second / "damaged.csv").read_text("utf-8") == table
    assert f"{plan.photographs[1].image},train,Damaged: " in table
    assert not list(second.glob(".*damaged*"))
