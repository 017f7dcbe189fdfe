"""Attacks by what a file holds."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from tests.server.hostile import pictures
from tests.server.hostile.attack import Try, attack, left_out, refused
from tests.server.hostile.child import Child
from tests.server.hostile.pictures import SIDE, photograph
from tests.server.hostile.wire import KIND, form

LARGE = 3  # pictures
ALLOWED_PIXELS = (13_000, 13_000)  # just under the limit: it may be kept, and has to be served


@attack
def bombs(child: Child) -> Iterator[Try]:
    """Small files that are large when they are unpacked."""
    tiff = pictures.tiff(SIDE, SIDE)
    files = {
        "PNG 60000x60000": pictures.png(SIDE, SIDE),
        "PNG 60000x60000 without its rows": pictures.png(SIDE, SIDE, rows=1),
        "PNG with a comment of 500 MB": pictures.png_of_text(500),
        "PNG 2147483647x2147483647": pictures.png(2**31 - 1, 2**31 - 1, rows=0),
        "TIFF 60000x60000": tiff,
        "a gzip of it": pictures.gzipped(tiff),
        "a ZIP": pictures.zipped(photograph(3)),
        "JPEG that says 65500x65500": pictures.jpeg_of_size(65_500, 65_500),
        "GIF 65535x65535": pictures.gif(65_535, 65_535),
    }
    for what, content in files.items():
        yield left_out(what, child.upload(("bomb.jpg", content)))


@attack
def large_pictures(child: Child) -> Iterator[Try]:
    """As many pixels as are allowed, from several at once, and looked at from several at once."""
    content = pictures.png(*ALLOWED_PIXELS)
    with ThreadPoolExecutor(LARGE) as several:
        answers = list(
            several.map(lambda n: child.upload((f"large{n}.png", content)), range(LARGE))
        )
    for answer in answers:
        yield Try("169 million pixels", answer.status in (200, 413, 422, 503), str(answer))
    names = [name for name in child.kept() if name.startswith("large")]
    paths = [
        f"/v1/trips/{child.trip}/pictures/{name}?size={300 + n}" for n in range(3) for name in names
    ]
    with ThreadPoolExecutor(6) as several:
        answers = list(several.map(lambda path: child.ask("GET", path, wait=300), paths))
    for path, answer in zip(paths, answers, strict=True):
        yield Try(path, answer.status in (200, 413, 422, 503), str(answer)[:60])
    with ThreadPoolExecutor(4) as several:
        answers = list(
            several.map(lambda _: child.upload(("a.png", content), to="/match"), range(4))
        )
    for answer in answers:  # there is no gallery
        yield refused("/match of 169 million pixels", answer, 413, 422, 503)


@attack
def other_files(child: Child) -> Iterator[Try]:
    """Files that are no photographs, under the name of one."""
    good = photograph(4)
    files = {
        "SVG": pictures.SVG, "HTML": pictures.HTML, "HTML behind JPEG's first bytes":
        b"\xff\xd8\xff\xe0" + pictures.HTML, "EPS": pictures.EPS, "nothing": b"",
        "a JPEG cut off": good[: len(good) // 2], "JPEG's first bytes": good[:3],
        "a PNG cut off": photograph(4, ending=".png")[:900], "zeros": bytes(5000),
        "a PDF": b"%PDF-1.4\n1 0 obj <<>> endobj\n", "a program": b"\x7fELF" + bytes(500),
        "SQLite": b"SQLite format 3\0" + bytes(500), "pickle": b"\x80\x04cos\nsystem\n.",
        "AVIF without content": b"\0\0\0\x1cftypavif" + bytes(60),
        "HEIC without content": b"\0\0\0\x1cftypheic" + bytes(60),
        "WebP cut off": b"RIFF\xff\xff\xff\x7fWEBPVP8X" + bytes(20),
        "TIFF that points to itself": b"II*\0\x08\0\0\0\x01\0\0\x01\4\0\1" + b"\0\0\0\x08" * 4,
        "1 x 1 pixels": photograph(4, 1, 1, ".png"),
    }  # fmt: skip
    for what, content in files.items():
        yield left_out(what, child.upload(("picture.jpg", content)))
    both = child.upload(("page.svg", photograph(6) + pictures.HTML), ("x.html", photograph(7)))
    for name in both.json()["kept"] if both.status == 200 else ():
        answer = child.ask("GET", f"/v1/trips/{child.trip}/pictures/{name}?size=64")
        kind = answer.headers.get("content-type", "")
        safe = kind == "image/jpeg" and answer.headers.get("x-content-type-options") == "nosniff"
        yield Try(f"{name}: a JPEG with HTML behind it is a picture only", safe, kind)


@attack
def tables(child: Child) -> Iterator[Try]:
    """Tables that are none, or are large when they are unpacked."""
    wide = ",".join(f"c{n}" for n in range(200_000)).encode()
    files = {
        "an Excel file of 800 MB": pictures.bomb_xlsx(800),
        "an Excel file of 10^7 cells": pictures.crowded_xlsx(1000),
        "an Excel file that laughs": pictures.laughing_xlsx(),
        "a picture": photograph(8), "zeros": bytes(10**6), "nothing": b"", "HTML": pictures.HTML,
        "a header of 200,000 columns": wide + b"\n", "one quote that never ends": b'a,b\n"' * 9,
        "a line of 15 MB": b"image,individual_id\n" + b"x" * 15_000_000,
        "a ZIP": pictures.zipped(b"image,individual_id\n"),
    }  # fmt: skip
    for what, content in files.items():
        body = form(("table.csv", content), name="table")
        answer = child.ask("POST", "/v1/catalogue/table", body, {"Content-Type": KIND}, 60)
        fine = answer.status == 200 and len(answer.body) < 10**6  # it may be a table after all
        yield Try(what, fine, str(answer)) if fine else refused(what, answer)
