"""`detect report`: the contact sheet of the boxes that a person should check first."""

from __future__ import annotations

from tf_happywhale.catalogue.boxes.read_boxes import read_box_rows
from tf_happywhale.catalogue.tables.table import read_text_table
from tf_happywhale.config import Experiment
from tf_happywhale.detection.all_photographs import find_photographs
from tf_happywhale.detection.boxes_table import COLUMNS, WITHOUT
from tf_happywhale.detection.contact_sheet import Sheet, make_cards, write_sheet
from tf_happywhale.errors import InputError
from tf_happywhale.places import detector_folder


def report_boxes(experiment: Experiment) -> None:
    """Write `report.html` from `boxes.csv` and `without_box.csv`.

    Raises:
        InputError: one of the two is missing, or a line of `boxes.csv` is wrong.
    """
    folder = detector_folder(experiment)
    boxes, without = folder / "boxes.csv", folder / "without_box.csv"
    if not (boxes.is_file() and without.is_file()):
        raise InputError(
            f"There are no boxes in {folder}: run `python -m tf_happywhale.detect predict` with "
            "this config first."
        )
    read_box_rows(boxes)  # its errors name the line that a person mistyped
    cards = make_cards(read_text_table(boxes, COLUMNS), read_text_table(without, WITHOUT))
    lacking = sum(bool(card.missing) for card in cards)
    shown = cards[: experiment.report.queries]
    summary = f"{len(cards)} photographs, of which {lacking} lack a box."
    sheet = Sheet(shown, find_photographs(experiment), boxes, summary)
    page = folder / "report.html"
    write_sheet(page, sheet, side=2 * experiment.report.thumbnail)
    print(
        f"detect: look at {page}, the {len(shown)} least certain of {len(cards)} photographs, "
        f"correct {boxes}, and run detect report again"
    )
