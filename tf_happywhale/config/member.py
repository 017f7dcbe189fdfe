"""A trained model that a config names."""

from __future__ import annotations

from pydantic import Field

from tf_happywhale.config.section import Section


class MemberPath(Section):
    """A model of an ensemble."""

    path: str = Field(description="run folder, or a folder of train.npz and test.npz")
    weight: float = Field(1, gt=0, description="its share of the score, relative to the others")
