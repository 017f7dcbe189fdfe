"""A trained model exported to a folder: converted, compared with Keras, with all that it needs."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

from tf_happywhale.catalogue.boxes.find_boxes import WantedBoxes, boxes_in_folder
from tf_happywhale.catalogue.photographs.photos import find_photos
from tf_happywhale.catalogue.tables.reading import reading_of
from tf_happywhale.config import Experiment, dump_experiment
from tf_happywhale.disk.files import atomic_write, write_json, write_text
from tf_happywhale.errors import InputError
from tf_happywhale.inference.conversion import (
    LEAST_COSINE,
    convert,
    in_batches,
    least_cosine,
    prove,
)
from tf_happywhale.inference.new_individuals import LEARNED, learned_from, learned_of
from tf_happywhale.inference.runtimes import FILES, HALF, by_keras, load_engine
from tf_happywhale.inference.shots import Shot, read_shot
from tf_happywhale.inference.trained_models import EXPORTED, IN_HALF, TrainedModel
from tf_happywhale.places import data_root
from tf_happywhale.retrieval.ranking.learned_file import save_learned
from tf_happywhale.run_folders.contents import TRAINED_ON
from tf_happywhale.run_folders.model_files import load_model
from tf_happywhale.run_folders.published_folder import FACTS, LICENCE

PICTURES = 32  # for the comparison


def export_model(model: TrainedModel, experiment: Experiment, folder: Path) -> None:
    """Export a model. The folder is put in place once every format is proven.

    Args:
        model: the model of a run folder.
        experiment: the settings: which formats, and the photographs for the comparison.
        folder: is written; it must not exist yet.

    Raises:
        InputError: a format's package is missing, its embeddings differ from Keras', or there is no
            photograph for the comparison.
    """
    learned, unknown = learned_of([model], experiment.rank)
    if unknown and model.published is None:  # else the gallery teaches it
        print(f"P(new) will not be known: {unknown}")
    pictures = _real_pictures(model, experiment.export.photographs)
    embedder, few = load_model(model.file), model.embed.batch_size
    wanted = in_batches(by_keras(embedder), few)(pictures)
    with atomic_write(folder) as making:
        making.mkdir()
        proven = {}
        for form in experiment.export.formats:
            convert(embedder, model.sizes[1], form, making / FILES[form])
            forward = in_batches(load_engine(making, form), few)
            cosine = prove(forward, lambda _: wanted, pictures, "float32")
            proven[form] = cosine
            print(f"{form}: lowest cosine with Keras on {len(pictures)} pictures {cosine:.6f}")
            if form == "openvino":
                proven[IN_HALF] = _judge_half(making, pictures, wanted, few)
        _write_config(model, making / "config.yaml")
        if not unknown:
            save_learned(making / LEARNED, learned, learned_from([model], experiment.rank))
        elif (model.folder / LEARNED).is_file():  # learned with other settings
            shutil.copyfile(model.folder / LEARNED, making / LEARNED)
        for name in (TRAINED_ON, FACTS, LICENCE):  # whom it has seen; of whom it is
            if (model.folder / name).is_file():
                shutil.copyfile(model.folder / name, making / name)
        write_json(making / EXPORTED, {"about": model.about, "cosine": proven})


def _judge_half(folder: Path, pictures: np.ndarray, wanted: np.ndarray, few: int) -> float:
    """Return and print the lowest cosine with Keras' embeddings of the file that OpenVINO reads for
    bfloat16, as this processor computes it. If it is too low, the file is removed.

    Args:
        folder: holds it.
        pictures: uint8 [n, s, s, 3].
        wanted: Keras' embeddings of them [n, d].
        few: pictures in a step.
    """
    forward = in_batches(load_engine(folder, "openvino", "bfloat16"), few)
    cosine, least = least_cosine(forward(pictures), wanted), LEAST_COSINE["bfloat16"]
    words = f"{IN_HALF}: lowest cosine with Keras on {len(pictures)} pictures {cosine:.6f}"
    if cosine >= least:
        print(words)
        return cosine
    print(f"{words}, and {least} is required: this export is for float32 only")
    half = (folder / FILES["openvino"]).with_name(HALF)
    for part in (half, half.with_suffix(".bin")):
        part.unlink()
    return cosine


def _write_config(model: TrainedModel, file: Path) -> None:
    """Write the model's config; that of a published model has the size that was asked for."""
    if model.published is None:
        shutil.copyfile(model.folder / "config.yaml", file)
    else:
        write_text(file, dump_experiment(model.experiment))


def _real_pictures(model: TrainedModel, folder: str | None) -> np.ndarray:
    """Return crops uint8 [n, s, s, 3] of photographs in a folder, or of the model's own catalogue.

    Raises:
        InputError: there are none.
    """
    data, root = model.experiment.data, data_root(model.experiment)
    home = root / data.train_images if folder is None else Path(folder).expanduser()
    if not home.is_dir():
        raise InputError(
            f"There is no folder of photographs {home} to check the conversion with: set "
            "export.photographs=DIR."
        )
    photos = find_photos([home])
    photos = photos[:: max(1, len(photos) // PICTURES)][:PICTURES]
    source = model.sources[0]
    boxes = boxes_in_folder(
        root if folder is None else home,
        None,
        {photo.image: photo.path for photo in photos},
        WantedBoxes([source], required=(), reading=reading_of(data)),
        folders=[home, root / data.test_images],
    )[source]
    crops, unread = [], ""
    for photo in photos:
        row = boxes.get(photo.image)
        box = {source: row.box} if row and row.box else {}
        try:
            crops.append(read_shot(Shot(photo.image, photo.path, "", box), model)[0][0])
        except InputError as error:
            unread = str(error)
    if not crops:
        raise InputError(f"No photograph in {home} can be read: {unread}")
    return np.stack(crops)
