from __future__ import annotations

import struct
import zlib

import cv2
import numpy as np
import pytest

from tf_happywhale.catalogue.boxes.box import Box, RelativeBox
from tf_happywhale.errors import InputError
from tf_happywhale.pictures.jpeg_region import encode_crop, read_crops, turn_upright
from tf_happywhale.pictures.pixels import crop, decode, encode_jpeg
from tf_happywhale.pictures.resizing import resize, resize_smoothly


def photograph(height: int = 303, width: int = 401) -> np.ndarray:
    rough = np.random.default_rng(2).integers(0, 256, (12, 16, 3), dtype=np.uint8)
    return cv2.resize(rough, (width, height), interpolation=cv2.INTER_CUBIC)


def oriented(jpeg: bytes, orientation: int) -> bytes:
    entry = struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0)
    exif = b"Exif\0\0II*\0" + struct.pack("<IH", 8, 1) + entry + struct.pack("<I", 0)
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + jpeg[2:]


def saved(picture: np.ndarray, *options: int) -> bytes:
    stored = picture[..., ::-1] if picture.ndim == 3 else picture
    return cv2.imencode(".jpg", stored, [cv2.IMWRITE_JPEG_QUALITY, 92, *options])[1].tobytes()


def difference(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one.astype(int) - other).mean())


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(
    "box", [Box(17, 33, 217, 240), Box(0, 0, 41, 90), Box(60, 20, 300, 300), Box(-9, -9, 51, 50)]
)
def test_a_region_has_the_pixels_of_the_whole_picture(orientation: int, box: Box) -> None:
    jpeg = oriented(saved(photograph()), orientation)
    (region,) = read_crops(jpeg, [box], 150)
    whole = resize(crop(decode(jpeg), box), 150).astype(int)
    # Turned after it was resized, a value may round the other way.
    assert np.abs(region - whole).max() <= (orientation >= 5)


@pytest.mark.parametrize("box", [None, Box(900, 0, 990, 50), Box(-90, 0, 0, 50)])
def test_without_a_box_in_the_picture_it_is_used_whole(box: Box | None) -> None:
    jpeg = saved(photograph())
    (region,) = read_crops(jpeg, [box], 200)
    assert np.array_equal(region, resize(decode(jpeg), 200))


@pytest.mark.parametrize("size", [150, 90, 60, 33, 16])
@pytest.mark.parametrize("orientation", [1, 6])
def test_a_reduced_decode_is_close_to_the_full_one(size: int, orientation: int) -> None:
    jpeg = oriented(saved(photograph(603, 801)), orientation)
    box = Box(101, 33, 555, 531)
    (region,) = read_crops(jpeg, [box], size)
    whole = crop(decode(jpeg), box)
    assert difference(region, cv2.resize(whole, (size, size), interpolation=cv2.INTER_AREA)) < 2


@pytest.mark.parametrize("ending", [".jpg", ".png"])
def test_smooth_crops_are_squashed_out_of_the_whole_picture(ending: str) -> None:
    picture = photograph(606, 802)
    encoded = cv2.imencode(ending, picture)[1].tobytes()
    boxes = [None, Box(101, 50, 700, 603)]
    whole = decode(encoded)
    expected = [resize_smoothly(whole, 64), resize_smoothly(whole[50:603, 101:700], 64)]
    found = read_crops(encoded, boxes, 64, smooth=True)
    assert np.array_equal(found, expected)
    assert not np.array_equal(read_crops(encoded, boxes, 64), expected)


def test_several_crops_of_one_picture_are_each_their_own() -> None:
    jpeg = saved(photograph())
    boxes = [Box(10, 10, 210, 180), Box(150, 120, 390, 290), None]
    each = [read_crops(jpeg, [box], 140)[0] for box in boxes]
    together = read_crops(jpeg, boxes, 140)
    for one, other in zip(each[:2], together[:2], strict=True):
        assert np.array_equal(one, other)
    assert difference(each[2], together[2]) < 2  # alone it is decoded at half the size


def test_a_box_in_shares_is_of_the_upright_picture() -> None:
    jpeg = oriented(saved(photograph(300, 400)), 6)  # upright 300 wide, 400 high
    (shares,) = read_crops(jpeg, [RelativeBox(0.1, 0.25, 0.7, 0.75)], 120)
    (pixels,) = read_crops(jpeg, [Box(30, 100, 210, 300)], 120)
    assert np.array_equal(shares, pixels)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_box_of_stored_pixels_is_cut_before_the_picture_is_turned(orientation: int) -> None:
    plain = saved(photograph())
    box = Box(40, 30, 240, 190)
    (region,) = read_crops(oriented(plain, orientation), [box], 150, boxes_upright=False)
    stored = crop(decode(plain), box)
    upright = resize(turn_upright(stored, orientation), 150)
    assert difference(region, upright) < 0.6


