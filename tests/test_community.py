"""Community TFRecords trained on and embedded as they are."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tests.community_fixture import write_community, write_shard
from tests.conftest import QUICK
from tf_happywhale import embed, evaluate, rank, tfrecords, train
from tf_happywhale.catalogue.boxes.best_boxes import best_boxes
from tf_happywhale.catalogue.boxes.read_boxes import read_box_rows
from tf_happywhale.catalogue.dataset import load_data
from tf_happywhale.catalogue.photographs.photo_files import list_images
from tf_happywhale.config import Experiment, load_experiment
from tf_happywhale.errors import InputError
from tf_happywhale.pictures.pixels import crop, read_picture
from tf_happywhale.pictures.resizing import resize
from tf_happywhale.records.evaluation_reader import evaluation_batches
from tf_happywhale.records.labels import report_differing
from tf_happywhale.records.manifest import verify
from tf_happywhale.records.pipeline import checked
from tf_happywhale.records.plan import plan_records
from tf_happywhale.retrieval.embeddings import load_embeddings


@pytest.fixture
def make(pod: Path, tmp_path: Path):
    folder = tmp_path / "community"
    write_community(pod, folder)

    def experiment(*overrides: str) -> Experiment:
        places = [f"data.tfrecords={folder}", f"output={tmp_path / 'out'}"]
        return load_experiment(None, [*QUICK, *places, *overrides])

    return experiment


def pictures(experiment: Experiment, split: str = "test") -> dict[str, np.ndarray]:
    data = load_data(experiment)
    images = data.test_images if split == "test" else data.images
    folder = plan_records(experiment, data).folder
    batches = evaluation_batches(folder, split, images, size=32, batch_size=8)
    return {
        name.decode(): picture
        for found, names, mask in batches.as_numpy_iterator()
        for picture, name in zip(found[mask], names[mask], strict=True)
    }


@pytest.mark.parametrize("source", ["fullbody", "detic", "whole"])
def test_pictures_are_the_photographs_in_their_boxes(make, pod: Path, source: str) -> None:
    found = pictures(make(f"records.source={source}"))
    images = list_images(pod / "test_images")
    boxes = best_boxes(read_box_rows(pod / "boxes.csv"), "backfin", images, pod)
    assert sorted(found) == images
    for image, picture in found.items():
        box = None if source == "whole" else boxes[image]
        truth = resize(crop(read_picture(pod / "test_images" / image), box), 32)
        assert np.abs(picture.astype(int) - truth).mean() < 8  # waves finer than a pixel


def test_a_detector_that_found_nothing_leaves_the_photograph_whole(make, pod: Path) -> None:
    found = pictures(make("records.source=yolov5"))
    whole = pictures(make("records.source=whole"))
    same = {image for image in found if np.array_equal(found[image], whole[image])}
    assert same == {image for image in found if sum(image.encode()) % 4 == 0}


@pytest.mark.usefixtures("small_network_trained")
def test_they_are_trained_on_embedded_and_ranked_as_they_are(make, capsys) -> None:
    experiment = make()
    train.main(experiment)
    embed.main(experiment)
    rank.main(experiment)
    evaluate.main(experiment)
    output = Path(experiment.output)
    assert (output / "quick" / "fold0" / "model.keras").is_file()
    metrics = json.loads((output / "metrics.json").read_text())
    data = load_data(experiment)
    assert 0 <= metrics["fold0"]["map5_known"] <= 1
    embedded = load_embeddings(output / "quick" / "fold0" / "embeddings" / "train.npz")
    assert sorted(embedded.image) == sorted(data.images)
    asked = (output / "submission.csv").read_text().splitlines()[1:]
    assert len(asked) == len(data.test_images)
    capsys.readouterr()
    tfrecords.main("write", experiment)
    assert "up to date" in capsys.readouterr().out
    tfrecords.main("verify", experiment)
    assert f"{len(data.images)} train" in capsys.readouterr().out
    shard = data.shards[0].path
    whole = shard.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1  # a pixel, of which only the checksum tells
    for damaged in (flipped, whole[:-9]):
        shard.write_bytes(damaged)
        with pytest.raises(InputError, match=f"{shard.name} is damaged: download it again"):
            verify(plan_records(make(), data).folder)


@pytest.mark.parametrize("kind", ["GZIP", "ZLIB"])
def test_compressed_records_give_the_same_pictures(make, kind: str) -> None:
    experiment = make()
    plain = pictures(experiment)
    for shard in load_data(experiment).shards[::2]:  # some of them
        records = [r.numpy() for r in tf.data.TFRecordDataset(str(shard.path))]
        with tf.io.TFRecordWriter(str(shard.path), kind) as writer:
            for record in records:
                writer.write(record)
    found = pictures(experiment)
    assert found.keys() == plain.keys()
    assert all(np.array_equal(found[image], plain[image]) for image in plain)
    verify(plan_records(experiment, load_data(experiment)).folder)


def test_an_unreadable_photograph_is_named_with_where_it_lies(make, tmp_path: Path) -> None:
    experiment = make()
    data = load_data(experiment)
    shard = data.shards[0]
    records = [r.numpy() for r in tf.data.TFRecordDataset(str(shard.path))]
    broken = tf.train.Example.FromString(records[1])
    broken.features.feature["image"].bytes_list.value[0] = b"no picture"
    name = broken.features.feature["image_name"].bytes_list.value[0].decode()
    write_shard(shard.path, [records[0], broken.SerializeToString(), *records[2:]])
    folder = plan_records(experiment, data).folder
    batches = evaluation_batches(folder, shard.split, data.images, size=32, batch_size=8)
    with pytest.raises(InputError) as refused:
        list(checked(batches, folder))
    assert str(refused.value) == (
        f"{name} cannot be read as a picture: replace it or take it out (of the TFRecords in "
        f"{shard.path.parent})."
    )
    content = bytearray(shard.path.read_bytes())
    content[len(content) // 2] ^= 1
    shard.path.write_bytes(content)
    with pytest.raises(InputError, match=f"in {shard.path.parent} are damaged: download"):
        list(checked(evaluation_batches(folder, "train", [], size=32, batch_size=8), folder))


def test_a_label_that_differs_from_the_catalogue_is_reported(make, tmp_path, capsys) -> None:
    image = load_data(make()).images[0]
    root = tmp_path / "data"
    root.mkdir()
    (root / "train.csv").write_text(f"image,species,individual_id\n{image},orca,00corrected\n")
    experiment = make(f"data.root={root}")
    data = load_data(experiment)
    report_differing(plan_records(experiment, data).folder, data.individual_of)
    said = capsys.readouterr().out
    assert "labels: 1 images are other individuals in the catalogue" in said
    assert f"{image} is 00corrected" in said
