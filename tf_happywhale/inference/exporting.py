"""A trained model exported to a folder: converted, compared with Keras, with all that it needs."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

from tf_happywhale.catalogue.boxes.find_boxes import WantedBoxes, boxes_in_folder
from tf_happywhale.catalogue.photographs.photos import Photo, find_photos
from tf_happywhale.catalogue.tables.reading import reading_of
from tf_happywhale.config import Experiment, dump_experiment
from tf_happywhale.disk.files import atomic_write, write_json, write_text
from tf_happywhale.errors import InputError
from tf_happywhale.inference.embedding.shots import Shot, read_shot
from tf_happywhale.inference.engines import litert
from tf_happywhale.inference.engines.conversion import (
    LEAST_COSINE,
    convert,
    cosines,
    in_batches,
    prove,
)
from tf_happywhale.inference.engines.runtimes import ENGINE_OF, FILES, HALF, by_keras, load_engine
from tf_happywhale.inference.which_model.new_individuals import LEARNED, learned_from, learned_of
from tf_happywhale.inference.which_model.trained_models import EXPORTED, TrainedModel
from tf_happywhale.places import data_root
from tf_happywhale.retrieval.ranking.learned_file import save_learned
from tf_happywhale.run_folders.contents import TRAINED_ON
from tf_happywhale.run_folders.model_files import load_model
from tf_happywhale.run_folders.published_folder import FACTS, LICENCE

PICTURES = 32  # for the comparison
TEACHING = 64  # others, which say between which values a model in int8 computes


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
    asked = experiment.export.formats
    pictures, teaching = _real_pictures(
        model, experiment.export.photographs, TEACHING if "litert" in asked else 0
    )
    embedder, few = load_model(model.file), model.embed.batch_size
    wanted = in_batches(by_keras(embedder), few)(pictures)
    with atomic_write(folder) as making:
        making.mkdir()
        proven = {}
        for form in asked:
            convert(embedder, model.sizes[1], form, making / FILES[form])
            if form == "litert":
                litert.quantise(making / FILES[form], teaching)
            forward = in_batches(load_engine(making, form), few)
            cosine = prove(forward, lambda _: wanted, pictures, "float32")
            proven[form] = cosine
            print(f"{form}: lowest cosine with Keras on {len(pictures)} pictures {cosine:.6f}")
            for precision in [name for name, engine in ENGINE_OF.items() if engine == form]:
                cosine = _judge(making, precision, pictures, wanted, few)
                proven[f"{form} {precision}"] = cosine
        _write_config(model, making / "config.yaml")
        if not unknown:
            save_learned(making / LEARNED, learned, learned_from([model], experiment.rank))
        elif (model.folder / LEARNED).is_file():  # learned with other settings
            shutil.copyfile(model.folder / LEARNED, making / LEARNED)
        for name in (TRAINED_ON, FACTS, LICENCE):  # whom it has seen; of whom it is
            if (model.folder / name).is_file():
                shutil.copyfile(model.folder / name, making / name)
        write_json(making / EXPORTED, {"about": model.about, "cosine": proven})


def _judge(
    folder: Path, precision: str, pictures: np.ndarray, wanted: np.ndarray, few: int
) -> float:
    """Return and print the cosine with Keras' embeddings of the file that an engine reads for a
    precision, as this processor computes it: the lowest, in int8 the median. If it is too low, the
    file is removed.

    Args:
        folder: holds it.
        precision: another than float32.
        pictures: uint8 [n, s, s, 3].
        wanted: Keras' embeddings of them [n, d].
        few: pictures in a step.
    """
    engine, least = ENGINE_OF[precision], LEAST_COSINE[precision]
    forward = in_batches(load_engine(folder, engine, precision), few)
    found = cosines(forward(pictures), wanted)
    # In int8 a few pictures lie far off (.67) where mAP@5 loses .003: docs/results.md#exports.
    which, cosine = ("median", np.median(found)) if precision == "int8" else ("lowest", found.min())
    cosine = float(cosine)
    words = f"{which} cosine with Keras on {len(pictures)} pictures {cosine:.6f}"
    if cosine >= least:
        print(f"{engine} {precision}: {words}")
        return cosine
    print(
        f"{engine} {precision}: {words}, and {least} is required: this export is not for "
        f"{precision}"
    )
    name = HALF if engine == "openvino" else litert.FILES[precision]
    for part in (name, Path(name).with_suffix(".bin")):
        (folder / FILES[engine]).with_name(str(part)).unlink(missing_ok=True)
    return cosine


def _write_config(model: TrainedModel, file: Path) -> None:
    """Write the model's config; that of a published model has the size that was asked for."""
    if model.published is None:
        shutil.copyfile(model.folder / "config.yaml", file)
    else:
        write_text(file, dump_experiment(model.experiment))


def _real_pictures(
    model: TrainedModel, folder: str | None, teaching: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return crops uint8 [n, s, s, 3] of photographs in a folder, or of the model's own catalogue:
    those for the comparison, and others for teaching; the same where there are no others.

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
    compared = _evenly(photos, PICTURES)
    known = {photo.image for photo in compared}
    others = _evenly([photo for photo in photos if photo.image not in known], teaching)
    source = model.sources[0]
    boxes = boxes_in_folder(
        root if folder is None else home,
        None,
        {photo.image: photo.path for photo in [*compared, *others]},
        WantedBoxes([source], required=(), reading=reading_of(data)),
        folders=[home, root / data.test_images],
    )[source]
    crops, unread = _crops(compared, boxes, model)
    if not crops:
        raise InputError(f"No photograph in {home} can be read: {unread}")
    return np.stack(crops), np.stack(_crops(others, boxes, model)[0] or crops)


def _evenly(photos: list[Photo], number: int) -> list[Photo]:
    """Return that many photographs at most, from everywhere in a list."""
    return photos[:: max(1, len(photos) // max(1, number))][:number]


def _crops(photos: list[Photo], boxes: dict, model: TrainedModel) -> tuple[list[np.ndarray], str]:
    """Return crops uint8 [s, s, 3] of those photographs that can be read, and why one cannot."""
    source, crops, unread = model.sources[0], [], ""
    for photo in photos:
        row = boxes.get(photo.image)
        box = {source: row.box} if row and row.box else {}
        try:
            crops.append(read_shot(Shot(photo.image, photo.path, "", box), model)[0][0])
        except InputError as error:
            unread = str(error)
    return crops, unread
