"""Where an experiment's files lie."""

from __future__ import annotations

from pathlib import Path

from tf_happywhale.config import Experiment


def output_folder(experiment: Experiment) -> Path:
    """Return the folder of everything that the experiment writes."""
    return Path(experiment.output).expanduser()


def data_root(experiment: Experiment) -> Path:
    """Return the data folder. If none is given, it is the synthetic pod's, inside the output
    folder.
    """
    root = experiment.data.root
    return output_folder(experiment) / "pod" if root is None else Path(root).expanduser()


def detector_folder(experiment: Experiment) -> Path:
    """Return the folder of the detector: its training photographs, its folds' weights, the boxes it
    drew.
    """
    return output_folder(experiment) / "detector"


def records_home(experiment: Experiment) -> Path:
    """Return the folder in which records folders lie, one for each kind of pixels."""
    home = experiment.records.dir
    return output_folder(experiment) / "records" if home is None else Path(home).expanduser()


def run_name(experiment: Experiment) -> str:
    """Return the experiment's name, with the number of a round of training on predictions."""
    return experiment.name + (f"-round{experiment.round}" if experiment.round else "")


def run_folder(experiment: Experiment, fold: int) -> Path:
    """Return the folder of the files that training one fold leaves behind."""
    return output_folder(experiment) / run_name(experiment) / f"fold{fold}"


def pseudo_file(experiment: Experiment, fold: int) -> Path:
    """Return the file of the predictions that one fold's training takes as labels."""
    return run_folder(experiment, fold) / "pseudo.csv"


def embeddings_file(experiment: Experiment, fold: int, split: str, view: str = "original") -> Path:
    """Return the file of the embeddings of one model, split (train or test) and view (original or
    mirrored).
    """
    name = split if view == "original" else f"{split}-{view}"
    return run_folder(experiment, fold) / "embeddings" / f"{name}.npz"


def embeddings_home(experiment: Experiment) -> Path:
    """Return the folder in which `identify` and `gallery` keep embeddings."""
    cache = experiment.identify.cache
    return output_folder(experiment) / "embedded" if cache is None else Path(cache).expanduser()
