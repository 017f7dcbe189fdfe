"""Two processes that change a gallery and its catalogue at the same time, again and again.

    python -m tests.galleries.two_writers --rounds 200

A round is a new catalogue of four animals. It has one gallery, or two galleries, or none. Two
processes start together: each adds its own decided photographs, one of which the other adds too,
one at a time or all at once, and corrects the gallery in between. Afterwards no row, box, picture,
embedding or correction may be missing, and no id may have been given to two animals. The two also
fill one store of embeddings.
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np

from tf_happywhale.catalogue.catalogue_table import read_catalogue
from tf_happywhale.catalogue.tables.table import read_text_table
from tf_happywhale.config import Data
from tf_happywhale.errors import InputError
from tf_happywhale.galleries.adding import add_confirmed
from tf_happywhale.galleries.corrections import merge, rename
from tf_happywhale.galleries.embedding_cache import EmbeddingCache
from tf_happywhale.galleries.gallery_faults import damaged_files
from tf_happywhale.galleries.gallery_folder import beside, make_gallery, open_gallery
from tf_happywhale.retrieval.embeddings import Embeddings

ABOUT = {"model": "m1", "source": "fin", "view": "original", "preprocess": "squashed to 128"}
KNOWN = ["A", "B", "C", "D"]
KINDS = ("one gallery", "two galleries", "no gallery")
OWN = 4  # photographs of each writer, besides the one they share


def write_photograph(path: Path) -> str:
    """A file that holds its own name; its hash."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(path.name)
    return hashlib.sha256(path.name.encode()).hexdigest()


def embedded(paths: list[Path], ids: list[str], boxes: list[str], encounters: list[str]):
    """Photographs as `identify` keeps them."""
    contents = [write_photograph(path) for path in paths]
    vectors = np.stack([[1.0, int(content[:6], 16) / 2**24] for content in contents])
    columns = {
        "picture": [str(path) for path in paths],
        "content": contents,
        "box": boxes,
        "encounter": encounters,
        "species": ["orca"] * len(paths),
    }
    return Embeddings(
        vectors.astype(np.float32),
        np.array([path.name for path in paths]),
        np.array(ids),
        ABOUT,
        columns={name: np.array(column, np.str_) for name, column in columns.items()},
    )


def queries_of(home: Path, writer: int) -> Embeddings:
    """A writer's photographs; each of its own is an encounter of its own."""
    names = [f"{'pq'[writer]}{n}.jpg" for n in range(OWN)] + ["both.jpg"]
    paths = [home / f"trip{writer}" / name for name in names]
    boxes = [f"fin {n} 1 20 30" for n in range(len(names))]
    return embedded(paths, [""] * len(names), boxes, [name[:2] for name in names])


def set_out(home: Path, kind: str) -> list[Path]:
    """A catalogue and its galleries; what each of the writers adds to."""
    root = home / "catalogue"
    names = [f"{who}.jpg" for who in KNOWN]
    paths = [root / "train_images" / name for name in names]
    known = embedded(paths, KNOWN, ["fin 1 2 3 4"] * 4, [""] * 4)
    rows = [f"{name},orca,{who}" for name, who in zip(names, KNOWN, strict=True)]
    (root / "train.csv").write_text("\n".join(["image,species,individual_id", *rows]) + "\n")
    boxes = [f"{name},fin,1,2,3,4,,manual" for name in names]
    head = "image,source,xmin,ymin,xmax,ymax,confidence,origin"
    (root / "boxes.csv").write_text("\n".join([head, *boxes]) + "\n")
    if kind == "no gallery":
        return [root, root]
    folders = [home / "whales", home / "whales"]
    if kind == "two galleries":
        folders[1] = home / "other"
    for folder in sorted(set(folders)):
        columns = known.columns | {"picture": np.array(beside(folder, paths))}
        make_gallery(folder, replace(known, columns=columns), root)
    return folders


def write(home: Path, folder: Path, writer: int, seed: int) -> None:
    """What one of the two does in a round."""
    rng = random.Random(2 * seed + writer)
    queries = queries_of(home, writer)
    decided = {
        name: "new_individual" if n % 2 else "A" for n, name in enumerate(queries.image.tolist())
    }
    decided["both.jpg"] = "new_individual"
    names = list(decided)
    rng.shuffle(names)
    pieces = [names] if rng.random() < 0.3 else [names[:2], names[2:3], names[3:], names]
    change = rng.randrange(len(pieces))
    for n, piece in enumerate(pieces):
        add_confirmed(folder, queries, {name: decided[name] for name in piece}, Data())
        if n == change and folder.name != "catalogue":
            gallery = open_gallery(folder)
            if writer:
                merge(gallery, "B", "C")
            else:
                rename(gallery, "D", "Dora")
    store = EmbeddingCache(home / "embedded", ABOUT)
    for n in range(3):
        store.add([f"{writer} {n}"], np.ones((1, 2), np.float32), {"side": ["9"]})


