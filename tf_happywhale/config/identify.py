"""The section `identify` of the config: `identify` and `gallery`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tf_happywhale.config.section import Section, Share


class Identify(Section):
    """What `identify` and `gallery` do with photographs."""

    boxes: str | None = Field(
        None,
        description="boxes of the photographs, in any format of data.boxes; null: boxes.csv in "
        "each folder of them where there is one",
    )
    detector: str | None = Field(
        None,
        description="weights of a detector, .pt or .onnx, for photographs and pictures of a "
        "catalogue that no table has a box of; null: those are used whole",
    )
    animals: Literal["all", "best"] = Field(
        "all",
        description="which boxes of a photograph are animals to identify: all, or the best one",
    )
    min_confidence: Share = Field(
        0.2,
        description="lowest confidence of a photograph's second and further boxes; the best counts "
        "whatever it has",
    )
    encounters: str | None = Field(
        None,
        description="photographs of one animal that are ranked together: folders, for one "
        "sub-folder each, or a table image,encounter; null: each for itself",
    )
    cache: str | None = Field(
        None,
        description="folder that keeps embeddings by model and picture; null: <output>/embedded",
    )
    photographs: str | None = Field(
        None,
        description="folder in which `gallery add` looks, by their content, for photographs that "
        "have moved since `identify`",
    )
