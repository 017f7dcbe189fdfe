"""What must hold after a kill, and at the end."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator

from tests.server.killing.clients import Clients
from tests.server.killing.served import Served
from tf_happywhale.catalogue.catalogue_table import read_catalogue
from tf_happywhale.galleries.gallery_folder import open_gallery


def check_confirmed(served: Served, clients: Clients) -> Iterator[str]:
    """Yield what the server does not know of what it had confirmed."""
    decided, sent = dict(clients.decided), dict(clients.sent)
    there = f"/v1/trips/{clients.other}"
    rows = clients.until("GET", f"{there}/decisions")["decisions"]
    known = {row["n"]: (row["key"], (row["made"] or {}).get("id")) for row in rows}
    for n, one in decided.items():
        if known.get(n) != one:
            yield f"decision {n} was {one}, and is {known.get(n)}"
    names = {one["name"] for one in clients.until("GET", there)["photographs"]}
    for name in set(sent) - names:
        yield f"photograph {name} is gone"


def check_agreement(served: Served, clients: Clients) -> Iterator[str]:
    """Yield where catalogue, gallery and database differ after adding."""
    home = served.home
    table = read_catalogue(home / "catalogue" / "train.csv", folder=home / "catalogue/train_images")
    rows = dict(zip(table["image"], table["individual_id"], strict=True))
    gallery = open_gallery(home / "gallery")
    images = dict(zip(gallery.image.tolist(), gallery.individual_id.tolist(), strict=True))
    if images != rows:
        yield f"gallery and catalogue differ: {set(images.items()) ^ set(rows.items())}"
    files = sorted((home / "catalogue/train_images").rglob("*.jpg"))
    contents = Counter(hashlib.sha256(path.read_bytes()).hexdigest() for path in files)
    if len(files) != len({key.partition("#")[0] for key in rows}):
        yield f"{len(files)} pictures, but {len(rows)} rows"
    for name, who in clients.final.items():
        content = hashlib.sha256((clients.new / name).read_bytes()).hexdigest()
        if contents[content] != 1:
            yield f"{name} is {contents[content]} times in the catalogue"
        owners = [
            rows.get(path.name) for path in files
            if hashlib.sha256(path.read_bytes()).hexdigest() == content
        ]  # fmt: skip
        if owners != [who]:
            yield f"{name} was decided to be {who}, and is {owners}"
    line = [sys.executable, "-m", "tf_happywhale.gallery", "verify", str(home / "gallery")]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    if done.returncode:
        yield f"gallery verify: {done.stderr[-300:]}"


def check_files(served: Served, clients: Clients) -> Iterator[str]:
    """Yield what is wrong with the files that the server left."""
    home = served.home
    with sqlite3.connect(home / "app.sqlite") as db:
        said = db.execute("pragma integrity_check").fetchone()[0]
        if said != "ok":
            yield f"the database: {said}"
        unfinished = db.execute("select id, kind, state, error from jobs where state != 'done'")
        yield from (f"a job is not done: {row}" for row in unfinished)
    if left := os.listdir(home / "uploads"):
        yield f"unfinished uploads are left: {left}"
    folder = home / "trips" / clients.other / "photographs"
    for name, content in clients.sent.items():
        if hashlib.sha256((folder / name).read_bytes()).hexdigest() != content:
            yield f"photograph {name} is not whole"
