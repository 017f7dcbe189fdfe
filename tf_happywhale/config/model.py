"""The section `model` of the config: the network and its ArcFace head."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from tf_happywhale.config.section import Positive, Section, Share


class Model(Section):
    """The backbone, GeM pooling, the neck, and the ArcFace head that trains them."""

    backbone: Literal[
        "lite0", "lite1", "lite2", "lite3", "lite4",
        "b0", "b1", "b2", "b3", "b4", "b5", "b6", "b7", "l2",
        "v2_s", "v2_m", "v2_l", "v2_xl", "efficientnetv2_rw_m",
        "nfnet_l0", "eca_nfnet_l0", "eca_nfnet_l1", "eca_nfnet_l2",
    ] = Field("lite0", description="an EfficientNet, -lite, V2, or NFNet by name")  # fmt: skip
    weights: str = Field(
        "default",
        min_length=1,
        description="weights that training starts from: default (the backbone's first "
        "in `happywhale weights list`), none, a name from that list such as b6_ns, "
        "hf://OWNER/NAME, a .safetensors or .h5 file; or a run folder, model.keras or .weights.h5 "
        "of this package, or a published model that was fetched (`happywhale models list`), which "
        "give the neck too; or best: of default, the run folders beside the output, and the "
        "fetched models, those that find most in the fold as they are",
    )
    region: tuple[Share, Share, Share, Share] | None = Field(
        None,
        description="the part of aligned photographs that the network sees, [xmin, ymin, xmax, "
        "ymax] as shares of the sides; null: all",
    )
    drop_path: Annotated[float, Field(ge=0, lt=1)] = Field(
        0,
        description="stochastic depth: largest probability that training leaves out a residual "
        "branch",
    )
    gem_p: float = Field(3, gt=0, description="first value of GeM's exponent")
    pooling: Literal["final", "last_two"] = Field(
        "final", description="which feature maps are pooled: the last, or those of two stages"
    )
    columns: Positive = Field(
        1,
        description="vertical strips of the last feature map that are pooled too, for aligned "
        "photographs; 1: no strips",
    )
    train_gem_p: bool = Field(True, description="false: GeM's exponent stays as it is")
    freeze_norm: bool = Field(False, description="true: the backbone's BatchNorms stay as they are")
    dropout: Annotated[float, Field(ge=0, lt=1)] = Field(
        0, description="share of the neck's outputs that training leaves out"
    )
    embedding_size: Positive | None = Field(
        512, description="length of the embedding; null: the output of the neck's BatchNorm"
    )
    sizes: tuple[Annotated[float, Field(ge=0.25, le=4)], ...] = Field(
        (),
        description="sizes, relative to image_size, whose mean is the embedding once training is "
        "done, such as [0.94, 1, 1.09]; []: image_size alone",
    )
    whitening: float | None = Field(
        None,
        gt=0,
        description="once training is done, reduce the directions in which images of one "
        "individual differ; the ridge as a share of their mean variance, such as 1; null: off",
    )
    margin: float = Field(0.3, ge=0, lt=1.5707963, description="ArcFace's margin, radians")
    scale: float = Field(30, gt=0, description="ArcFace's scale s of the cosines")
    easy_margin: bool = Field(
        False, description="true: the margin counts only where the cosine is positive"
    )
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = Field(
        0,
        description="the original's label smoothing, inside ArcFace, where it mixes logits with "
        "and without margin; the usual label smoothing is train.target_smoothing",
    )
    subcentres: Positive = Field(
        1, description="centres of each individual, of which the nearest counts"
    )
    dynamic_margin: tuple[float, float, float] | None = Field(
        None,
        description="[a, b, c]: the margin of an individual with n training images is a·n^b + c, "
        "such as [0.27126, -0.364399, 0.05]; null: model.margin",
    )
    species_weight: Annotated[float, Field(ge=0, lt=1)] = Field(
        0, description="share of the loss that a second head, for species, has; 0: no such head"
    )

    @model_validator(mode="after")
    def _region_has_an_area(self) -> Model:
        if self.region is not None:
            xmin, ymin, xmax, ymax = self.region
            if not (xmin < xmax and ymin < ymax):
                raise ValueError(
                    f"model.region is {list(self.region)}, which has no area: give "
                    "[xmin, ymin, xmax, ymax]"
                )
        return self
