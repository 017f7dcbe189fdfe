"""The section `export` of the config: what `export` writes."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tf_happywhale.config.section import Section


class Export(Section):
    """What `export` writes."""

    formats: tuple[Literal["savedmodel", "onnx", "openvino", "litert"], ...] = Field(
        ("savedmodel",),
        min_length=1,
        description="formats of the model: savedmodel, onnx, openvino, litert (for telephones)",
    )
    photographs: str | None = Field(
        None,
        description="folder of photographs to check the result with, and to prepare a model in "
        "int8; null: the catalogue's",
    )
