"""Ask a tf_happywhale server who is in photographs. One file, which needs Python alone: copy it.

    python client.py http://127.0.0.1:8765 TOKEN IMG_1.jpg IMG_2.jpg

TOKEN is in the file `token` of the server's home folder. All photographs show one animal.
"""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import Sequence
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen


class Refused(Exception):
    """The server's sentence on why there is no answer.

    Attributes:
        status: 401 the token is wrong, 422 a photograph is, 503 try again later; 0: nobody answers.
    """

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


def match(address: str, token: str, photographs: Sequence[str | Path], wait: float = 60) -> list:
    """Return candidates, each with rank (from 1), id, rating (the probability that it is right) and
    details (a sentence).

    Args:
        address: of the server, such as `http://127.0.0.1:8765`.
        token: the server's.
        photographs: files, all of one animal.
        wait: seconds.

    Raises:
        Refused: there is no answer.
    """
    return _send(f"{address.rstrip('/')}/match", token, photographs, wait)["matches"]


def embed(address: str, token: str, photographs: Sequence[str | Path], wait: float = 60) -> dict:
    """Return `model`, and for each photograph `image`, `box_number` and `embedding` (floats). Only
    embeddings of one model can be compared. Args, raises: see `match`."""
    return _send(f"{address.rstrip('/')}/v1/embed", token, photographs, wait)


def _send(address: str, token: str, photographs: Sequence[str | Path], wait: float) -> dict:
    boundary, body = uuid.uuid4().hex, b""
    for file in map(Path, photographs):
        name = "".join(c if c.isascii() and c not in '"\\\r\n' else "_" for c in file.name)
        head = f'Content-Disposition: form-data; name="images"; filename="{name}"'
        body += f"--{boundary}\r\n{head}\r\n\r\n".encode() + file.read_bytes() + b"\r\n"
    body += f"--{boundary}--\r\n".encode()
    kind = f"multipart/form-data; boundary={boundary}"
    headers = {"Authorization": f"Bearer {token}", "Content-Type": kind}
    try:
        with urlopen(Request(address, body, headers), timeout=wait) as answer:
            return json.load(answer)
    except HTTPError as error:
        raise Refused(error.code, json.load(error)["detail"]) from None
    except (URLError, TimeoutError) as error:
        raise Refused(0, f"{address} does not answer: {error}") from None


if __name__ == "__main__":
    try:
        for one in match(sys.argv[1], sys.argv[2], sys.argv[3:]):
            print(f"{one['rank']:2}. {one['id']}  {one['rating']:.0%}  {one['details']}")
    except Refused as refused:
        sys.exit(str(refused))
