"""The section `quality` of the config: warnings about photographs."""

from __future__ import annotations

from pydantic import Field

from tf_happywhale.config.section import NotNegative, Section, Share


class Quality(Section):
    """Below what a photograph is shown with a warning."""

    min_side: NotNegative = Field(
        96, description="shorter side of the crop, pixels of the photograph"
    )
    min_sharpness: NotNegative = Field(
        0.02,
        description="variance of the crop's Laplacian, as a share of its grey levels' variance, at "
        "128 pixels",
    )
    min_confidence: Share = Field(0.4, description="the detector's confidence in the box")
