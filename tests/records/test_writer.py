from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import tensorflow as tf

from tf_happywhale.catalogue.boxes.box import Box
from tf_happywhale.catalogue.tables.table import read_text_table
from tf_happywhale.disk.hashes import ContentHashes, sha256
from tf_happywhale.disk.locks import locked
from tf_happywhale.errors import InputError
from tf_happywhale.pictures.pixels import decode
from tf_happywhale.records import shards, writer
from tf_happywhale.records.manifest import (
    MANIFEST,
    MARKER,
    VERSION,
    is_complete,
    read_manifest,
    skipped_images,
    verify,
)
from tf_happywhale.records.plan import CropFormat, RecordsPlan, SourcePhotograph
from tf_happywhale.records.writer import PLAN, write_records


def hashes(folder: Path) -> dict[str, str]:
    return {path.name: sha256(path) for path in folder.iterdir()}


def examples(path: Path) -> list[dict]:
    found = []
    for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
        feature = tf.train.Example.FromString(record).features.feature
        found.append(
            {
                "image": feature["image_name"].bytes_list.value[0].decode(),
                "picture": decode(feature["image"].bytes_list.value[0]),
                "target": feature["target"].int64_list.value[0],
                "species": feature["species"].int64_list.value[0],
            }
        )
    return found


def test_shards_are_named_by_fold_and_count_and_hold_each_image_once(make_plan) -> None:
    plan = make_plan(9, 3)
    assert write_records(plan, shard_images=2, made_by={}) is True
    assert {path.name for path in plan.folder.iterdir()} == {
        "pod-train-f0-s000-2.tfrec",
        "pod-train-f0-s001-2.tfrec",
        "pod-train-f0-s002-1.tfrec",
        "pod-train-f1-s000-2.tfrec",
        "pod-train-f1-s001-2.tfrec",
        "pod-test-f0-s000-2.tfrec",
        "pod-test-f0-s001-1.tfrec",
        PLAN,
        MANIFEST,
        MARKER,
    }
    seen = []
    for path in plan.folder.glob("*.tfrec"):
        held = examples(path)
        assert path.name.endswith(f"-{len(held)}.tfrec")
        seen += [example["image"] for example in held]
        if "train" in path.name:
            assert {int(e["image"][0]) % 2 for e in held} == {int(path.name[11])}
    assert sorted(seen) == sorted(photograph.image for photograph in plan.photographs)


def test_an_example_is_the_squashed_photograph_with_its_labels(make_plan) -> None:
    plan = make_plan(2, 1, folds=2, size=12)
    write_records(plan, shard_images=5, made_by={})
    (known,) = examples(plan.folder / "pod-train-f1-s000-1.tfrec")
    assert (known["image"], known["target"], known["species"]) == ("1.png", 101, 1)
    assert known["picture"].shape == (12, 12, 3)
    assert np.abs(known["picture"].astype(int) - 18).max() <= 1
    (asked,) = examples(plan.folder / "pod-test-f0-s000-1.tfrec")
    assert (asked["image"], asked["target"], asked["species"]) == ("t2.png", -1, -1)


def test_the_manifest_says_what_was_made_and_how(make_plan) -> None:
    plan = make_plan(3, 2)
    write_records(plan, shard_images=9, made_by={"seed": 7})
    manifest = json.loads((plan.folder / MANIFEST).read_text())
    shards = manifest.pop("shards")
    assert manifest == {
        "schema": VERSION,
        "dataset": "pod",
        "size": 16,
        "quality": 95,
        "sources": ["fullbody"],
        "individuals": plan.individuals,
        "skipped": {"train": [], "test": []},
        "made_by": {"seed": 7},
    }
    assert {(s["file"], s["split"], s["fold"], s["count"]) for s in shards} == {
        ("pod-train-f0-s000-2.tfrec", "train", 0, 2),
        ("pod-train-f1-s000-1.tfrec", "train", 1, 1),
        ("pod-test-f0-s000-2.tfrec", "test", 0, 2),
    }
    assert all(s["sha256"] == sha256(plan.folder / s["file"]) for s in shards)