def judge(home: Path, folders: list[Path]) -> list[str]:
    """What was lost or given twice in a round, a sentence each."""
    root, found = home / "catalogue", []
    owners = Counter()
    table = read_catalogue(root / "train.csv")
    rows = dict(zip(table["image"], table["individual_id"], strict=True))
    expected = {f"{letter}{n}.jpg" for letter in "pq" for n in range(OWN)} | {"both.jpg"}
    everybody = expected | {f"{who}.jpg" for who in KNOWN}
    if set(rows) != everybody:
        found.append(f"rows differ by {sorted(set(rows) ^ everybody)}")
    boxes = Counter(read_text_table(root / "boxes.csv", ("image",))["image"])
    if boxes != Counter(everybody):
        found.append(f"boxes: {dict(boxes)}")
    for image in everybody:
        picture = root / "train_images" / image
        if not picture.is_file() or picture.read_text() != image:
            found.append(f"the picture of {image} is missing, or another's")
    owners.update(who for image, who in rows.items() if who.startswith("new-"))
    given_twice = [who for who, count in owners.items() if count > 1]
    if given_twice or len(owners) != OWN + 1:
        found.append(f"ids of new individuals: {dict(owners)}")
    for number, folder in enumerate(dict.fromkeys(folders)):
        if folder == root:
            continue
        if damaged_files(folder):
            found += damaged_files(folder)
        gallery = open_gallery(folder)
        who = dict(zip(gallery.image.tolist(), gallery.individual_id.tolist(), strict=True))
        one = len(set(folders)) == 1
        mine = expected if one else {name for name in expected if name[0] in ("pb", "qb")[number]}
        wanted = {name: rows.get(name) for name in mine} | {f"{i}.jpg": i for i in KNOWN}
        if one or number == 0:
            wanted["D.jpg"] = "Dora"
        if one or number == 1:
            wanted["B.jpg"] = "C"
        if who != wanted:
            found.append(f"{folder.name} has {who}, not {wanted}")
    store = EmbeddingCache(home / "embedded", ABOUT)
    if len(store.place) != 6:
        found.append(f"the store holds {sorted(store.place)}")
    return found


def worker(writer: int, home: Path, tasks, done, together) -> None:
    """One of the two processes."""
    while (task := tasks.get()) is not None:
        number, folder = task
        together.wait()
        try:
            write(home / str(number), folder, writer, number)
            done.put("")
        except Exception as error:  # reported to the process that judges
            done.put(f"{type(error).__name__}: {error}")


def run(rounds: int, home: Path, kinds: tuple[str, ...] = KINDS) -> list[str]:
    """What went wrong in so many rounds."""
    spawn = multiprocessing.get_context("spawn")
    done, together = spawn.Queue(), spawn.Barrier(2)
    tasks = [spawn.Queue(), spawn.Queue()]
    workers = [
        spawn.Process(target=worker, args=(n, home, tasks[n], done, together), daemon=True)
        for n in range(2)
    ]
    for process in workers:
        process.start()
    found = []
    for number in range(rounds):
        kind, place = kinds[number % len(kinds)], home / str(number)
        folders = set_out(place, kind)
        for n in range(2):
            tasks[n].put((number, folders[n]))
        said = [done.get(timeout=120) for _ in range(2)]
        try:
            said += judge(place, folders)
        except InputError as error:
            said.append(str(error))
        found += [f"round {number}, {kind}: {what}" for what in said if what]
        shutil.rmtree(place)
    for queue, process in zip(tasks, workers, strict=True):
        queue.put(None)
        process.join()
    return found


def main() -> None:
    """So many rounds; exit status 1 where anything was lost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=200)
    given, started = parser.parse_args(), time.monotonic()
    with tempfile.TemporaryDirectory() as home:
        found = run(given.rounds, Path(home))
    for sentence in found:
        print(sentence)
    seconds = time.monotonic() - started
    print(f"{given.rounds} rounds of two writers, {len(found)} faults, {seconds:.0f} s")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
