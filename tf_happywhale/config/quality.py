"""The section `quality` of the config: which photographs get a warning."""

from __future__ import annotations

from pydantic import Field

from tf_happywhale.config.section import NotNegative, Section, Share


class Quality(Section):
    """A photograph gets a warning if it is below one of these."""

    min_side: NotNegative = Field(
        96, description="shorter side of the crop, in pixels of the photograph"
    )
    min_sharpness: NotNegative = Field(
        0.02,
        description="variance of the crop's Laplacian as a share of the variance of its grey "
        "levels, at 128 pixels",
    )
    min_confidence: Share = Field(0.4, description="the detector's confidence in the box")
