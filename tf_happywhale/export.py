"""Command: carry a trained model elsewhere, as SavedModel, ONNX or OpenVINO, with all it needs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tf_happywhale.cli import command_of_places

if TYPE_CHECKING:
    import numpy as np

    from tf_happywhale.inference.trained_models import TrainedModel

PLACES = {
    "": (
        "RUN_FOLDER FOLDER",
        "RUN_FOLDER  a trained model\n"
        "FOLDER      what is made: the model in each of export.formats (pictures uint8\n"
        "            [n, size, size, 3] to embeddings of length 1), its config, and what is known\n"
        "            about new individuals; `identify` and `gallery build` take it as MODEL",
    )
}
EXAMPLES = [
    "python -m tf_happywhale.export output/demo/demo/fold0 dolphins",
    "python -m tf_happywhale.export output/demo/demo/fold0 dolphins export.formats=[openvino]",
    "python -m tf_happywhale.export RUN_FOLDER dolphins export.photographs=DIR",
]
PICTURES = 32  # that the conversion is checked with


def main(words: Sequence[str], overrides: list[str]) -> None:
    """Convert, compare with Keras on real pictures, and only then put the folder in place."""
    import shutil

    from tf_happywhale.disk.files import atomic_write, write_json
    from tf_happywhale.errors import InputError
    from tf_happywhale.inference.identifier import LEARNED, learned_from, learned_of
    from tf_happywhale.inference.runtimes import FILES, by_keras, convert, load_engine, prove
    from tf_happywhale.inference.trained_models import EXPORTED, find_trained
    from tf_happywhale.retrieval.ranking.learned import save_learned
    from tf_happywhale.run_folders.model_files import load_model

    run, folder = (Path(word).expanduser() for word in words)
    if folder.exists():
        raise InputError(f"There is a {folder} already: remove it, or name another folder.")
    experiment, models = find_trained(run, overrides)
    if len(models) > 1 or not models[0].file.is_file():
        raise InputError(f"{run} is not a run folder with model.keras: export one model at a time.")
    model = models[0]
    learned, unknown = learned_of(models, experiment.rank)
    if unknown:
        print(f"P(new) will not be known: {unknown}")
    pictures = real_pictures(model, experiment.export.photographs)
    embedder = load_model(model.file)
    with atomic_write(folder) as making:
        making.mkdir()
        proven = {}
        for form in experiment.export.formats:
            convert(embedder, model.sizes[1], form, making / FILES[form])
            cosine = prove(load_engine(making, form), by_keras(embedder), pictures, "float32")
            proven[form] = cosine
            print(f"{form}: lowest cosine with Keras on {len(pictures)} pictures {cosine:.6f}")
        shutil.copyfile(run / "config.yaml", making / "config.yaml")
        if not unknown:
            save_learned(making / LEARNED, learned, learned_from(models, experiment.rank))
        elif (run / LEARNED).is_file():  # of other keys
            shutil.copyfile(run / LEARNED, making / LEARNED)
        write_json(making / EXPORTED, {"about": model.about, "cosine": proven})
    print(f"written: {folder}")


def real_pictures(model: TrainedModel, folder: str | None) -> np.ndarray:
    """Crops uint8 [n, s, s, 3] of photographs: of a folder, else of the model's own catalogue.

    Raises:
        InputError: there are none.
    """
    import numpy as np

    from tf_happywhale.catalogue.boxes.find_boxes import WantedBoxes, boxes_in_folder
    from tf_happywhale.catalogue.photographs.photos import find_photos
    from tf_happywhale.catalogue.tables.reading import reading_of
    from tf_happywhale.errors import InputError
    from tf_happywhale.inference.shots import Shot, read_shot
    from tf_happywhale.places import data_root

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
    beside = root if folder is None else home
    paths = {photo.image: photo.path for photo in photos}
    boxes = boxes_in_folder(
        beside,
        None,
        paths,
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


if __name__ == "__main__":
    command_of_places(main, "export", __doc__, EXAMPLES, PLACES)