def test_an_image_without_a_box_is_used_whole_and_never_by_anothers(tmp_path: Path, save) -> None:
    picture = np.zeros((32, 32, 3), np.uint8)
    picture[:16, :16] = 250
    photographs = [
        SourcePhotograph(
            name, save(tmp_path / name, picture), "train", 0, 0, 0, {"fullbody": box}, ""
        )
        for name, box in [
            ("boxed.png", Box(0, 0, 16, 16)),
            ("bare.png", None),
            ("beyond.png", Box(40, 40, 50, 50)),
            ("clipped.png", Box(16, 16, 90, 90)),
        ]
    ]
    pixels = CropFormat(16, 95, ("fullbody",))
    plan = RecordsPlan(tmp_path / "records", "pod", photographs, pixels, ["whale"])
    write_records(plan, shard_images=9, made_by={})
    (shard,) = plan.folder.glob("*.tfrec")
    means = {example["image"]: example["picture"].mean() for example in examples(shard)}
    quarter = pytest.approx(62.5, abs=2)
    assert means == {
        "boxed.png": pytest.approx(250, abs=2),
        "bare.png": quarter,
        "beyond.png": quarter,
        "clipped.png": pytest.approx(0, abs=2),
    }


def test_a_finished_folder_is_left_as_it_is(make_plan) -> None:
    plan = make_plan(4)
    write_records(plan, shard_images=2, made_by={"seed": 1})
    before = hashes(plan.folder)
    assert write_records(plan, shard_images=3, made_by={"seed": 2}) is False
    assert hashes(plan.folder) == before


@pytest.mark.parametrize("lost", ["pod-train-f1-s000-2.tfrec", MARKER, MANIFEST])
def test_what_is_missing_is_written_again_byte_by_byte(make_plan, lost: str) -> None:
    plan = make_plan(8, 3)
    write_records(plan, shard_images=2, made_by={})
    before = hashes(plan.folder)
    (plan.folder / lost).unlink()
    assert not is_complete(plan.folder)
    assert write_records(plan, shard_images=2, made_by={}) is True
    assert hashes(plan.folder) == before


