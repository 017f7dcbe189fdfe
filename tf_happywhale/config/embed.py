"""The section `embed` of the config: embedding."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tf_happywhale.config.section import Positive, Section


class Embed(Section):
    """How images become embeddings."""

    batch_size: Positive = Field(64, description="images a step")
    mirrored: bool = Field(False, description="embed the mirrored pictures too")
    engine: Literal["auto", "keras", "openvino", "onnx"] = Field(
        "auto",
        description="who runs the model; auto: on a CPU the fastest one that `export` has written "
        "for it, else keras; openvino and onnx are converted to where they are missing",
    )
    precision: Literal["float32", "bfloat16"] = Field(
        "float32", description="of the computation; bfloat16 is openvino's only"
    )
