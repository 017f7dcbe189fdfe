"""What tests bring: small photographs, tables, and the requests for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from starlette.testclient import TestClient

TABLE = "image,species,individual_id\na.jpg,dolphin,09913\nb.jpg,dolphin,Old_Tom\n"


def jpeg(seed: int = 0, width: int = 60, height: int = 40) -> bytes:
    """A JPEG of noise, another one for each seed."""
    noise = np.random.default_rng(seed).integers(0, 255, (height, width, 3), dtype=np.uint8)
    return cv2.imencode(".jpg", noise)[1].tobytes()


def put_photographs(folder: Path, *names: str) -> Path:
    """A folder with photographs of these names."""
    for number, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(jpeg(number))
    return folder


def bring_table(client: TestClient, content: str | bytes, name: str = "whales.csv") -> Any:
    """The answer to a table."""
    raw = content.encode() if isinstance(content, str) else content
    return client.post("/v1/catalogue/table", files={"table": (name, raw)})


def bring_pictures(client: TestClient, **pictures: bytes) -> Any:
    """The answer to photographs, by name (`_jpg` becomes `.jpg`)."""
    files = [("images", (name.replace("_jpg", ".jpg"), raw)) for name, raw in pictures.items()]
    return client.post("/v1/catalogue/pictures", files=files)
