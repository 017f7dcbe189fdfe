"""The section `export` of the config: `export`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tf_happywhale.config.section import Section


class Export(Section):
    """What `export` writes."""

    formats: tuple[Literal["savedmodel", "onnx", "openvino"], ...] = Field(
        ("savedmodel",),
        min_length=1,
        description="formats of the model: savedmodel, onnx, openvino",
    )
    photographs: str | None = Field(
        None,
        description="folder of photographs that the result is checked with; null: the catalogue's",
    )
