"""The section `augment` of the config: how training pictures are varied."""

from __future__ import annotations

from pydantic import Field, model_validator

from tf_happywhale.config.section import Section, Share


class Augment(Section):
    """How training pictures are varied. Keys ending in `_p` are probabilities. The defaults are
    those of the original."""

    enabled: bool = Field(True, description="false: training sees the crops as they are")
    affine_p: Share = Field(0.5, description="rotation, shift and shear together")
    rotate: float = Field(15, ge=0, le=180, description="largest rotation either way, degrees")
    translate: Share = Field(
        0.25, description="largest shift to the right and down, as a share of the side"
    )
    shear: float = Field(3, ge=0, le=45, description="largest shear either way, degrees")
    crop_scale: tuple[Share, Share] = Field(
        (0.9, 1.0), description="random crop: smallest and largest share of the area"
    )
    crop_ratio: tuple[float, float] = Field(
        (0.75, 1.3333333), description="random crop: smallest and largest width by height"
    )
    grey_p: Share = Field(0.1, description="the colour is removed")
    blur_p: Share = Field(0.07, description="box blur of 3 to 7 pixels")
    motion_blur_p: Share = Field(0, description="blur along a line of 3 to 9 pixels")
    noise_p: Share = Field(
        0.07, description="Gaussian noise with a variance of 10 to 50 squared grey levels"
    )
    grid_shuffle_p: Share = Field(0.28, description="the four quarters change places")
    brightness_contrast_p: Share = Field(0.5, description="brightness and contrast change together")
    brightness: Share = Field(0.2, description="largest change, as a share of full brightness")
    contrast: Share = Field(0.2, description="largest change of the factor")
    cutout_p: Share = Field(0, description="four black squares, each a fifth of the side wide")
    occlusion_p: Share = Field(
        0, description="one rectangle of random pixels, 2% to 20% of the area"
    )
    flip_p: Share = Field(0.1, description="mirrored left to right")
    mixup_p: Share = Field(
        0, description="mixed with the next picture of the batch, with shares from Beta(.4, .4)"
    )
    crops: dict[str, Share] = Field(
        {},
        description="how often each stored crop is drawn, such as {fullbody: 0.6, backfin: 0.4}; "
        "{}: always that of records.source",
    )

    @model_validator(mode="after")
    def _smaller_first(self) -> Augment:
        for name in ("crop_scale", "crop_ratio"):
            low, high = getattr(self, name)
            if not 0 < low <= high:
                raise ValueError(
                    f"augment.{name} is [{low}, {high}]: give the smaller first, above 0"
                )
        return self

    @model_validator(mode="after")
    def _some_crop(self) -> Augment:
        if self.crops and sum(self.crops.values()) <= 0:
            raise ValueError("augment.crops has no share above 0: give one")
        return self