@pytest.mark.parametrize("orientation", [1, 6, 7])
@pytest.mark.parametrize("ending", [".jpg", ".png"])
def test_a_box_of_stored_pixels_is_so_in_a_grey_or_png_picture_too(
    ending: str, orientation: int
) -> None:
    picture = np.zeros((200, 400), np.uint8)
    picture[20:60, 300:380] = 255
    picture[20:40, 300:320] = 128  # one corner is told from the others
    if ending == ".jpg":
        encoded = oriented(saved(picture), orientation)
    else:
        encoded = oriented_png(cv2.imencode(".png", picture)[1].tobytes(), orientation)
    (region,) = read_crops(encoded, [Box(300, 20, 380, 60)], 40, boxes_upright=False)
    whole = resize(np.repeat(picture[20:60, 300:380, None], 3, axis=2), 40)
    assert difference(region, turn_upright(whole, orientation)) < 2


def oriented_png(png: bytes, orientation: int) -> bytes:
    entry = struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0)
    exif = b"eXIfII*\0" + struct.pack("<IH", 8, 1) + entry + struct.pack("<I", 0)
    chunk = struct.pack(">I", len(exif) - 4) + exif + struct.pack(">I", zlib.crc32(exif))
    return png[:33] + chunk + png[33:]  # after the header


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turning_upright_is_what_opencv_does(orientation: int) -> None:
    plain = saved(photograph(48, 80))
    turned = turn_upright(decode(plain), orientation)
    assert np.array_equal(turned, decode(oriented(plain, orientation)))


def test_other_pictures_than_colour_jpegs_are_read_too() -> None:
    picture, box = photograph(), Box(30, 30, 130, 130)
    png = cv2.imencode(".png", picture[..., ::-1])[1].tobytes()
    assert np.array_equal(read_crops(png, [box], 100)[0], picture[30:130, 30:130])
    grey = saved(picture[..., 0])
    (region,) = read_crops(grey, [box], 100)
    assert region.shape == (100, 100, 3)
    assert difference(region, picture[30:130, 30:130, :1]) < 3
    webp = cv2.imencode(".webp", picture[..., ::-1], [cv2.IMWRITE_WEBP_QUALITY, 100])[1].tobytes()
    assert difference(read_crops(webp, [box], 100)[0], picture[30:130, 30:130]) < 6


@pytest.mark.parametrize("progressive", [0, 1])
def test_a_cut_off_jpeg_is_refused_wherever_the_box_is(progressive: int) -> None:
    jpeg = saved(photograph(), cv2.IMWRITE_JPEG_PROGRESSIVE, progressive)
    for box in (None, Box(0, 0, 30, 30)):
        with pytest.raises(InputError, match=r"a\.jpg is cut off"):
            read_crops(jpeg[: len(jpeg) // 2], [box], 32, "a.jpg")


def test_a_damaged_jpeg_is_refused_or_read_but_nothing_crashes() -> None:
    jpeg = bytearray(saved(photograph()))
    start = jpeg.rindex(b"\xff\xda")
    rng = np.random.default_rng(1)
    for _ in range(20):
        damaged = jpeg.copy()
        damaged[start + 20 : start + 60] = rng.bytes(40)
        try:
            (region,) = read_crops(bytes(damaged), [Box(5, 5, 60, 60)], 32, "a.jpg")
            assert region.shape == (32, 32, 3)
        except InputError as error:
            assert "a.jpg" in str(error)


def test_a_picture_one_pixel_wide_is_squashed_like_any_other() -> None:
    for picture in (photograph(300, 1), photograph(1, 300)):
        (region,) = read_crops(saved(picture), [None], 16)
        assert region.shape == (16, 16, 3)


def test_a_stored_crop_keeps_the_colour_of_every_pixel_and_its_bytes_repeat() -> None:
    picture = photograph(64, 64)
    jpeg = encode_crop(picture, 95)
    assert jpeg == encode_crop(picture, 95)
    assert difference(decode(jpeg), picture) < 2
    start = next(n for n in range(len(jpeg)) if jpeg[n : n + 2] in (b"\xff\xc0", b"\xff\xc2"))
    assert list(jpeg[start + 10 : start + 19][1::3]) == [0x11, 0x11, 0x11]  # 4:4:4
    same_quality = encode_jpeg(picture, 95)
    assert abs(len(jpeg) - len(same_quality)) < 0.05 * len(same_quality)
