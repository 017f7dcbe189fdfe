"""The section `data` of the config: the photographs, and who is in them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from tf_happywhale.config.section import Section


def _encoding(name: str) -> str:
    try:
        "a".encode(name)
    except LookupError:
        raise ValueError(
            f"data.encoding is {name[:80]!r}, which is not an encoding of text: take cp1252, "
            "latin-1, utf-16-le or another that Python knows"
        ) from None
    return name


TextEncoding = Annotated[str, AfterValidator(_encoding)]
TableColumn = Literal[
    "image", "individual_id", "species",
    "encounter", "date", "time", "latitude", "longitude", "place", "observer",
    "viewpoint", "quality", "distinctiveness",
]  # fmt: skip


class Data(Section):
    """The photographs and who is in them. The folder is laid out as Kaggle's."""

    root: str | None = Field(
        None, description="folder with train.csv, train_images/ and so on; null: the drawn pod"
    )
    catalogue: str = Field("train.csv", description="the table image,species,individual_id")
    train_images: str = Field("train_images", description="folder of the catalogue's images")
    test_images: str = Field("test_images", description="folder of the images to identify")
    answers: str = Field(
        "answers.csv", description="the table image,individual_id of the test images, if known"
    )
    columns: dict[TableColumn, str] = Field(
        {},
        description="what your table calls the columns, such as {individual_id: ID, image: photo}; "
        "image, individual_id, species, encounter, date, time, latitude, longitude, place, "
        "observer, viewpoint, quality and distinctiveness can be given",
    )
    date_order: Literal["day_first", "month_first"] | None = Field(
        None,
        description="what comes first in dates such as 3/4/2021; null: where days matter, a date "
        "in the table with a number above 12 decides, and without one such dates are refused",
    )
    encoding: TextEncoding | None = Field(
        None,
        description="encoding of your tables, such as cp1252 (Windows); null: UTF-8, or what the "
        "file's byte order mark says",
    )
    unknown: tuple[str, ...] = Field(
        (),
        description='ids that mean that nobody knows the animal, such as [unknown, "?", ""]; '
        "such rows are left out of training and gallery",
    )
    boxes: str | dict[str, str] | None = Field(
        None,
        description="boxes, relative to data.root: a table, a JSON file of COCO, MegaDetector, "
        "LabelMe or VIA, or a folder of VOC, LabelMe or YOLO files; or one for each source, as "
        "{fullbody: FILE, …}; null: boxes.csv if there is one, else whole images",
    )
    boxes_format: Literal["auto", "corners", "xywh", "cxcywh"] = Field(
        "auto",
        description="what the four numbers in a bbox or box cell are: corners (left, top, right, "
        "bottom), xywh (left, top, width, height) or cxcywh (middle, width, height); auto: found "
        "from the numbers, or refused if they can be read in two ways",
    )
    tfrecords: str | None = Field(
        None, description="folder of community TFRecords, used in place of photographs"
    )
    tfrecords_pattern: str | None = Field(
        None,
        description="form of their file names, with {split}, {count}, perhaps {fold}, and * for "
        "anything, such as whales_{split}_{fold}_{count}.tfrecord; null: "
        "{split}-{fold}-{count}.tfrec",
    )
    folds: int = Field(5, ge=2, le=100, description="number of folds")
    fold_by: Literal["auto", "stratified", "encounter", "burst", "open"] = Field(
        "auto",
        description="how images are dealt into folds. stratified: each individual is spread over "
        "the folds; encounter: an encounter is in one fold; burst: an encounter is in one fold, "
        "and without one the images of an individual of one day (column date, else the camera's); "
        "open: some individuals are in one fold as a whole; auto: encounter if the catalogue has "
        "that column, else stratified",
    )
    open_share: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.18, description="fold_by=open: share of the individuals that are in one fold as a whole"
    )
