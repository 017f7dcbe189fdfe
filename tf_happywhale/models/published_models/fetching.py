"""A published model fetched: its file is had, checked and converted, and kept as a model folder."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np

from tf_happywhale.disk.files import atomic_write, write_text
from tf_happywhale.disk.hashes import sha256
from tf_happywhale.disk.locks import locked
from tf_happywhale.errors import InputError
from tf_happywhale.models.published_models.convert import convert
from tf_happywhale.models.published_models.licence import (
    check_accepted,
    licence_lines,
    licence_text,
)
from tf_happywhale.models.published_models.names import address_of
from tf_happywhale.models.published_models.table import PublishedModel
from tf_happywhale.models.weights.published import fetch_file
from tf_happywhale.run_folders.contents import MODEL
from tf_happywhale.run_folders.model_files import save_model
from tf_happywhale.run_folders.published_folder import (
    LICENCE,
    PublishedFacts,
    models_home,
    read_published,
    write_published,
)

LARGE = 512  # pixels; pictures above it are embedded a few at a time, to save memory
TRIED = 64  # side of the picture that a new model is tried on if it takes any, pixels


def fetch_model(
    published: PublishedModel, file: Path | None, to: Path | None = None, accepted: bool = False
) -> Path:
    """Return the folder of a published model, which is made unless it is there. What is done, and
    the licence, is printed.

    Args:
        published: which model.
        file: its file, which the person has downloaded; None: it is downloaded.
        to: the folder; None: that of this name among the models of this machine.
        accepted: whether the person has accepted a licence that forbids something.

    Raises:
        InputError: the folder is something else, the licence was not accepted, or the file cannot
            be had or is not this model's.
    """
    folder = models_home() / published.name if to is None else to
    with locked(folder, "fetching a model into"):
        if file is not None and not file.is_file():
            raise InputError(f"There is no file {file}: name the file that you have downloaded.")
        if _is_there(published, file, folder):
            print(f"{published.name} is on this machine already: {folder}")
            return folder
        print("\n".join(licence_lines(published)))
        check_accepted(published, accepted)
        file = file or _downloaded(published)
        content = check_content(published, file)
        model = convert(published, file)
        embedding_of_noise(published, model, published.size if published.fixed else TRIED)
        write_model_folder(published, model, content, folder)
    print(f"written: {folder}")
    return folder


def check_content(published: PublishedModel, file: Path) -> str:
    """Return the SHA-256 of a file, and print whether it is the published one.

    Raises:
        InputError: it is another one.
    """
    found = sha256(file)
    if published.sha256 and found != published.sha256:
        raise InputError(
            f"{file} is not {published.file} of {published.name} (SHA-256 {found[:12]}…, expected "
            f"{published.sha256[:12]}…): download {published.file} again."
        )
    known = "as expected" if published.sha256 else "not compared, since none is known"
    print(f"SHA-256 of {file}: {found}, {known}")
    return found


def embedding_of_noise(published: PublishedModel, model: keras.Model, size: int) -> np.ndarray:
    """Return the embedding float32 [d] of a random picture.

    Args:
        published: which model it is.
        model: pictures uint8 [n, s, s, 3] to embedding float32 [n, d].
        size: side of the picture, pixels.

    Raises:
        InputError: it is not finite, or has another length than the published model's.
    """
    picture = np.random.default_rng(0).integers(0, 256, (1, size, size, 3), dtype=np.uint8)
    # A plain call would keep the output of every layer in memory.
    (embedding,) = np.asarray(model.predict_on_batch(picture), np.float32)
    if embedding.shape != (published.embedding,) or not np.isfinite(embedding).all():
        numbers = "numbers" if np.isfinite(embedding).all() else "numbers, not all finite"
        raise InputError(
            f"The file is not {published.name}'s, or is damaged: a picture gives {len(embedding)} "
            f"{numbers}, and {published.embedding} are expected; download {published.file} again."
        )
    return embedding


def write_model_folder(
    published: PublishedModel, model: keras.Model, content: str, folder: Path
) -> None:
    """Write the folder of a converted model, whole or not at all.

    Args:
        published: which model it is.
        model: pictures to embedding.
        content: SHA-256 of the file that was converted.
        folder: is written.
    """
    batch = 4 if published.size > LARGE else 16
    config = [
        f"name: {published.name}",
        f"image_size: {published.size}",
        f"embed: {{batch_size: {batch}}}",
    ]
    facts = PublishedFacts(
        name=published.name,
        sha256=content,
        size=published.size,
        trained_on=published.trained_on,
        licence=published.licence,
        restricted=published.restricted,
        source=published.source,
        fixed=published.fixed,
    )
    with atomic_write(folder) as making:
        making.mkdir()
        save_model(making / MODEL, model)
        write_text(making / "config.yaml", "\n".join(config) + "\n")
        write_text(making / LICENCE, licence_text(published, content))
        write_published(making, facts)


def _downloaded(published: PublishedModel) -> Path:
    """Return a model's file, which is downloaded; InputError if it cannot be."""
    command = f"`python -m tf_happywhale.models fetch {published.name} FILE`"
    address = address_of(published)
    if address is None:
        raise InputError(
            f"{published.name} is at no address that is known: get {published.file} from its "
            f"makers, and run {command}."
        )
    return fetch_file(address, f"run {command}")


def _is_there(published: PublishedModel, file: Path | None, folder: Path) -> bool:
    """Return whether a folder holds the model already.

    Raises:
        InputError: it holds something else, or the model of another file.
    """
    if not folder.exists():
        return False
    facts = read_published(folder)
    if facts is None or facts.name != published.name or not (folder / MODEL).is_file():
        what = "no model folder" if facts is None else f"the folder of {facts.name}"
        raise InputError(
            f"There is a {folder} already, which is {what}: move it away, or name another folder "
            "with --to."
        )
    if file is not None and sha256(file) != facts.sha256:
        raise InputError(
            f"{folder} was made from another file than {file} (SHA-256 {facts.sha256[:12]}…): "
            "remove it, or name another folder with --to."
        )
    return True
