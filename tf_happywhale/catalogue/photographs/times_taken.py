"""Hash of photographs and what their cameras say, each file read once and remembered."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tf_happywhale.catalogue.photographs.camera_facts import COUNT, CameraFacts, facts_as_texts
from tf_happywhale.disk.hashes import ContentHashes
from tf_happywhale.disk.os_errors import DENIED

CONTENT = "content.json"


def contents_and_facts(
    paths: Sequence[Path], home: Path | None, label: str = "looking at photographs"
) -> tuple[list[str], list[CameraFacts]]:
    """Return the hash of each file, and what its EXIF says. A file whose size and times are known
    is not read.

    Args:
        paths: the files; for one that is not there the hash is `missing`, and nothing is said.
        home: the folder in which both are remembered, in `content.json`; None: they are not.
        label: of the progress bar.
    """
    hashes = ContentHashes(home and home / CONTENT, facts_as_texts, COUNT)
    looked = hashes.of(paths, label)
    try:
        hashes.save()
    except OSError as error:
        if error.errno not in DENIED:  # a read-only folder: look again the next time
            raise
    return [content for content, _ in looked], [CameraFacts(*facts) for _, facts in looked]
