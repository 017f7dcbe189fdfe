"""Attacks by the names of files, and by paths in addresses."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from tests.server.hostile.attack import Try, attack, left_out, refused
from tests.server.hostile.child import Child
from tests.server.hostile.pictures import photograph

NAMES = (
    "../../../outside/evil.jpg", "..\\..\\..\\outside\\evil.jpg", "/etc/evil.jpg",
    "//host/evil.jpg",
    "C:\\evil.jpg", "C:evil.jpg", "\\\\host\\share\\evil.jpg", "file:///etc/evil.jpg",
    "%2e%2e%2f%2e%2e%2fevil.jpg", "..%c0%afevil.jpg", "....//....//evil.jpg", "..;/evil.jpg",
    "a\0.jpg", "evil.jpg\0.txt", "․․/evil.jpg", "‥/evil.jpg", "．．／evil.jpg", "..∕evil.jpg",
    "‮gpj.evil", "e\u0301vil.jpg", "\u00e9vil.jpg", "\ufeffevil.jpg", "\u200bevil.jpg",
    "x" * 5000 + ".jpg",
    "ж" * 3000 + ".jpg", "train.csv", "boxes.csv", "app.sqlite", "token", ".tf_happywhale", ".lock",
    "decisions.csv", ".", "..", "", " ", "...", "~", "~root/evil.jpg", "-rf.jpg", "*.jpg", "?.jpg",
    "con.jpg", "NUL", "aux.jpg", "com1.jpg", "evil.jpg.", "evil.jpg ", "evil.jpg::$DATA",
    "$(id).jpg",
    "`id`.jpg", "a;id.jpg", "a|id.jpg", "<img src=x onerror=alert(1)>.jpg",
    "=cmd|' /C calc'!A0.jpg",
    "{}.jpg", "%s%n.jpg", "a\tb.jpg", "a\x1b[31m.jpg", "a\x7f.jpg", "photographs/../../../token",
    ".evil.jpg", "a.b.c/../d.jpg", "é/ü/ñ.jpg", "\U0001f40b.jpg", "a#2.jpg", "a?size=1.jpg",
    "a&b.jpg",
    ".first.jpg.1-host.partial.jpg", "first.jpg", "FIRST.JPG",
)  # fmt: skip
PATHS = (
    "/v1/trips/{up}token", "/v1/trips/{trip}/pictures/{up}{up}{up}token", "/static/{up}home.py",
    "/static/{up}{up}__init__.py", "/v1/trips/{trip}/pictures/{up}boxes.csv",
    "/v1/trips/{trip}/pictures/{root}", "/static/{root}", "/v1/exports/{up}token",
    "/v1/exports/{root}", "/review/{trip}/{up}{up}{up}{up}token", "/review/{trip}/{root}",
    "/review/{up}{up}token", "/v1/trips/{trip}/boxes/{up}{up}{up}token", "/curation/{up}{up}token",
    "/v1/gallery/pictures?image={up}{up}token", "/v1/gallery/pictures?image={root}",
    "/v1/gallery/individuals/{up}{up}token", "/v1/trips/{trip}/pictures/first.jpg%00.txt",
    "/v1/jobs/{up}{up}token", "/v1/trips/t1%00", "/v1/trips/{long}", "/v1/trips/%ff%fe",
)  # fmt: skip
UPS = ("../", "..%2f", "%2e%2e/", "%2e%2e%2f", "..%5c", "..%252f", "..%c0%af", "....//")
FOLDERS = ("/etc", "/", "/proc/self", "..", "../..", "~", "~root", "/srv/../etc", "\0", "x" * 9000,
           "\\\\host\\share", "//host/share", "file:///etc", "C:\\", "$HOME",
           "home/../outside")  # fmt: skip


@attack
def file_names(child: Child) -> Iterator[Try]:
    """Names that lead elsewhere, or are those of the server's own files."""
    for number, name in enumerate(NAMES):
        answer = child.upload((name.encode(), photograph(1000 + number)))
        good = answer.status in (200, 413, 422) and (answer.status == 200 or answer.is_sentence)
        yield Try(f"{name[:40]!r}", good, str(answer))
    for name in sorted(child.kept()):
        path = child.home / "trips" / child.trip / "photographs" / name
        safe = path.parent.name == "photographs" and not name.startswith(".") and path.is_file()
        safe &= len(name.encode()) < 200 and not path.is_symlink()
        answer = child.ask("GET", f"/v1/trips/{child.trip}/pictures/{quote(name)}?size=64")
        yield Try(f"kept as {name[:60]!r}", safe and answer.status == 200, str(answer)[:60])


@attack
def paths(child: Child) -> Iterator[Try]:
    """Addresses that lead out of a folder."""
    for path in PATHS:
        for up in UPS:
            asked = path.format(up=up, trip=child.trip, root=quote("/etc/passwd"), long="t" * 5000)
            answer = child.ask("GET", asked)
            secret = child.token.encode() in answer.body or b"root:" in answer.body
            good = answer.status in (400, 404, 405, 409, 414, 422) or answer.broken
            good |= answer.status == 200 and "/individuals" in asked
            yield Try(f"{asked[:80]}", good and not secret, str(answer))
            if "{up}" not in path:
                break


@attack
def folder_names(child: Child) -> Iterator[Try]:
    """Folders from which nothing may be read."""
    for name in (*FOLDERS, str(child.outside), f"{child.allowed}/../outside", str(child.sandbox)):
        sent = child.json("POST", child.photographs, {"folder": name})
        yield left_out(f"photographs of {name[:40]!r}", sent)
        yield refused(f"list {name[:40]!r}", child.ask("GET", f"/v1/folders?path={quote(name)}"))
        chosen = child.json("POST", "/v1/catalogue/choose", {"folder": name})
        yield refused(f"choose {name[:40]!r}", chosen)
