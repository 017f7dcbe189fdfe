"""The section `detect` of the config: training the detector, and which boxes it gives."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tf_happywhale.config.section import NotNegative, Positive, Section, Share


class Detect(Section):
    """The detector: what it is trained on, and which of its boxes are kept."""

    model: str = Field(
        "yolov5x6u",
        min_length=1,
        description="network that training starts from: the name of a YOLO, its .pt file, or a "
        ".yaml to train from scratch",
    )
    annotations: str | dict[str, str] | None = Field(
        None,
        description="boxes to train on, given as data.boxes is; null: data.boxes. Boxes without a "
        "source get that of records.source",
    )
    sources: tuple[str, ...] = Field(
        (), description="sources it learns to find; []: all annotated sources"
    )
    folds: int = Field(
        5,
        ge=2,
        le=100,
        description="number of folds of the annotated photographs; each model leaves one out, and "
        "the key fold says which models are trained",
    )
    image_size: int = Field(
        1280,
        ge=64,
        le=4096,
        description="longest side of a photograph in training, pixels, rounded up to a multiple of "
        "64; prediction takes the size that the weights name",
    )
    epochs: Positive = Field(30, description="passes over the annotated photographs")
    batch_size: Positive = Field(8, description="images in a batch, in training and prediction")
    step_images: Positive = Field(
        64, description="images in a step of the optimizer; gradients of batches are added up to it"
    )
    optimizer: Literal["SGD", "AdamW"] = Field(
        "SGD", description="SGD (with Nesterov momentum) or AdamW"
    )
    learning_rate: float = Field(0.01, gt=0, description="highest learning rate")
    rotate: float = Field(30, ge=0, le=180, description="largest rotation either way, degrees")
    scale: Share = Field(0.75, description="largest change of size, as a share")
    restart: bool = Field(
        False,
        description="true: give up an unfinished training with other settings or photographs",
    )
    models: tuple[str, ...] = Field(
        (), description="weights (.pt or .onnx) that predict together; []: those of the folds"
    )
    engine: Literal["torch", "onnx"] = Field(
        "torch", description="which weights of the folds predict; onnx does not need PyTorch"
    )
    confidence: Share = Field(0.1, description="lowest confidence of a box that is kept")
    overlap: float = Field(
        0.55,
        gt=0,
        lt=1,
        description="intersection over union from which two boxes are one animal: boxes of several "
        "models, or boxes in a photograph to identify",
    )
    choice: Literal["best", "largest", "union", "all"] = Field(
        "best",
        description="which box of an image is kept for each source: the most confident (best), the "
        "largest, one around all (union), or all of them, if photographs show several animals",
    )
    padding: dict[str, NotNegative] = Field(
        {}, description="added on each side, as a share of the box, such as {backfin: 0.1}"
    )