def test_a_damaged_shard_is_found_and_after_its_deletion_written_again(make_plan) -> None:
    plan = make_plan(8)
    write_records(plan, shard_images=2, made_by={})
    before = hashes(plan.folder)
    shard = plan.folder / "pod-train-f0-s001-2.tfrec"
    content = bytearray(shard.read_bytes())
    content[len(content) // 2] ^= 1
    shard.write_bytes(content)
    with pytest.raises(InputError, match=r"f0-s001-2\.tfrec is damaged"):
        verify(plan.folder)
    shard.unlink()
    write_records(plan, shard_images=2, made_by={})
    assert hashes(plan.folder) == before
    assert verify(plan.folder) == {"train": 8}


def test_unreadable_photographs_are_listed_with_reasons_and_refused_at_the_end(make_plan) -> None:
    plan = make_plan(6, 2)
    plan.photographs[3].path.write_bytes(b"no picture")
    plan.photographs[6].path.unlink()
    with pytest.raises(InputError, match=r"2 photographs.*skipped\.csv.*records\.skip_unreadable"):
        write_records(plan, shard_images=2, made_by={})
    rows = read_text_table(plan.folder / "skipped.csv", ["image", "split", "reason"])
    assert list(rows["image"]) == ["t6.png", "3.png"]
    assert "is gone" in rows["reason"].iloc[0]
    assert "cannot be read as a picture" in rows["reason"].iloc[1]
    assert not is_complete(plan.folder)
    with pytest.raises(InputError, match="no finished TFRecords"):
        read_manifest(plan.folder)


def test_with_leave_the_others_are_written_and_counted(make_plan) -> None:
    plan = make_plan(8, 2)
    plan.photographs[3].path.write_bytes(b"")
    write_records(plan, shard_images=2, made_by={}, skip_unreadable=True)
    assert verify(plan.folder) == {"train": 7, "test": 2}
    assert read_manifest(plan.folder)["skipped"] == {"train": ["3.png"], "test": []}
    assert skipped_images(plan.folder) == {("train", "3.png")}
    assert (plan.folder / "pod-train-f1-s001-1.tfrec").is_file()
    names = [e["image"] for path in plan.folder.glob("*.tfrec") for e in examples(path)]
    assert sorted(names) == [f"{k}.png" for k in (0, 1, 2, 4, 5, 6, 7)] + ["t8.png", "t9.png"]
    assert not list(plan.folder.glob(".*"))


def test_what_was_finished_without_some_is_refused_where_nobody_allowed_that(make_plan) -> None:
    plan = make_plan(4)
    plan.photographs[3].path.write_bytes(b"")
    write_records(plan, shard_images=2, made_by={}, skip_unreadable=True)
    with pytest.raises(InputError, match=r"A photograph: .*3\.png.*records\.skip_unreadable"):
        write_records(plan, shard_images=2, made_by={})
    assert write_records(plan, shard_images=2, made_by={}, skip_unreadable=True) is False


def test_after_a_refusal_leave_finishes_without_reading_all_again(make_plan, monkeypatch) -> None:
    plan = make_plan(6)
    plan.photographs[3].path.write_bytes(b"")
    with pytest.raises(InputError, match="is empty"):
        write_records(plan, shard_images=2, made_by={})
    read = []
    monkeypatch.setattr(
        writer, "make_record", lambda photograph, crop_format: read.append(photograph)
    )
    write_records(plan, shard_images=2, made_by={}, skip_unreadable=True)
    assert read == []
    assert verify(plan.folder) == {"train": 5}


def test_a_photograph_that_was_only_out_of_reach_is_tried_again(make_plan) -> None:
    plan = make_plan(6)
    path = plan.photographs[3].path
    content = path.read_bytes()
    path.unlink()
    with pytest.raises(InputError, match="is gone"):
        write_records(plan, shard_images=2, made_by={})
    path.write_bytes(content)
    write_records(plan, shard_images=2, made_by={})
    assert verify(plan.folder) == {"train": 6}
    assert not (plan.folder / "skipped.csv").exists()
    held = list(plan.folder.glob("*.tfrec"))
    assert len(held) == len(read_manifest(plan.folder)["shards"])


def test_a_shard_of_unreadable_photographs_only_is_not_there(make_plan) -> None:
    plan = make_plan(4)
    for photograph in plan.photographs[::2]:
        photograph.path.write_bytes(b"")
    write_records(plan, shard_images=2, made_by={}, skip_unreadable=True)
    assert [shard.fold for shard in read_manifest(plan.folder)["shards"]] == [1]
    assert len(list(plan.folder.glob("*.tfrec"))) == 1


@pytest.mark.parametrize("after", [0, 1, 4, 7, 10])
def test_a_writer_that_broke_off_goes_on_and_ends_the_same(
    make_plan, monkeypatch, after: int
) -> None:
    plan = make_plan(9, 3)
    write_records(plan, shard_images=2, made_by={})
    undisturbed = hashes(plan.folder)
    shutil.rmtree(plan.folder)
    made, original = [], shards.make_record

    def breaking(photograph: SourcePhotograph, crop_format: CropFormat) -> bytes | InputError:
        made.append(photograph.image)
        if len(made) > after:
            raise KeyboardInterrupt
        return original(photograph, crop_format)

    monkeypatch.setattr(writer, "make_record", breaking)
    with pytest.raises(KeyboardInterrupt):
        write_records(plan, shard_images=2, made_by={})
    assert not is_complete(plan.folder)
    there = {path.name for path in plan.folder.glob("*.tfrec")}
    monkeypatch.setattr(writer, "make_record", original)
    times = {name: (plan.folder / name).stat().st_mtime_ns for name in there}
    write_records(plan, shard_images=2, made_by={})
    assert hashes(plan.folder) == undisturbed
    assert times == {name: (plan.folder / name).stat().st_mtime_ns for name in there}


def test_what_a_killed_writer_left_half_written_is_taken_away(make_plan) -> None:
    plan = make_plan(4)
    write_records(plan, shard_images=2, made_by={})
    before = hashes(plan.folder)
    (plan.folder / MARKER).unlink()
    (plan.folder / ".pod-train-f0-s000.4711.partial.tfrec").write_bytes(b"half")
    write_records(plan, shard_images=2, made_by={})
    assert hashes(plan.folder) == before


def test_shards_of_other_labels_or_another_number_of_images_are_written_anew(make_plan) -> None:
    plan = make_plan(8)
    write_records(plan, shard_images=4, made_by={})
    (plan.folder / MARKER).unlink()
    relabelled = [replace(p, target=p.target + 1) for p in plan.photographs]
    write_records(replace(plan, photographs=relabelled), shard_images=2, made_by={})
    assert len(list(plan.folder.glob("*.tfrec"))) == 4
    targets = {e["image"]: e["target"] for p in plan.folder.glob("*.tfrec") for e in examples(p)}
    assert targets == {f"{k}.png": 101 + k for k in range(8)}


def test_two_writers_do_not_write_the_same_folder(make_plan) -> None:
    plan = make_plan(2)
    with (
        locked(plan.folder, "writing"),
        pytest.raises(InputError, match="Another process is writing"),
    ):
        write_records(plan, shard_images=2, made_by={})
    write_records(plan, shard_images=2, made_by={})


def test_further_crops_lie_beside_the_primary_where_there_is_a_box(tmp_path: Path, save) -> None:
    picture = np.zeros((32, 32, 3), np.uint8)
    picture[:16, :16], picture[16:, 16:] = 250, 120
    crops = {"fullbody": Box(0, 0, 16, 16), "backfin": Box(16, 16, 32, 32), "whole": None}
    path = save(tmp_path / "a.png", picture)
    photographs = [
        SourcePhotograph("a.png", path, "train", 0, 0, 0, crops, ""),
        SourcePhotograph("b.png", path, "train", 0, 0, 0, {"fullbody": None, "whole": None}, ""),
    ]
    pixels = CropFormat(16, 95, ("fullbody", "backfin", "whole"))
    plan = RecordsPlan(tmp_path / "records", "pod", photographs, pixels, ["whale"])
    write_records(plan, shard_images=9, made_by={})
    (shard,) = plan.folder.glob("*.tfrec")
    held = []
    for record in tf.data.TFRecordDataset(str(shard)).as_numpy_iterator():
        feature = tf.train.Example.FromString(record).features.feature
        images = {name: f for name, f in feature.items() if name.split("/")[0] == "image"}
        held.append(
            {name: decode(f.bytes_list.value[0]).mean() for name, f in sorted(images.items())}
        )
    whole = pytest.approx(92.5, abs=2)
    assert held[0] == {
        "image": pytest.approx(250, abs=2),
        "image/backfin": pytest.approx(120, abs=2),
        "image/whole": whole,
    }
    assert held[1] == {"image": whole, "image/whole": whole}
    assert read_manifest(plan.folder)["sources"] == ["fullbody", "backfin", "whole"]


def test_a_folder_whose_rewriting_broke_off_is_unfinished(make_plan) -> None:
    plan = make_plan(4)
    write_records(plan, shard_images=9, made_by={})
    (plan.folder / "pod-train-f0-s000-2.tfrec").unlink()
    # Since then the labels were corrected, which keeps the folder but changes the shards' bytes.
    relabelled = [replace(p, target=p.target + 1) for p in plan.photographs]
    plan.photographs[3].path.write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"3\.png"):
        write_records(replace(plan, photographs=relabelled), shard_images=9, made_by={})
    assert not is_complete(plan.folder)


