"""The parts of a data folder besides its catalogue: images to identify, answers and boxes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tf_happywhale.catalogue.animals.identities import as_seen, check_not_among
from tf_happywhale.catalogue.animals.individuals import NEW_INDIVIDUAL, with_new
from tf_happywhale.catalogue.boxes.best_boxes import best_boxes
from tf_happywhale.catalogue.boxes.box import WHOLE, AnyBox
from tf_happywhale.catalogue.boxes.find_boxes import WantedBoxes, boxes_from_rows
from tf_happywhale.catalogue.boxes.read_boxes import read_box_rows
from tf_happywhale.catalogue.catalogue_table import read_answers
from tf_happywhale.catalogue.kaggle.sample_submission import SAMPLE
from tf_happywhale.catalogue.photographs.disk_names import checked_names
from tf_happywhale.catalogue.photographs.photo_files import list_photographs, skipped_lines
from tf_happywhale.catalogue.tables.reading import reading_of
from tf_happywhale.catalogue.tables.table import read_text_table
from tf_happywhale.config import Data, Experiment
from tf_happywhale.errors import InputError
from tf_happywhale.messages import say_once


def images_to_identify(data: Data, root: Path) -> list[str]:
    """The images of sample_submission.csv in its order; without it, those in the folder by name."""
    folder, sample = root / data.test_images, root / SAMPLE
    if sample.is_file():
        table = read_text_table(sample, ("image",), reading_of(data))
        return checked_names(table["image"], folder, sample)
    listing = list_photographs(folder)
    for line in skipped_lines(listing):
        say_once(line)
    return listing.images


def known_answers(
    data: Data, root: Path, test_images: list[str], individuals: list[str]
) -> dict[str, str]:
    """The answers of these images, where there are some. An individual that is not among
    `individuals` is `new_individual`; how many there are is printed.

    Raises:
        InputError: an answer may be one of `individuals` written in another way, or may mean that
            nobody knows the animal; or none is of an image to identify.
    """
    path = root / data.answers
    if not path.is_file():
        return {}
    answers = read_answers(path, reading_of(data), test_images)
    asked = [image for image in test_images if answers.get(image)]
    if answers and test_images and not set(answers) & set(test_images):
        raise InputError(
            f"{path} lists none of the images to identify, such as {test_images[0]!r}, but "
            f"{next(iter(answers))!r}: correct the names, or move the file away."
        )
    others = {answers[image] for image in asked} - set(individuals)
    others = {who for who in others if as_seen(who) != NEW_INDIVIDUAL}
    check_not_among(sorted(others), individuals, str(path))
    if others:
        count = sum(answers[image] in others for image in asked)
        say_once(
            f"{path}: {count} of {len(asked)} images show individuals that are not in the "
            f"catalogue, such as {min(others)!r}: they count as new_individual"
        )
    return dict(zip(asked, with_new([answers[image] for image in asked], individuals), strict=True))


def boxes_of_source(
    experiment: Experiment, root: Path, source: str, photographs: Mapping[str, str | Path]
) -> dict[str, AnyBox]:
    """The boxes of one source for these photographs, by key; empty for `whole`, or if there is no
    table.

    Raises:
        InputError: the table is missing, has no box of the source, or does not name its sources.
    """
    data, given = experiment.data, experiment.data.boxes
    if source == WHOLE:
        return {}
    if isinstance(given, dict):
        if source not in given:
            raise InputError(
                f"data.boxes names no file of source {source!r} (it has: {', '.join(given)}): add "
                "it, or set records.source to one of those."
            )
        given = given[source]
    if given is None and not (root / "boxes.csv").is_file():
        return {}
    path = root / (given or "boxes.csv")
    rows = read_box_rows(path, reading_of(data))
    sources = {experiment.records.source, *experiment.records.more_sources} - {WHOLE}
    one_for_all = not isinstance(data.boxes, dict) and len(sources) > 1
    if one_for_all and any(not row.source for row in rows):
        raise InputError(
            f"{path} does not say the source of each box, and the records want "
            f"{' and '.join(sorted(sources))}: add a column source, or name a file for each source "
            "in data.boxes."
        )
    folders = [root / data.train_images, root / data.test_images]
    wanted = WantedBoxes([source], choose=best_boxes)
    return boxes_from_rows(rows, path, photographs, wanted, folders).get(source, {})
