"""Whether a file that somebody sent is a photograph that can be read: by its content, not its
name."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

from tf_happywhale.catalogue.photographs.heic_file import is_heic
from tf_happywhale.errors import InputError
from tf_happywhale.pictures.heic import heic_size
from tf_happywhale.pictures.jpeg_header import is_cut_off, read_jpeg_header
from tf_happywhale.pictures.unreadable import unreadable

MOST_PIXELS = 170_000_000  # more than most cameras; a file of few bytes can have far more
LEAST_SIDE = 8
ORIENTATION = 0x0112  # of EXIF; from 5 on the picture lies on its side
ENDINGS = {"JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp", "TIFF": ".tif", "BMP": ".bmp"}


@dataclass(frozen=True)
class Picture:
    """What a file holds: the size of the upright picture, and the ending for its format."""

    width: int
    height: int
    ending: str


def checked_picture(file: Path, name: str) -> Picture:
    """Return what a file holds. No pixel is decoded.

    Args:
        file: where it lies.
        name: for the error.

    Raises:
        InputError: it is no picture that is read, is cut off, or has too many pixels.
    """
    encoded = file.read_bytes()
    header = read_jpeg_header(encoded)
    if header:
        if is_cut_off(encoded):
            raise InputError(f"{name} is cut off: copy it again, or take it out.")
        return _of_size(*header.upright, ".jpg", name)
    if is_heic(encoded):
        return _of_size(*heic_size(encoded, name), ".heic", name)
    return _of_size(*_by_pillow(file, encoded, name), name)


def _of_size(width: int, height: int, ending: str, name: str) -> Picture:
    if width * height > MOST_PIXELS:
        raise InputError(
            f"{name} has {width * height:,} pixels, but at most {MOST_PIXELS:,} are taken: save it "
            "smaller."
        )
    if min(width, height) < LEAST_SIDE:
        raise InputError(f"{name} is {width} by {height} pixels: too small to show an animal.")
    return Picture(width, height, ending)


def _by_pillow(file: Path, encoded: bytes, name: str) -> tuple[int, int, str]:
    """Return width, height and ending of a picture that is neither JPEG nor HEIC."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its own limit of pixels is lower than ours
            with Image.open(file, formats=list(ENDINGS)) as picture:
                width, height = picture.size
                kind = picture.format or ""
                exif = picture.getexif() if kind == "TIFF" else Image.Exif()
                if kind != "TIFF":  # of a PNG `getexif` would decode all pixels
                    exif.load(picture.info.get("exif", b""))
                if exif.get(ORIENTATION, 1) >= 5:
                    width, height = height, width
                if kind == "PNG":
                    picture.verify()  # the sums of its chunks: a file that is cut off has not all
    except Image.DecompressionBombError:
        raise InputError(f"{name} has too many pixels: save it smaller.") from None
    except Exception:  # Pillow's readers raise many kinds of error at damage
        raise unreadable(encoded, name) from None
    return width, height, ENDINGS[kind]
