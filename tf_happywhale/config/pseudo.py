"""The section `pseudo` of the config: training on predictions."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from tf_happywhale.config.section import Section, Share


class Pseudo(Section):
    """Training again on confident predictions of the images to identify."""

    rounds: int = Field(
        0, ge=0, description="trainings on confident predictions, each after the one before"
    )
    round: Annotated[int, Field(ge=0)] | None = Field(
        None, description="which training a command means, 0 the first one; null: the last"
    )
    confidence: Share = Field(
        0.9, description="smallest probability of being right with which a prediction is a label"
    )
    duplicate: Share = Field(
        0.9,
        description="correlation of two thumbnails from which an image to identify is the same "
        "picture as one of the validation fold, and is left out",
    )

    @model_validator(mode="after")
    def _round_exists(self) -> Pseudo:
        if (self.round or 0) > self.rounds:
            raise ValueError(
                f"pseudo.round is {self.round}, above pseudo.rounds ({self.rounds}): raise that"
            )
        return self
