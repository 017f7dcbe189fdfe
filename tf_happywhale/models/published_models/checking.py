"""A published model checked: its file, its tensors, and what a picture gives."""

from __future__ import annotations

from pathlib import Path

import keras

from tf_happywhale.errors import InputError
from tf_happywhale.models.published_models.convert import convert, named_tensors
from tf_happywhale.models.published_models.fetching import check_content, embedding_of_noise
from tf_happywhale.models.published_models.names import address_of, fetched_folder
from tf_happywhale.models.published_models.table import PublishedModel
from tf_happywhale.models.weights.at_hand import weights_at_hand
from tf_happywhale.run_folders.contents import MODEL
from tf_happywhale.run_folders.model_files import load_model
from tf_happywhale.run_folders.published_folder import fetched, read_published


def check_model(published: PublishedModel, file: Path | None, with_timm: bool = False) -> None:
    """Print what a published model is and gives. Nothing is written.

    Args:
        published: which model.
        file: its file; None: the file if it was downloaded, and the folder on this machine.
        with_timm: PyTorch and timm are installed.

    Raises:
        InputError: the file is not this model's, or the model is not on this machine.
    """
    address, here = address_of(published), fetched(published.name)
    if file is None and address:
        file = weights_at_hand(address)
    if file is None or here:
        _check_folder(published)
    if file is None:
        print("parity with timm: not run, since the file is not at hand")
        return
    if not file.is_file():
        raise InputError(f"There is no file {file}: name the file that you have downloaded.")
    check_content(published, file)
    model = convert(published, file)
    _try(published, model, str(file))
    if with_timm:
        from tf_happywhale.models.published_models.parity import compare_embeddings  # PyTorch

        print("\n".join(compare_embeddings(published, model, named_tensors(published, file))))
    else:
        print("parity with timm: not run (PyTorch and timm are not installed)")


def _check_folder(published: PublishedModel) -> None:
    """Check the folder on this machine; errors: see `check_model`."""
    folder = fetched_folder(published.name)
    kept = read_published(folder).sha256
    if published.sha256 and kept != published.sha256:
        raise InputError(
            f"{folder} was made from another file than is known today (SHA-256 {kept[:12]}…, "
            f"expected {published.sha256[:12]}…): remove it, and fetch the model again."
        )
    known = "as expected" if published.sha256 else "not compared, since none is known"
    print(f"{folder}: converted from a file with SHA-256 {kept}, {known}")
    _try(published, load_model(folder / MODEL), str(folder))


def _try(published: PublishedModel, model: keras.Model, where: str) -> None:
    """Print what a model gives for a picture of noise; errors: see `check_model`."""
    embedding = embedding_of_noise(published, model, published.size)
    print(
        f"{where}: {model.count_params():,} parameters in {len(model.weights):,} tensors; a "
        f"picture of noise, {published.size} px, gives {len(embedding):,} numbers, mean "
        f"{embedding.mean():.4f}, standard deviation {embedding.std():.4f}"
    )
