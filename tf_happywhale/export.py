"""Command: export a trained model as SavedModel, ONNX, OpenVINO or LiteRT, with all it needs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tf_happywhale.cli import command_of_places

PLACES = {
    "": (
        "RUN_FOLDER FOLDER",
        "RUN_FOLDER  a trained model, or the name of a published one (`models list`)\n"
        "FOLDER      is written: the model in each of export.formats (pictures uint8\n"
        "            [n, size, size, 3] to embeddings of length 1), its config, and what is known\n"
        "            about new individuals. `identify` and `gallery build` take it as MODEL",
    )
}
EXAMPLES = [
    "python -m tf_happywhale.export output/demo/demo/fold0 dolphins",
    "python -m tf_happywhale.export output/demo/demo/fold0 dolphins export.formats=[openvino]",
    "python -m tf_happywhale.export RUN_FOLDER phone export.formats=[litert]",
    "python -m tf_happywhale.export RUN_FOLDER dolphins export.photographs=DIR",
]


def main(words: Sequence[str], overrides: list[str]) -> None:
    """Convert the model, compare it with Keras on real pictures, and write the folder."""
    from tf_happywhale.errors import InputError
    from tf_happywhale.inference.exporting import export_model
    from tf_happywhale.inference.which_model.trained_models import find_trained

    run, folder = (Path(word).expanduser() for word in words)
    if folder.exists():
        raise InputError(f"There is a {folder} already: remove it, or name another folder.")
    experiment, models = find_trained(run, overrides)
    if len(models) > 1 or not models[0].file.is_file():
        raise InputError(f"{run} is not a run folder with model.keras: export one model at a time.")
    export_model(models[0], experiment, folder)
    print(f"written: {folder}")


if __name__ == "__main__":
    command_of_places(main, "export", __doc__, EXAMPLES, PLACES)
