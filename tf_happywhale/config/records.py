"""The section `records` of the config: the crops, and the TFRecords that hold them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from tf_happywhale.config.section import Positive, Section


class Records(Section):
    """The crops, and the TFRecords that hold them."""

    dir: str | None = Field(None, description="folder of all records; null: <output>/records")
    source: str = Field(
        "fullbody", description="which box is cropped; an image without it is used whole"
    )
    more_sources: tuple[str, ...] = Field(
        (), description="further boxes whose crops are stored, in images that have them"
    )
    size: Annotated[int, Field(ge=16, le=4096)] | None = Field(
        None, description="side of the stored square crop, pixels; null: image_size"
    )
    quality: int = Field(95, ge=1, le=100, description="JPEG quality of the stored crop")
    shard_images: Positive = Field(512, description="largest number of images in a shard")
    embed_source: str | None = Field(
        None,
        description="which stored crop is embedded; null: that of records.source; all: the mean of "
        "all",
    )
    skip_unreadable: bool = Field(
        False,
        description="true: leave out photographs that cannot be read; skipped.csv lists them",
    )
    engine: Literal["local", "beam"] = Field(
        "local", description="what writes: this machine, or Apache Beam (the extra `beam`)"
    )
    beam_options: tuple[str, ...] = Field(
        (), description="options of the Beam runner, such as [--runner=DirectRunner]"
    )

    @property
    def sources(self) -> tuple[str, ...]:
        """The boxes whose crops each example keeps, that of `source` first."""
        return (self.source, *self.more_sources)

    @model_validator(mode="after")
    def _sources_are_kept_once(self) -> Records:
        if len(set(self.sources)) < len(self.sources):
            raise ValueError(
                f"records.more_sources names {list(self.sources)} with one twice: name each once"
            )
        if self.embed_source not in (None, "all", *self.sources):
            raise ValueError(
                f"records.embed_source is {self.embed_source!r}, which is not kept: add it to "
                "records.more_sources"
            )
        return self
