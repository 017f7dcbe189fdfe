"""Hash and time of photographs, each file read once and remembered."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tqdm import tqdm

from tf_happywhale.catalogue.photographs.exif_time import exif_time, when_taken
from tf_happywhale.cores import usable_cores
from tf_happywhale.disk.hashes import ContentHashes
from tf_happywhale.disk.os_errors import DENIED

CONTENT = "content.json"


def contents_and_times(
    paths: Sequence[Path], home: Path, label: str = "looking at photographs"
) -> tuple[list[str], list[str]]:
    """Return the hash of each file, and when it was taken by its EXIF: `2015-05-13 10:22:59`, empty
    if it does not say. A file whose size and times are known is not read.

    Args:
        paths: the files; for one that is not there the hash is `missing`, and the time empty.
        home: the folder in which both are remembered, in `content.json`.
        label: of the progress bar.
    """
    hashes = ContentHashes(home / CONTENT, exif_time)
    with ThreadPoolExecutor(usable_cores()) as workers:
        found = workers.map(hashes.with_fact, paths)
        looked = list(tqdm(found, total=len(paths), desc=label, unit="img", leave=False))
    try:
        hashes.save()
    except OSError as error:
        if error.errno not in DENIED:  # a read-only folder: look again the next time
            raise
    return [content for content, _ in looked], [when_taken(text) for _, text in looked]
