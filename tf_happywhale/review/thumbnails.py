"""Small pictures for the report, each drawn once, named by a hash of the image's name."""

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
    """File name for the thumbnail of an image; `kind` keeps query and reference folders apart."""
    return (
        hashlib.sha256(f"{kind}\0{image}".encode(errors="surrogatepass")).hexdigest()[:20] + ".jpg"
    )


def encode_thumbnail(picture: np.ndarray, longest: int) -> bytes:
    """JPEG bytes of `picture` (uint8 RGB [h, w, 3]), its longer side at most `longest` pixels.

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
        [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY, cv2.IMWRITE_JPEG_OPTIMIZE, 1],
    )
    if not done:
        raise InputError("A picture could not be written as JPEG.")
    return data.tobytes()


def data_uri(path: Path) -> str:
    """The JPEG or PNG file `path` as a `data:` URI."""
    kind = "png" if path.suffix == ".png" else "jpeg"
    return f"data:image/{kind};base64," + base64.b64encode(path.read_bytes()).decode("ascii")


class Thumbnails:
    """A folder of thumbnails that draws each picture at most once and remembers what failed."""

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
    ) -> None:
        """Draw `read(image)` of each, by a thread a core; `longest` in place of the folder's."""

        def draw(image: str) -> None:
            name = thumbnail_name(kind, image)
            try:
                data = encode_thumbnail(read(image), longest or self.longest)
            except InputError as error:
                self.reasons[name] = str(error) or "The picture cannot be read."
            else:
                (self.folder / name).write_bytes(data)
                self.reasons[name] = ""

        with ThreadPoolExecutor(usable_cores()) as workers:
            for _ in workers.map(draw, images):
                pass

    def drawn(self, kind: str, image: str) -> tuple[str, str]:
        """Thumbnail of an image: (file name, "") or ("", why there is no picture)."""
        name = thumbnail_name(kind, image)
        reason = self.reasons[name]
        return ("", reason) if reason else (name, "")