def test_a_damaged_photograph_is_written_and_listed(make_plan) -> None:
    plan = make_plan(6)
    path = plan.photographs[3].path
    noise = np.random.default_rng(1).integers(0, 255, (64, 64, 3), np.uint8)
    whole = cv2.imencode(".jpg", noise)[1].tobytes()
    path.write_bytes(whole[: len(whole) // 2] + b"\xff\xd9")
    write_records(plan, shard_images=2, made_by={})
    rows = read_text_table(plan.folder / "damaged.csv", ["image", "split", "reason"])
    assert list(rows["image"]) == ["3.png"]
    assert rows["reason"].iloc[0].startswith("Damaged: ")
    assert verify(plan.folder) == {"train": 6}
    assert not list(plan.folder.glob(".*"))


def test_a_photograph_that_is_changed_meanwhile_is_not_kept_as_what_it_was(
    make_plan, save, monkeypatch
) -> None:
    plan = replace(make_plan(6), hashes=ContentHashes(None))
    changed = plan.photographs[0].path
    before = changed.read_bytes()
    write_here = writer._write_here

    def late(*arguments) -> None:
        save(changed, np.zeros((20, 24, 3), np.uint8))
        write_here(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(writer, "_write_here", late)
        with pytest.raises(InputError, match=r"0\.png was changed while TFRecords were written"):
            write_records(plan, shard_images=2, made_by={}, skip_unreadable=True)
    assert not is_complete(plan.folder)
    left = hashes(plan.folder)
    assert len([name for name in left if name.endswith(".tfrec")]) == 3  # of four
    changed.write_bytes(before)
    write_records(plan, shard_images=2, made_by={})
    assert left.items() <= hashes(plan.folder).items()
    (first,) = [e for path in plan.folder.glob("*.tfrec") for e in examples(path)
                if e["image"] == "0.png"]  # fmt: skip
    assert first["picture"].mean() == pytest.approx(10, abs=2)
