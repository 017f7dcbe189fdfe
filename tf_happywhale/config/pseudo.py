"""The section `pseudo` of the config: training again on confident predictions."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from tf_happywhale.config.section import Section, Share


class Pseudo(Section):
    """Training again, with confident predictions of the images to identify as labels."""

    rounds: int = Field(
        0,
        ge=0,
        description="further trainings after the first, each with the confident predictions of the "
        "one before as labels",
    )
    round: Annotated[int, Field(ge=0)] | None = Field(
        None, description="which training a command works on; 0: the first; null: the last"
    )
    confidence: Share = Field(
        0.9, description="lowest probability of being right that makes a prediction a label"
    )
    duplicate: Share = Field(
        0.9,
        description="correlation of thumbnails from which an image to identify is left out, since "
        "it shows the same as an image of the validation fold",
    )

    @model_validator(mode="after")
    def _round_exists(self) -> Pseudo:
        if (self.round or 0) > self.rounds:
            raise ValueError(
                f"pseudo.round is {self.round}, above pseudo.rounds ({self.rounds}): raise that"
            )
        return self
