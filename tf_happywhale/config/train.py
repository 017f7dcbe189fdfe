"""The section `train` of the config: how the model is trained."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from tf_happywhale.config.member import MemberPath
from tf_happywhale.config.section import NotNegative, Positive, Section, Share


class Train(Section):
    """How the model is trained."""

    epochs: Positive = Field(25, description="passes over the training folds")
    batch_size: Positive = Field(32, description="images in a step, over all devices")
    device: Literal["auto", "cpu", "gpu", "tpu"] = Field(
        "auto", description="what trains; auto: the TPU, else all GPUs, else the CPU"
    )
    precision: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        "auto",
        description="of the backbone; auto: bfloat16 on TPUs and on GPUs from capability 8, "
        "float16 on older GPUs, float32 on CPUs",
    )
    learning_rate: float = Field(1e-4, gt=0, description="AdamW's highest learning rate")
    head_rate: float = Field(
        1,
        gt=0,
        description="learning rate of all but the backbone, as a multiple of train.learning_rate",
    )
    freeze_epochs: Annotated[int, Field(ge=0)] = Field(
        0,
        description="first epochs in which the backbone stays exactly as model.weights gave it, "
        "and only pooling, neck and head are trained; as many as train.epochs, or more: the "
        "backbone is never trained",
    )
    against_frozen: bool = Field(
        False,
        description="true: measure the fold by the weights that training starts from too, as they "
        "are, with model.sizes and model.whitening (1 if it is null); if training gains nothing, "
        "that frozen model is kept",
    )
    schedule: Literal["cosine", "original"] = Field(
        "cosine",
        description="how the learning rate changes. cosine: down over the whole run; original: as "
        "in the original solution, down and up again every 24 steps",
    )
    min_learning_rate: NotNegative = Field(1e-7, description="lowest learning rate")
    warmup_epochs: NotNegative = Field(
        0, description="epochs of linear warm-up before the cosine, at most the whole run"
    )
    weight_decay: NotNegative = Field(1e-6, description="AdamW's weight decay")
    accumulate: Positive = Field(
        1,
        description="steps whose gradients are averaged for one update of the weights; they may be "
        "in two epochs, and the last update takes what is left",
    )
    steps_per_execution: Positive = Field(
        1,
        description="steps in one call of the compiled step, such as 8, so that a TPU or GPU does "
        "not wait; the weights are the same, and checkpoints are written between calls",
    )
    average: Annotated[float, Field(ge=0, lt=1)] = Field(
        0,
        description="EMA: decay of a moving average of the weights, such as 0.999; 0: no average",
    )
    target_smoothing: Annotated[float, Field(ge=0, lt=1)] = Field(
        0,
        description="label smoothing: share of each target that is spread over all individuals",
    )
    embedding_mixup: NotNegative = Field(
        0,
        description="alpha, such as 0.2: each embedding is mixed with the next of the batch before "
        "the head, with shares from Beta(alpha, alpha); 0: off",
    )
    teachers: tuple[MemberPath, ...] = Field(
        (),
        description="finished models whose ensemble this model learns to imitate, such as "
        "[{path: RUN_FOLDER, weight: 2}], by the embeddings that `embed` wrote. The folder that "
        "holds fold0, fold1 and so on stands for the one of the fold that is trained. None may "
        "have seen the fold that is left out; []: there are none",
    )
    teacher_weight: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.5,
        description="share of the loss that the teachers have; the individuals have the rest",
    )
    unlabelled: bool = Field(
        False,
        description="true: the images to identify are trained on too. The teachers say where they "
        "belong, so nobody need know who is in them",
    )
    balance: Share = Field(
        0,
        description="0: each image comes once in an epoch; 1: each individual comes equally often; "
        "between: an individual of n images in proportion to n^(1 - balance)",
    )
    first_size: Annotated[int, Field(ge=32, le=4096)] | None = Field(
        None,
        description="side of the pictures in the first epochs, pixels; it grows to last_size in "
        "steps of 32; null or too large: last_size",
    )
    last_size: Annotated[int, Field(ge=32, le=4096)] | None = Field(
        None,
        description="side of the pictures in the last epochs, pixels. Random crops enlarge the "
        "animals in training; smaller than image_size makes up for that. null or too large: "
        "image_size",
    )
    clip_norm: float = Field(1000, gt=0, description="largest global norm of the gradients")
    adaptive_clip: float | None = Field(
        None,
        gt=0,
        description="AGC: largest norm of a filter's gradient as a share of the filter's norm, "
        "such as 0.02 for NFNets; null: off",
    )
    validate_every: Positive = Field(
        1, description="epochs from one validation to the next; only these epochs can be the best"
    )
    checkpoint_minutes: NotNegative = Field(
        5, description="minutes between checkpoints; a stopped run resumes from the last one"
    )
    max_hours: float | None = Field(
        None,
        gt=0,
        description="hours after which training writes a checkpoint and stops; the same command "
        "resumes it; null: no limit",
    )
    max_bad_steps: int = Field(
        10,
        ge=0,
        description="steps with infinite or undefined values that are left out; one more ends the "
        "run with an error",
    )
    tensorboard: bool = Field(
        False, description="true: also write the log for TensorBoard (the extra `tensorboard`)"
    )
    restart: bool = Field(
        False,
        description="true: give up an unfinished training with other settings or photographs; it "
        "stays as given_up/ in the run folder until the new one is finished",
    )

    @model_validator(mode="after")
    def _somebody_teaches_the_unlabelled(self) -> Train:
        if self.unlabelled and not self.teachers:
            raise ValueError(
                "train.unlabelled is true, but there are no train.teachers to say where images "
                "without a label belong: name some, or set train.unlabelled=false"
            )
        return self

    @model_validator(mode="after")
    def _ends_below_its_start(self) -> Train:
        lowest, highest = self.min_learning_rate, self.learning_rate
        if lowest > highest:
            raise ValueError(
                f"train.min_learning_rate is {lowest:g}, above train.learning_rate ({highest:g}): "
                "lower it"
            )
        return self
