"""The section `augment` of the config: augmentation."""

from __future__ import annotations

from pydantic import Field, model_validator

from tf_happywhale.config.section import Section, Share


class Augment(Section):
    """The original's list of augmentations, each with the probability (`_p`) of being drawn."""

    enabled: bool = Field(True, description="false: training sees the crops as they are")
    affine_p: Share = Field(0.5, description="rotation, translation and shear together")
    rotate: float = Field(15, ge=0, le=180, description="largest rotation either way, degrees")
    translate: Share = Field(0.25, description="largest shift right and down, share of the side")
    shear: float = Field(3, ge=0, le=45, description="largest shear either way, degrees")
    crop_scale: tuple[Share, Share] = Field((0.9, 1.0), description="share of the area kept")
    crop_ratio: tuple[float, float] = Field((0.75, 1.3333333), description="width to height")
    grey_p: Share = Field(0.1, description="colour removed")
    blur_p: Share = Field(0.07, description="box blur of blur_size pixels")
    motion_blur_p: Share = Field(0, description="blur along a line of motion_blur_size pixels")
    noise_p: Share = Field(0.07, description="Gaussian noise added to each pixel")
    grid_shuffle_p: Share = Field(0.28, description="the four quarters change places")
    brightness_contrast_p: Share = Field(0.5, description="brightness and contrast together")
    brightness: Share = Field(0.2, description="largest change, share of full scale")
    contrast: Share = Field(0.2, description="largest change of the factor")
    cutout_p: Share = Field(0, description="black squares, cutout_holes of them")
    occlusion_p: Share = Field(0, description="one rectangle of random pixels")
    flip_p: Share = Field(0.1, description="mirrored left to right")
    mixup_p: Share = Field(0, description="mixed with the next picture of the batch")
    crops: dict[str, Share] = Field(
        {},
        description="which stored crop a step draws, such as {fullbody: 0.6, backfin: 0.4}; "
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
