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

    resume: bool = Field(
        False,
        description="true: a further training starts from the model of the one before, with its "
        "weights; false: from model.weights, as the first one does",
    )
    settings: dict[str, str | None] = Field(
        {},
        description="keys in which the further trainings differ from the first, such as "
        "{train.epochs: 12, image_size: 376}; of image_size, augment and train",
    )

    @model_validator(mode="after")
    def _settings_are_of_training(self) -> Pseudo:
        for key in self.settings:
            if key != "image_size" and key.partition(".")[0] not in ("augment", "train"):
                raise ValueError(
                    f"pseudo.settings has {key!r}: a further training can differ in image_size and "
                    "in keys of augment and train, such as train.epochs"
                )
        return self

    @model_validator(mode="after")
    def _round_exists(self) -> Pseudo:
        if (self.round or 0) > self.rounds:
            raise ValueError(
                f"pseudo.round is {self.round}, above pseudo.rounds ({self.rounds}): raise that"
            )
        return self
