"""An index is made for a gallery, brought up to date, and measured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from tf_happywhale.disk.locks import locked
from tf_happywhale.errors import InputError
from tf_happywhale.galleries.changes import REMOVED, load_changes
from tf_happywhale.galleries.gallery_folder import is_gallery, open_gallery
from tf_happywhale.galleries.index_head import FOLDER, Head, fits, read_head, write_head
from tf_happywhale.galleries.individual_rows import individual_rows, save_rows
from tf_happywhale.galleries.mapped_parts import MappedParts, map_parts
from tf_happywhale.galleries.search_index import SearchIndex, best_images, open_blocks
from tf_happywhale.messages import timed
from tf_happywhale.retrieval.centring import CENTRED, YES
from tf_happywhale.retrieval.lengths import unit_rows
from tf_happywhale.retrieval.search.approximate import empty_index, filled, save_index

SEGMENT = 2**21  # images: what is in memory at a time
GROWN = 4  # made again with more than so many times the images that it was trained with
EACH = 64  # images for each list teach where lists lie
RUN = 16  # of these images follow one another, so that the disk is read in fewer places
BLOCK = 2**14  # images read at a time
ASKED = 256  # of the gallery's own images measure what it finds
FIVE = 5  # individuals
NEAREST = 500  # images that show them: one individual may have hundreds
WANTED = 0.99  # of the five individuals
SEED = 0x1DE


def index_gallery(folder: Path) -> None:
    """Make the index of a gallery or bring it up to date, and print what it finds.

    The gallery itself is only read. An index that was stopped resumes at the segment where it
    stood.

    Raises:
        InputError: there is no gallery, it is empty, its embeddings are compared from their middle,
            faiss is not installed, or another process makes the index.
    """
    folder = Path(folder)
    if not is_gallery(folder):
        open_gallery(folder)  # raises
    parts = map_parts(folder)
    _check(folder, parts)
    with locked(folder / FOLDER, "indexing", inside=True):
        head = read_head(folder)
        if head is None or not fits(head, parts) or len(parts) > GROWN * head.trained:
            head = _trained(folder, parts, 0 if head is None else head.version + 1)
        head = _with_segments(folder, parts, head)
        with timed(f"asking {min(ASKED, len(parts))} of the images, exactly and by the index"):
            head = measured(open_blocks(folder, parts, head))
        write_head(folder, head)
        _remove_others(folder, head)
    print(f"{folder}: {head.end} images are in the index. {recall_sentence(head)}")


def recall_sentence(head: Head) -> str:
    """Return what an index finds, in a sentence."""
    found = head.recall
    return (
        f"Of {found['asked']:.0f} of the gallery's own images, each asked of the others, it finds "
        f"{found['five']:.1%} of the five individuals that exact search finds, and "
        f"{found['first']:.1%} of the first ones."
    )


def measured(index: SearchIndex) -> Head:
    """Return the head with the fewest lists that find enough, and with what they find."""
    rows, queries, truth = _exact(index)
    probes, recall = 1, {}
    while True:
        found = index.individuals(queries, FIVE, probes, rows)
        pairs = list(zip(truth, found, strict=True))
        five = sum(len(set(right) & set(mine)) for right, mine in pairs)
        recall = {
            "asked": float(len(pairs)),
            "five": five / sum(len(right) for right in truth),
            "first": sum(right[0] in mine for right, mine in pairs) / len(pairs),
        }
        if recall["five"] >= WANTED or probes >= index.head.lists:
            return replace(index.head, probes=probes, recall=recall)
        probes = min(2 * probes, index.head.lists)


def _exact(index: SearchIndex) -> tuple[np.ndarray, np.ndarray, list[list[str]]]:
    """Return images of a gallery, their embeddings, and the five individuals with the best of the
    other images, by exact search."""
    parts, rng = index.parts, np.random.default_rng(SEED)
    rows = np.sort(rng.choice(len(parts), min(ASKED, len(parts)), replace=False))
    rows = rows[index.names(rows) != REMOVED]
    queries = unit_rows(parts.rows(rows))
    best = best_images(parts, 0, len(parts), queries, NEAREST)
    everything = np.unique(best)
    names, embedding = index.names(everything), unit_rows(parts.rows(everything))
    truth = []
    for n, row in enumerate(rows):
        places = np.searchsorted(everything, best[n][best[n] != row])
        places = places[names[places] != REMOVED]
        order = np.argsort(-(embedding[places] @ queries[n]))
        truth.append(list(dict.fromkeys(names[places[order]].tolist()))[:FIVE])
    kept = [n for n, right in enumerate(truth) if right]
    if not kept:
        raise InputError(f"Nobody is left in the gallery {index.folder}: add images to it.")
    return rows[kept], queries[kept], [truth[n] for n in kept]


def _check(folder: Path, parts: MappedParts) -> None:
    if not len(parts):
        raise InputError(f"The gallery {folder} is empty: add images to it.")
    if parts.parts[0].about.get(CENTRED) == YES:
        raise InputError(
            f"The gallery {folder} was embedded by a network that nobody has taught an individual. "
            "Its images are compared from their middle, which an index cannot do: build a gallery "
            "with a trained model."
        )


def _trained(folder: Path, parts: MappedParts, version: int) -> Head:
    """Write an index without images, and return its head."""
    lists = _lists(len(parts))
    with timed(f"learning where {lists} lists lie"):
        empty = empty_index(_sample(parts, EACH * lists), lists)
        head = Head(version, [], len(parts), lists)
        save_index(folder / FOLDER / head.empty, empty)
    return head


def _lists(images: int) -> int:
    """Return the power of two below the square root."""
    return 2 ** int(np.log2(images) / 2)


def _sample(parts: MappedParts, size: int) -> np.ndarray:
    """Return the embeddings of so many images, float32 [n, d]; in a small gallery of all."""
    if len(parts) <= size:
        return np.asarray(parts.embeddings(0, len(parts)))
    starts = np.random.default_rng(SEED).choice(len(parts) // RUN, size // RUN, replace=False)
    return parts.rows((np.sort(starts)[:, None] * RUN + np.arange(RUN)).ravel())


def _with_segments(folder: Path, parts: MappedParts, head: Head) -> Head:
    """Write the segments of the images that are in none, and who is in the older ones if that was
    corrected; return the head with them."""
    changes, home = load_changes(folder), folder / FOLDER
    for number, (first, end, known) in enumerate(head.segments):
        if known < len(changes):
            rows = individual_rows(parts, changes, first, end)
            save_rows(home / head.rows_of(number, len(changes)), rows)
            head = head.with_segment(number, [first, end, len(changes)])
            write_head(folder, head)
    for first in range(head.end, len(parts), SEGMENT):
        end, number = min(first + SEGMENT, len(parts)), len(head.segments)
        with timed(f"{end} of {len(parts)} images"):
            rows = individual_rows(parts, changes, first, end)
            save_rows(home / head.rows_of(number, len(changes)), rows)
            index = filled(home / head.empty, _blocks(parts, first, end))
            save_index(home / head.lists_of(number), index)
        head = replace(head, stamps=[part.stamp for part in parts.parts])
        head = head.with_segment(number, [first, end, len(changes)])
        write_head(folder, head)
    return head


def _blocks(parts: MappedParts, first: int, end: int) -> Iterator[np.ndarray]:
    for start in range(first, end, BLOCK):
        yield parts.embeddings(start, min(start + BLOCK, end))


def _remove_others(folder: Path, head: Head) -> None:
    """Remove the files that the head does not name."""
    for file in (folder / FOLDER).glob("v*-*"):
        if file.name not in head.files:
            file.unlink(missing_ok=True)
