"""Small pictures for the report; a hash of the image's name is the file name."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np

from tf_happywhale.cores import usable_cores
from tf_happywhale.errors import InputError

JPEG_QUALITY = 85


def thumbnail_name(kind: str, image: str) -> str:
    """Return the file name of a thumbnail; `kind` separates queries from reference images."""
    return (
        hashlib.sha256(f"{kind}\0{image}".encode(errors="surrogatepass")).hexdigest()[:20] + ".jpg"
    )


def encode_thumbnail(picture: np.ndarray, longest: int, quality: int = JPEG_QUALITY) -> bytes:
    """Return a picture (uint8 RGB [h, w, 3]) as JPEG, its longer side at most `longest` pixels.

    Raises:
        InputError: the picture is empty or of another shape or dtype.
    """
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3 or not picture.size:
        raise InputError(
            f"A picture must be uint8 [h, w, 3], but this is {picture.dtype} {picture.shape}."
        )
    height, width = picture.shape[:2]
    shrink = min(1.0, longest / max(height, width))
    size = max(1, round(width * shrink)), max(1, round(height * shrink))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA) if shrink < 1 else picture
    done, data = cv2.imencode(
        ".jpg",
        cv2.cvtColor(small, cv2.COLOR_RGB2BGR),
        [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_OPTIMIZE, 1],
    )
    if not done:
        raise InputError("A picture could not be written as JPEG.")
    return data.tobytes()


def data_uri(path: Path) -> str:
    """Return a JPEG or PNG file as a `data:` URI."""
    kind = "png" if path.suffix == ".png" else "jpeg"
    return f"data:image/{kind};base64," + base64.b64encode(path.read_bytes()).decode("ascii")


class Thumbnails:
    """A folder of thumbnails, and the reasons why some could not be drawn."""

    def __init__(self, folder: Path, longest: int) -> None:
        self.folder = folder
        self.longest = longest
        self.reasons: dict[str, str] = {}
        folder.mkdir(parents=True)

    def draw_all(
        self,
        kind: str,
        images: Sequence[str],
        read: Callable[[str], np.ndarray],
        longest: int | None = None,
        quality: int = JPEG_QUALITY,
    ) -> None:
        """Draw `read(image)` of each image, in one thread for each core.

        Args:
            kind: such as `query`.
            images: names.
            read: returns a picture, uint8 RGB [h, w, 3].
            longest: longer side of the thumbnails, if not the folder's, pixels.
            quality: of the JPEGs, 1 to 100.
        """

        def draw(image: str) -> None:
            name = thumbnail_name(kind, image)
            try:
                data = encode_thumbnail(read(image), longest or self.longest, quality)
            except InputError as error:
                self.reasons[name] = str(error) or "The picture cannot be read."
            else:
                (self.folder / name).write_bytes(data)
                self.reasons[name] = ""

        with ThreadPoolExecutor(usable_cores()) as workers:
            for _ in workers.map(draw, images):
                pass

    def drawn(self, kind: str, image: str) -> tuple[str, str]:
        """Return a thumbnail's file name and "", or "" and the reason why there is no picture."""
        name = thumbnail_name(kind, image)
        reason = self.reasons[name]
        return ("", reason) if reason else (name, "")
