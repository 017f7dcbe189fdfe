"""A published model checked: its file, its tensors, and what a picture gives."""

from __future__ import annotations

from pathlib import Path

from tf_happywhale.errors import InputError
from tf_happywhale.models.published_models.convert import convert
from tf_happywhale.models.published_models.fetching import check_content, embedding_of_noise
from tf_happywhale.models.published_models.names import address_of, fetched_folder
from tf_happywhale.models.published_models.table import PublishedModel
from tf_happywhale.models.weights.at_hand import weights_at_hand
from tf_happywhale.run_folders.contents import MODEL
from tf_happywhale.run_folders.model_files import load_model
from tf_happywhale.run_folders.published_folder import fetched, read_published


def check_model(published: PublishedModel, file: Path | None) -> None:
    """Print what a published model is and gives. Nothing is written.

    Args:
        published: which model.
        file: its file; None: the folder on this machine, or the file if only that was downloaded.

    Raises:
        InputError: the file is not this model's, or the model is not on this machine.
    """
    address = address_of(published)
    if file is None and address and fetched(published.name) is None:
        file = weights_at_hand(address)
    if file is None:
        folder = fetched_folder(published.name)
        kept = read_published(folder).sha256
        known = "as expected" if kept == published.sha256 else "none is known to compare it with"
        if published.sha256 and kept != published.sha256:
            raise InputError(
                f"{folder} was made from another file than is known today (SHA-256 {kept[:12]}…, "
                f"expected {published.sha256[:12]}…): remove it, and fetch the model again."
            )
        print(f"{folder}: converted from a file with SHA-256 {kept}, {known}")
        model = load_model(folder / MODEL)
    else:
        if not file.is_file():
            raise InputError(f"There is no file {file}: name the file that you have downloaded.")
        check_content(published, file)
        model = convert(published, file)
    embedding = embedding_of_noise(published, model, published.size)
    print(
        f"{published.name}: {model.count_params():,} parameters in {len(model.weights):,} tensors; "
        f"a random picture of {published.size} px gives {len(embedding):,} numbers, mean "
        f"{embedding.mean():.4f}, standard deviation {embedding.std():.4f}"
    )
