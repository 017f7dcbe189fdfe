"""The section `embed` of the config: how images become embeddings."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tf_happywhale.config.section import Positive, Section


class Embed(Section):
    """How images become embeddings."""

    batch_size: Positive = Field(64, description="images in a step")
    mirrored: bool = Field(False, description="true: embed the mirrored pictures too")
    engine: Literal["auto", "keras", "openvino", "onnx", "litert"] = Field(
        "auto",
        description="what runs the model; auto: on a CPU the fastest one that `export` has "
        "written, else keras; openvino, onnx and litert: the model is converted if that was not "
        "done yet",
    )
    precision: Literal["float32", "bfloat16", "float16", "int8"] = Field(
        "float32",
        description="of the computation; bfloat16 needs embed.engine=openvino, float16 (of the "
        "weights alone) and int8 need litert, and int8 a model that `export` has written",
    )
