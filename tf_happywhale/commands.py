"""The commands, in the order in which a person uses them: the only list of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class About:
    """What is said of a command.

    Attributes:
        does: what it does, in one line.
        writes: where it writes, in one sentence; empty: its help says it elsewhere.
    """

    does: str
    writes: str = ""


GROUPS = {
    "Try it": {
        "demo": About(
            "draw photographs of a pod, train a small model on them, and measure it",
            "Everything is written to output=DIR (output/demo).",
        ),
    },
    "Your photographs": {
        "run": About(
            "every step below, from photographs to predictions and a report",
            "Everything is written to output=DIR. Steps that are up to date are not repeated.",
        ),
        "tfrecords": About(
            "crop the photographs and write TFRecords, which training reads",
            "The records are written to <output>/records, or to records.dir.",
        ),
    },
    "Train a model and measure it": {
        "train": About(
            "train a model for each fold; resume a training that was stopped",
            "A model and its log are written to the run folder <output>/<name>/fold<K>.",
        ),
        "embed": About(
            "compute the embeddings of all photographs",
            "The embeddings are written to <run folder>/embeddings.",
        ),
        "rank": About(
            "rank the individuals for each photograph",
            "The results are <output>/predictions.csv and <output>/submission.csv.",
        ),
        "evaluate": About(
            "measure how good the ranking is",
            "The results are <output>/metrics.json and <output>/figures.",
        ),
        "report": About(
            "write web pages on which a person judges the matches",
            "The pages begin at <output>/report.html.",
        ),
        "pseudo": About(
            "use confident predictions as labels for another round of training",
            "The labels are written to pseudo.csv in the run folder of each fold.",
        ),
    },
    "Identify, and review the matches": {
        "app": About(
            "do the whole day's work in the browser on this machine",
            "Everything is kept in the folder FOLDER (~/Happywhale).",
        ),
        "serve": About(
            "the same without opening a browser, for other programs and a lab of several people",
            "Everything is kept in the folder FOLDER (~/Happywhale).",
        ),
        "gallery": About("build a gallery of known individuals, and look after it"),
        "identify": About(
            "find out who is in new photographs",
            "Tables and web pages are written to output=DIR (identified).",
        ),
        "why": About(
            "show which parts of two photographs the model finds alike",
            "The picture is written to <output>/why; output=DIR (identified).",
        ),
    },
    "What was seen": {
        "history": About(
            "make capture histories, files for MARK, secr and SOCPROG, and pictures of a gallery",
            "Everything is written to <output>/history; output=DIR (output).",
        ),
    },
    "Boxes around the animals": {
        "detect": About("train a detector, and let it draw boxes"),
        "boxes": About("show how a file of boxes is read, and which rows are not used"),
    },
    "Kaggle and elsewhere": {
        "download": About(
            "fetch a competition's photographs, or send a submission",
            "Files are written to download.to=DIR.",
        ),
        "models": About("list, fetch and check models that others have published"),
        "weights": About("list, fetch and check published weights"),
        "export": About("write a trained model as SavedModel, ONNX, OpenVINO or LiteRT"),
        "exchange": About("write a catalogue for another program, or read one from there"),
    },
}
COMMANDS = {name: about for group in GROUPS.values() for name, about in group.items()}

AS_MODULE = "python -m tf_happywhale."
prefix = AS_MODULE  # what the user has typed before a command's name; `happywhale` sets its own


def typed(text: str) -> str:
    """The text with its commands as the user types them, such as `happywhale train`."""
    return text.replace(AS_MODULE, prefix)
