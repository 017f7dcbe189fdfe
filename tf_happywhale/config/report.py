"""The section `report` of the config: pages."""

from __future__ import annotations

from pydantic import Field

from tf_happywhale.config.section import Positive, Section


class Report(Section):
    """The pages a person looks at."""

    queries: int = Field(200, ge=1, le=200, description="queries of the one-file report.html")
    page_size: Positive = Field(
        1000, description="queries a page of report/; decisions are kept page by page"
    )
    thumbnail: int = Field(320, ge=32, le=1024, description="longest side of a picture, pixels")
    references: Positive = Field(
        4, description="pictures of each candidate in report/, the nearest first"
    )
    why: bool = Field(
        False,
        description="identify: show in report/ what the score of each candidate rests on; "
        "`why` draws it for one pair",
    )
