"""The section `pod` of the config: the drawn dolphins."""

from __future__ import annotations

from pydantic import Field

from tf_happywhale.config.section import Positive, Section


class Pod(Section):
    """The pod: drawn dolphins, which are used if data.root is null."""

    individuals: Positive = Field(64, description="individuals in the catalogue")
    new_individuals: int = Field(16, ge=0, description="individuals in test images only")
    singletons: int = Field(10, ge=0, description="individuals with one image in the catalogue")
    mean_images: float = Field(8, ge=2, description="mean number of images of the others")
    test_images: float = Field(2, ge=1, description="mean number of test images of an individual")
    spots: int = Field(
        0, ge=0, description="spots on the left of each fin; with any, all images show that side"
    )
    width: int = Field(900, ge=300, description="width of a photograph, pixels")
    height: int = Field(600, ge=200, description="height of a photograph, pixels")
