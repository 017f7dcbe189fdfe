"""The section `detect` of the config: detector."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tf_happywhale.config.section import NotNegative, Positive, Section, Share


class Detect(Section):
    """The detector: what it learns from, and which of its boxes are kept."""

    model: str = Field(
        "yolov5x6u",
        min_length=1,
        description="network that training starts from: a YOLO by name, a .pt file of one, or a "
        ".yaml, from scratch",
    )
    annotations: str | dict[str, str] | None = Field(
        None,
        description="boxes it learns from, given as data.boxes are, seen from data.root too; "
        "null: data.boxes; boxes that name no source are of records.source",
    )
    sources: tuple[str, ...] = Field((), description="what it looks for; []: all annotated sources")
    folds: int = Field(
        5,
        ge=2,
        le=100,
        description="parts of the annotated photographs, each held out by one model; fold says "
        "which models are trained",
    )
    image_size: int = Field(
        1280,
        ge=64,
        le=4096,
        description="longest side of a photograph in training, rounded up to 64s, pixels; "
        "prediction takes the one that the weights name",
    )
    epochs: Positive = Field(30, description="passes over the annotated photographs")
    batch_size: Positive = Field(8, description="images a batch, in training and prediction")
    step_images: Positive = Field(
        64,
        description="images of one step of the optimizer; smaller batches are added up",
    )
    optimizer: Literal["SGD", "AdamW"] = Field(
        "SGD", description="SGD with Nesterov momentum, AdamW"
    )
    learning_rate: float = Field(0.01, gt=0, description="at its highest")
    rotate: float = Field(30, ge=0, le=180, description="largest rotation either way, degrees")
    scale: Share = Field(0.75, description="largest change of size, as a share")
    restart: bool = Field(
        False,
        description="true: give up an unfinished training of other settings or photographs",
    )
    models: tuple[str, ...] = Field(
        (), description="weights (.pt or .onnx) that predict together; []: the folds' own"
    )
    engine: Literal["torch", "onnx"] = Field(
        "torch", description="which of the folds' weights predict; onnx needs no PyTorch"
    )
    confidence: Share = Field(0.1, description="lowest confidence of a box that is kept")
    overlap: float = Field(
        0.55,
        gt=0,
        lt=1,
        description="intersection over union at which two boxes are one animal: boxes of several "
        "models, or of one photograph to identify",
    )
    choice: Literal["best", "largest", "union", "all"] = Field(
        "best",
        description="of an image's boxes of one source: the most confident, the largest, the box "
        "around all, or all of them, for photographs that show several animals",
    )
    padding: dict[str, NotNegative] = Field(
        {}, description="added on each side, as a share of the box, such as {backfin: 0.1}"
    )
