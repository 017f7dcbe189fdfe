"""How many planted duplicates and errors stand in the first 20 of `gallery curate`'s lists.

    python benchmarks/curation.py GALLERY [--planted 10] [--seeds 5] [--json FILE] [--quick]

An individual becomes two ids, each with half of its images; an image gets somebody else's id, both
of individuals with at least --least images. The model knows nothing of it: it was trained before.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np

from tf_happywhale.galleries.curation import suspected_duplicates, suspected_errors
from tf_happywhale.galleries.gallery_folder import open_gallery
from tf_happywhale.retrieval.embeddings import Embeddings


def plant_duplicates(
    gallery: Embeddings, count: int, least: int, rng: np.random.Generator
) -> tuple[Embeddings, set[tuple[str, str]]]:
    """Half of some individuals' images under a second id."""
    ids = gallery.individual_id.astype("U80")
    chosen = rng.choice(_large(gallery, least), count, replace=False)
    for who in chosen:
        rows = rng.permutation(np.flatnonzero(gallery.individual_id == who))
        ids[rows[: len(rows) // 2]] = f"{who}-again"
    return replace(gallery, individual_id=ids), {(str(who), f"{who}-again") for who in chosen}


def plant_errors(
    gallery: Embeddings, count: int, least: int, rng: np.random.Generator
) -> tuple[Embeddings, set[str]]:
    """Some images, each of another individual, with the id of a third one."""
    ids, large = gallery.individual_id.copy(), _large(gallery, least)
    chosen = rng.choice(large, count, replace=False)
    images = set()
    for who in chosen:
        row = rng.choice(np.flatnonzero(gallery.individual_id == who))
        ids[row] = rng.choice([other for other in large if other != who])
        images.add(str(gallery.image[row]))
    return replace(gallery, individual_id=ids), images


def _large(gallery: Embeddings, least: int) -> list[str]:
    counts = Counter(gallery.individual_id.tolist())
    return sorted(who for who, count in counts.items() if count >= least)


def main() -> None:
    """Plant, list, count."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("gallery", type=Path)
    parser.add_argument("--planted", type=int, default=10)
    parser.add_argument("--first", type=int, default=20)
    parser.add_argument("--least", type=int, default=6)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="one seed")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    gallery = open_gallery(given.gallery).images()
    rows = []
    for seed in range(1 if given.quick else given.seeds):
        rng = np.random.default_rng(seed)
        twice, pairs = plant_duplicates(gallery, given.planted, given.least, rng)
        listed = [pair.individual_ids for pair in suspected_duplicates(twice, given.first)]
        wrong, images = plant_errors(gallery, given.planted, given.least, rng)
        odd = [one.image for one in suspected_errors(wrong, given.first)]
        rows.append(
            {"seed": seed, "duplicates": len(pairs & set(listed)), "errors": len(images & set(odd))}
        )
    print(f"{len(gallery)} images, {given.planted} of each planted, in the first {given.first}:")
    for row in rows:
        print(f"  seed {row['seed']}: {row['duplicates']} duplicates, {row['errors']} errors")
    medians = {
        kind: float(np.median([row[kind] for row in rows])) for kind in ("duplicates", "errors")
    }
    print(f"  median: {medians['duplicates']:g} duplicates, {medians['errors']:g} errors")
    if given.json:
        facts = {"images": len(gallery), "planted": given.planted, "first": given.first}
        given.json.write_text(json.dumps(facts | {"rows": rows, "median": medians}, indent=2))


if __name__ == "__main__":
    main()
