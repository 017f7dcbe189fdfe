"""What a reviewer's decisions are worth, and whether they survive being killed.

    python benchmarks/reviewer.py GALLERY RESULTS ANSWERS [--kills 20] [--json FILE] [--quick]

GALLERY was made by `gallery build`, RESULTS by `identify` against it, ANSWERS is `image,
individual_id` of the photographs. A simulated reviewer decides on half of the photographs, drawn at
random: it chooses the right individual where it is among the five candidates, and skips the others.
`gallery add` puts that into a copy, and mAP@5 is measured on the other half, before and after.
Then `gallery add` is killed after a random time, again and again, and run once more to the end.
Where mAP@5 falls or anything is lost the command ends with status 1.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from wanted import Wanted, judge

from tf_happywhale.catalogue.catalogue_table import read_answers
from tf_happywhale.catalogue.tables.table import read_text_table
from tf_happywhale.galleries.gallery_faults import damaged_files
from tf_happywhale.galleries.gallery_folder import Gallery, open_gallery
from tf_happywhale.retrieval.embeddings import Embeddings, load_embeddings
from tf_happywhale.retrieval.metrics import mean_average_precision
from tf_happywhale.retrieval.search.candidates import rank_individuals


def decide(results: Path, images: list[str], answers: dict[str, str]) -> pd.DataFrame:
    """decisions.csv of the simulated reviewer."""
    table = read_text_table(results / "predictions.csv", ("image", "rank", "individual_id"))
    shown = table.groupby("image")["individual_id"].agg(lambda ids: list(ids)[:5]).to_dict()
    rows = []
    for image in images:
        right = answers[image]
        found = right in shown.get(image, []) and right != "new_individual"
        rows.append((image, "match" if found else "skip", right if found else ""))
    return pd.DataFrame(rows, columns=["image", "decision", "individual_id"])


def score(gallery: Gallery, queries: Embeddings, answers: dict[str, str]) -> float:
    """mAP@5 of queries of known individuals, without new_individual."""
    images, kept = gallery.images(), [answers[i] != "new_individual" for i in queries.image]
    asked = queries.take(np.array(kept))
    found = rank_individuals(asked.embedding, images.embedding, images.individual_id.tolist(), 5)
    truth = [answers[image] for image in asked.image.tolist()]
    return mean_average_precision([list(row) for row in found.individual_id], truth)


def copy(gallery: Path, home: Path) -> Path:
    """A copy of a gallery, and of the catalogue it was built from, in an empty folder."""
    catalogue = open_gallery(gallery).catalogue
    assert catalogue is not None, "the gallery was not built from a catalogue folder"
    shutil.copytree(gallery, home / "gallery")
    for name in ("train.csv", "boxes.csv"):
        if (catalogue / name).is_file():
            (home / "catalogue").mkdir(exist_ok=True)
            shutil.copyfile(catalogue / name, home / "catalogue" / name)
    shutil.copytree(catalogue / "train_images", home / "catalogue" / "train_images")
    head = json.loads((home / "gallery" / "gallery.json").read_text(encoding="utf-8"))
    head["catalogue"] = "../catalogue"
    (home / "gallery" / "gallery.json").write_text(json.dumps(head), encoding="utf-8")
    return home / "gallery"


def add(gallery: Path, decisions: Path, results: Path) -> list[str]:
    """The command line."""
    command = [sys.executable, "-m", "tf_happywhale.gallery", "add", str(gallery), str(decisions)]
    return [*command, f"output={results}"]


def main() -> None:
    """Measure, then kill."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("gallery", type=Path)
    parser.add_argument("results", type=Path)
    parser.add_argument("answers", type=Path)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--quick", action="store_true", help="three kills")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    answers = read_answers(given.answers)
    queries = load_embeddings(given.results / "queries.npz")
    rng = np.random.default_rng(0)
    order = rng.permutation(len(queries))
    reviewed, remaining = np.sort(order[::2]), np.sort(order[1::2])
    table = decide(given.results, queries.image[reviewed].tolist(), answers)
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        decisions = home / "decisions.csv"
        table.to_csv(decisions, index=False)
        (home / "once").mkdir()
        gallery = copy(given.gallery, home / "once")
        before = score(open_gallery(gallery), queries.take(remaining), answers)
        started = time.monotonic()
        subprocess.run(add(gallery, decisions, given.results), check=True)
        seconds = time.monotonic() - started
        after = score(open_gallery(gallery), queries.take(remaining), answers)
        whole = sorted(open_gallery(gallery).image.tolist())
        rows = len(read_text_table(home / "once" / "catalogue" / "train.csv", ("image",)))
        lost, killed = 0, 0
        for n in range(3 if given.quick else given.kills):
            (home / f"kill{n}").mkdir()
            victim = copy(given.gallery, home / f"kill{n}")
            running = subprocess.Popen(
                add(victim, decisions, given.results), stdout=subprocess.DEVNULL
            )
            try:
                running.wait(timeout=float(rng.uniform(0.3, 1)) * seconds)
            except subprocess.TimeoutExpired:
                running.kill()
                killed += 1
                running.wait()
            subprocess.run(
                add(victim, decisions, given.results), check=True, stdout=subprocess.DEVNULL
            )
            same = sorted(open_gallery(victim).image.tolist()) == whole and not damaged_files(
                victim
            )
            catalogue = home / f"kill{n}" / "catalogue" / "train.csv"
            lost += not (same and len(read_text_table(catalogue, ("image",))) == rows)
            shutil.rmtree(home / f"kill{n}")
    matches = int((table["decision"] == "match").sum())
    facts = {"decided": matches, "remaining": len(remaining), "before": before, "after": after,
             "killed": killed, "lost": lost}  # fmt: skip
    print(f"{matches} matches added of {len(reviewed)} photographs looked at, in {seconds:.1f} s")
    print(f"mAP@5 of known individuals on the other {len(remaining)}: {before:.3f} → {after:.3f}")
    print(f"killed {killed} times and run again: {lost} ended otherwise than without being killed")
    if given.json:
        given.json.write_text(json.dumps(facts, indent=2))
    lost_most = Wanted("lost by being killed", lost, 0, most=True)
    sys.exit(judge([Wanted("mAP@5 after", after, before), lost_most]))


if __name__ == "__main__":
    main()
