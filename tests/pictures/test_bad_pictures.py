"""Everything that can be wrong with a photograph or its box, all in one folder."""

from __future__ import annotations

import base64
import struct
from pathlib import Path

import cv2
import numpy as np
import pytest
import tensorflow as tf

from tests.pictures.test_pixels import CMYK
from tf_happywhale import tfrecords
from tf_happywhale.catalogue.dataset import load_data
from tf_happywhale.catalogue.tables.table import read_text_table
from tf_happywhale.config import Experiment, load_experiment
from tf_happywhale.errors import InputError
from tf_happywhale.pictures.pixels import decode
from tf_happywhale.records.manifest import verify
from tf_happywhale.records.plan import plan_records

SIDE = 64
TINY_GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


def picture(level: int, height: int = 80, width: int = 120) -> np.ndarray:
    """BGR of one level, but for a box from (10, 10) to (50, 50) of another and a white corner."""
    made = np.full((height, width, 3), level, np.uint8)
    made[10:50, 10:50] = 255 - level
    made[: height // 8, -width // 8 :] = 255
    return made


def jpeg(level: int, *options: int) -> bytes:
    return cv2.imencode(".jpg", picture(level), [cv2.IMWRITE_JPEG_QUALITY, 95, *options])[
        1
    ].tobytes()


def oriented(encoded: bytes, orientation: int) -> bytes:
    entry = struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0)
    exif = b"Exif\0\0II*\0" + struct.pack("<IH", 8, 1) + entry + struct.pack("<I", 0)
    return encoded[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + encoded[2:]


BOX = (10, 10, 50, 50)
# name: content, box, and the level that fills the crop; None where it must be listed
CASES: dict[str, tuple[bytes, tuple, int | None]] = {
    "good.jpg": (jpeg(40), BOX, 215),
    "truncated.jpg": (jpeg(44)[:-400], BOX, None),
    "truncated_progressive.jpg": (jpeg(46, cv2.IMWRITE_JPEG_PROGRESSIVE, 1)[:-200], BOX, None),
    "zero_bytes.jpg": (b"", BOX, None),
    "html.jpg": (b"<html>404</html>", BOX, None),
    "gif.jpg": (TINY_GIF[:20], BOX, None),
    "png.jpg": (cv2.imencode(".png", picture(48))[1].tobytes(), BOX, 207),
    "png_cut.jpg": (cv2.imencode(".png", picture(48))[1].tobytes()[:150], BOX, None),
    "webp.jpg": (
        cv2.imencode(".webp", picture(52), [cv2.IMWRITE_WEBP_QUALITY, 101])[1].tobytes(), BOX, 203,
    ),
    "cmyk.jpg": (CMYK, (0, 0, 8, 8), 93),  # the mean of its (200, 60, 20)
    "sixteen_bits.png": (
        cv2.imencode(".png", picture(56).astype(np.uint16) * 257)[1].tobytes(), BOX, 199,
    ),
    "grey.jpg": (cv2.imencode(".jpg", picture(60)[..., 0])[1].tobytes(), BOX, 195),
    # Stored lying down: upright the box is at the other side.
    "exif_3.jpg": (oriented(jpeg(64), 3), (70, 30, 110, 70), 191),
    "exif_6.jpg": (oriented(jpeg(68), 6), (30, 10, 70, 50), 187),
    "one_pixel_wide.jpg": (
        cv2.imencode(".jpg", np.full((90, 1, 3), 72, np.uint8))[1].tobytes(), (0, 0, 1, 90), 72,
    ),
    "box_outside.jpg": (jpeg(76), (500, 500, 600, 600), -76),
    "box_nan.jpg": (jpeg(84), ("nan", "nan", "nan", "nan"), -84),
    "box_empty.jpg": (jpeg(88), ("", "", "", ""), -88),
    "box_beyond.jpg": (jpeg(92), (-900, -900, 9e9, 9e9), -92),
}  # fmt: skip


@pytest.fixture
def experiment(tmp_path: Path):
    root = tmp_path / "data"
    (root / "train_images").mkdir(parents=True)
    (root / "test_images").mkdir()
    rows, boxes = (
        ["image,species,individual_id"],
        ["image,source,xmin,ymin,xmax,ymax,confidence,origin"],
    )
    for n, (name, (content, box, _)) in enumerate(CASES.items()):
        (root / "train_images" / name).write_bytes(content)
        rows.append(f"{name},orca,{n % 4}")
        boxes.append(f"{name},fullbody,{','.join(map(str, box))},1,x")
    (root / "train.csv").write_text("\n".join([*rows, ""]))
    (root / "boxes.csv").write_text("\n".join([*boxes, ""]))

    def make(*overrides: str) -> Experiment:
        places = [f"data.root={root}", f"output={tmp_path / 'out'}", f"image_size={SIDE}"]
        return load_experiment(None, [*places, "data.folds=2", *overrides])

    return make


def folder_of(experiment: Experiment) -> Path:
    return plan_records(experiment, load_data(experiment)).folder


def test_each_is_decoded_rightly_or_listed_with_a_reason(experiment) -> None:
    chosen = experiment("records.skip_unreadable=true")
    tfrecords.main("write", chosen)
    folder = folder_of(chosen)
    wrong = {name for name, (_, _, level) in CASES.items() if level is None}
    skipped = read_text_table(folder / "skipped.csv", ["image", "split", "reason"])
    assert set(skipped["image"]) == wrong
    for image, reason in zip(skipped["image"], skipped["reason"], strict=True):
        assert image in reason
        assert any(why in reason for why in ("cut off", "cannot be read", "is empty"))
    seen = {}
    for path in folder.glob("*.tfrec"):
        for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
            feature = tf.train.Example.FromString(record).features.feature
            name = feature["image_name"].bytes_list.value[0].decode()
            seen[name] = decode(feature["image"].bytes_list.value[0])
    assert set(seen) == set(CASES) - wrong
    for name, crop in seen.items():
        level = CASES[name][2]
        assert crop.shape == (SIDE, SIDE, 3)
        middle = crop[8:-8, 8:-8].mean()
        if level >= 0:
            assert middle == pytest.approx(level, abs=4), name
        else:  # used whole: its border has the picture's own level
            border = crop[40:-6, 34:-6].mean()
            assert border == pytest.approx(-level, abs=4), name
    assert verify(folder) == {"train": len(seen)}


def test_without_leave_the_command_fails_at_the_end_and_says_where_the_list_is(experiment) -> None:
    chosen = experiment()
    with pytest.raises(InputError, match=r"photographs cannot be read.*skipped\.csv lists them"):
        tfrecords.main("write", chosen)
    assert (folder_of(chosen) / "skipped.csv").is_file()
