"""Attacks by what lies in a folder that may be read."""

from __future__ import annotations

import os
from collections.abc import Iterator

from tests.server.hostile.attack import Try, attack, left_out
from tests.server.hostile.child import Child
from tests.server.hostile.pictures import SVG, photograph, png

FILES = 100_000


@attack
def odd_folder(child: Child) -> Iterator[Try]:
    """Links that lead out, pipes, devices, loops, and files that are no photographs."""
    folder = child.allowed / "odd"
    folder.mkdir()
    secret = child.outside / "secret.jpg"
    (folder / "link.jpg").symlink_to(secret)
    (folder / "relative.jpg").symlink_to("../../outside/secret.jpg")
    (folder / "out").symlink_to(child.outside, target_is_directory=True)
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    (folder / "self.jpg").symlink_to("self.jpg")
    (folder / "token.jpg").symlink_to(child.home / "token")
    (folder / "zero.jpg").symlink_to("/dev/zero")
    (folder / "bomb.png").write_bytes(png(60_000, 60_000, rows=1))
    (folder / "page.jpg").write_bytes(SVG)
    os.mkfifo(folder / "pipe.jpg")
    os.mknod(folder / "socket.jpg", 0o140644)
    (folder / "good.jpg").write_bytes(photograph(50))
    os.truncate(_made(folder / "hole.jpg"), 2**36)  # 64 GB that take no room
    child.remember()
    answer = child.json("POST", child.photographs, {"folder": str(folder)}, wait=60)
    good = answer.status == 200 and answer.json()["kept"] and len(answer.json()["left_out"]) >= 5
    yield Try("only the photograph is kept", bool(good), str(answer)[:2000])
    copied = [name for name in child.kept() if _same(child, name, secret)]
    yield Try("nothing from outside is copied", not copied, f"{copied}")
    inside = child.json("POST", child.photographs, {"folder": str(folder / "out")})
    yield left_out("a link to a folder outside", inside)


@attack
def many_in_a_folder(child: Child) -> Iterator[Try]:
    """A folder of 100,000 files."""
    folder = child.allowed / "many"
    folder.mkdir()
    for number in range(FILES):
        os.close(os.open(folder / f"{number}.jpg", os.O_CREAT))
    child.remember()
    answer = child.json("POST", child.photographs, {"folder": str(folder)}, wait=240)
    few = len(answer.body) < 30_000_000
    yield Try("all are left out, or it is refused", few and not _kept(answer), str(answer)[:200])
    listed = child.ask("GET", f"/v1/folders?path={child.allowed}", wait=60)
    yield Try("the folder is listed", listed.status == 200, str(listed)[:200])


def _made(path: os.PathLike) -> os.PathLike:
    os.close(os.open(path, os.O_CREAT))
    return path


def _kept(answer: object) -> bool:
    return answer.status == 200 and bool(answer.json()["kept"])  # type: ignore[attr-defined]


def _same(child: Child, name: str, other: os.PathLike) -> bool:
    path = child.home / "trips" / child.trip / "photographs" / name
    with open(path, "rb") as one, open(other, "rb") as two:
        return one.read(10**6) == two.read(10**6)
