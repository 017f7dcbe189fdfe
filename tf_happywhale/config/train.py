"""The section `train` of the config: training."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from tf_happywhale.config.section import NotNegative, Positive, Section, Share


class Train(Section):
    """How the model is trained."""

    epochs: Positive = Field(25, description="passes over the training folds")
    batch_size: Positive = Field(32, description="images a step, over all devices")
    device: Literal["auto", "cpu", "gpu", "tpu"] = Field(
        "auto",
        description="what trains; auto: the TPU, else all GPUs, else the CPU",
    )
    precision: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        "auto",
        description="of the backbone; auto: bfloat16 on TPUs and on GPUs from capability 8, "
        "float16 on older ones, float32 on CPUs",
    )
    learning_rate: float = Field(1e-4, gt=0, description="AdamW's, at its highest")
    head_rate: float = Field(
        1, gt=0, description="learning rate of all but the backbone, as a multiple"
    )
    schedule: Literal["cosine", "original"] = Field(
        "cosine",
        description="over the run; original: up and down again every 24 steps, as it was there",
    )
    min_learning_rate: NotNegative = Field(1e-7, description="where the cosine ends")
    warmup_epochs: NotNegative = Field(
        0, description="epochs of linear warm-up before the cosine, at most the whole run"
    )
    weight_decay: NotNegative = Field(1e-6, description="AdamW's weight decay")
    accumulate: Positive = Field(
        1,
        description="steps whose gradients are averaged for one update of the weights, also over "
        "the end of an epoch; the run's last update takes what is left",
    )
    steps_per_execution: Positive = Field(
        1,
        description="steps that are taken in one call of the compiled step, such as 8, where a TPU "
        "or GPU would wait for the next; the weights are the same, checkpoints come between calls",
    )
    average: Annotated[float, Field(ge=0, lt=1)] = Field(
        0, description="decay of a moving average of the weights, such as 0.999; 0: none"
    )
    target_smoothing: Annotated[float, Field(ge=0, lt=1)] = Field(
        0, description="share of each target that is spread over all individuals"
    )
    embedding_mixup: NotNegative = Field(
        0,
        description="embeddings are mixed with the next ones of the batch before the head, their "
        "shares from Beta(alpha, alpha), such as 0.2; 0: not",
    )
    balance: Share = Field(
        0,
        description="0: every image comes once an epoch; 1: every individual equally often; "
        "between: an individual of n images in proportion to n^(1 - balance)",
    )
    first_size: Annotated[int, Field(ge=32, le=4096)] | None = Field(
        None,
        description="side of the pictures in the first epochs, pixels; it grows by 32 to "
        "last_size in equal parts of the run; null, or above that: last_size",
    )
    last_size: Annotated[int, Field(ge=32, le=4096)] | None = Field(
        None,
        description="side of the pictures in the last epochs, pixels; smaller than image_size, at "
        "which images are embedded, where random crops make animals look larger than they will; "
        "null, or above image_size: image_size",
    )
    clip_norm: float = Field(1000, gt=0, description="largest global norm of the gradients")
    adaptive_clip: float | None = Field(
        None,
        gt=0,
        description="largest norm of a filter's gradient, as a share of the filter's norm, such as "
        "0.02 for NFNets; null: not clipped so",
    )
    validate_every: Positive = Field(
        1,
        description="epochs between validations by retrieval; only these epochs can be the best",
    )
    checkpoint_minutes: NotNegative = Field(
        5, description="minutes between checkpoints, from which a stopped run resumes"
    )
    max_hours: float | None = Field(
        None,
        gt=0,
        description="hours after which the command writes a checkpoint and stops; the same command "
        "resumes; null: it does not stop",
    )
    max_bad_steps: int = Field(
        10, ge=0, description="steps that are not finite and are left out before the run stops"
    )
    tensorboard: bool = Field(
        False, description="write TensorBoard's events beside the log (the extra `tensorboard`)"
    )
    restart: bool = Field(
        False,
        description="true: give up an unfinished training of other settings or photographs; "
        "it is kept as given_up/ in the run folder until the new one is finished",
    )

    @model_validator(mode="after")
    def _ends_below_its_start(self) -> Train:
        lowest, highest = self.min_learning_rate, self.learning_rate
        if lowest > highest:
            raise ValueError(
                f"train.min_learning_rate is {lowest:g}, above train.learning_rate ({highest:g}): "
                "lower it"
            )
        return self
