"""The names in an embeddings file, without its embeddings, which may be large."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from tf_happywhale.retrieval.embeddings import load_embeddings


def embedded_names(path: Path) -> tuple[list[str], list[str]]:
    """Return the images of an embeddings file, and the individual in each; empty if it is unknown.

    Raises:
        InputError: the file is missing, damaged, or not of this form.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            images, ids = file["image"], file["individual_id"]
        if images.dtype.kind == ids.dtype.kind == "U" and images.shape == ids.shape:
            return images.tolist(), ids.tolist()
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile):
        pass  # another program's, or damaged: the usual way says which
    whole = load_embeddings(path)
    return whole.image.tolist(), whole.individual_id.tolist()
