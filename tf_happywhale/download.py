"""Command: fetch a Kaggle competition or TFRecord data set, or send a submission."""

from __future__ import annotations

from pathlib import Path

from tf_happywhale.cli import command
from tf_happywhale.config import Experiment

VERBS = {
    "fetch": "the files of download.competition, or of download.dataset if given (the default)",
    "submit": "send <output>/submission.csv to download.competition",
}
EXAMPLES = [
    "python -m tf_happywhale.download configs/original_b0_512.yaml",
    "python -m tf_happywhale.download configs/original_b0_512.yaml download.dataset=OWNER/NAME "
    "download.to=data/tfrecords",
    "python -m tf_happywhale.download submit configs/original_b0_512.yaml "
    "download.message='b0, 512 px'",
]


def main(verb: str, experiment: Experiment) -> None:
    """Do what `verb` says with the experiment's `download` section."""
    from tf_happywhale.catalogue.kaggle import kaggle_client
    from tf_happywhale.catalogue.kaggle.kaggle_files import fetch
    from tf_happywhale.places import output_folder

    download = experiment.download
    if verb == "submit":
        file = output_folder(experiment) / "submission.csv"
        check_submission(experiment, file)
        print(
            kaggle_client.submit(
                kaggle_client.connect(), download.competition, file, download.message
            )
        )
        return
    api = kaggle_client.connect()
    if download.dataset:
        remote = kaggle_client.dataset(api, download.dataset)
    else:
        remote = kaggle_client.competition(api, download.competition)
    fetch(api, remote, Path(download.to).expanduser())
    print(f"{download.to} holds every file of {remote.name}.")


def check_submission(experiment: Experiment, file: Path) -> None:
    """Compare the submission with the data folder's `sample_submission.csv` before it is sent.

    Raises:
        InputError: it is not a submission, or its rows are not the sample's.
    """
    from tf_happywhale.catalogue.kaggle import kaggle_client
    from tf_happywhale.catalogue.kaggle.sample_submission import SAMPLE, check_rows
    from tf_happywhale.catalogue.tables.table import read_text_table
    from tf_happywhale.places import data_root

    kaggle_client.check_submission(file)
    sample = data_root(experiment) / SAMPLE
    if sample.is_file():
        check_rows(file, list(read_text_table(file, ("image",))["image"]), sample)
    else:
        print(f"The rows were not compared with Kaggle's: there is no {sample}.")


if __name__ == "__main__":
    command(
        main,
        "download",
        "Fetch the photographs of a competition, or a data set of TFRecords, through Kaggle's "
        "client; resumes where it stopped. Or send a submission.",
        EXAMPLES,
        VERBS,
        derives=False,
    )
