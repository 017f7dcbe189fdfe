"""The section `match` of the config: local matching of pictures."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tf_happywhale.config.section import Positive, Section


class Match(Section):
    """How pictures are matched point by point."""

    use: Literal["auto", "always", "never"] = Field(
        "auto",
        description="whether pictures are matched; auto: where no trained model has seen the "
        "gallery's individuals, unless the gallery answers better about itself without; beside a "
        "model that has seen them, where its left-out images show that it pays",
    )
    points: int = Field(384, ge=16, le=2048, description="most points of a picture")
    size: int = Field(
        512, ge=64, le=1023, description="longer side of the crops that are matched, pixels"
    )
    margin: Annotated[float, Field(ge=0, le=1)] = Field(
        0, description="share of a box's sides by which it is widened on each side"
    )
    shortlist: Positive | None = Field(
        None,
        description="gallery images that each photograph is compared with, the nearest embeddings; "
        "null: as many as `pairs` allow, and 10 beside a model that has seen the gallery's "
        "individuals",
    )
    pairs: int = Field(
        10_000,
        ge=0,
        description="most pairs of photographs and gallery images, and as many again of gallery "
        "images; each photograph is compared with at least 20 images all the same",
    )
    engine: Literal["auto", "openvino", "keras"] = Field(
        "auto", description="what compares points; auto: openvino where it is installed"
    )
