"""The section `curate` of the config: what `gallery curate` lists."""

from __future__ import annotations

from pydantic import Field

from tf_happywhale.config.section import Positive, Section


class Curate(Section):
    """What `gallery curate` lists."""

    count: Positive = Field(40, description="suspected duplicates and errors in the lists")
