"""The section `report` of the config: the pages with the candidates."""

from __future__ import annotations

from pydantic import Field

from tf_happywhale.config.section import Positive, Section


class Report(Section):
    """The pages with the candidates of each query."""

    queries: int = Field(200, ge=1, le=200, description="queries in report.html")
    page_size: Positive = Field(
        1000, description="queries on a page of report/, which keeps its own decisions"
    )
    thumbnail: int = Field(320, ge=32, le=1024, description="longest side of a picture, pixels")
    references: Positive = Field(
        4, description="pictures of each candidate in report/, the nearest first"
    )
    why: bool | None = Field(
        None,
        description="whether `identify` draws in report/ what scores rest on; null: "
        "matching points where pictures are matched point by point; true: also which parts the "
        "model finds alike; `why` draws both for one pair",
    )
