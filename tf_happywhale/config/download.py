"""The section `download` of the config: what `download` fetches from Kaggle."""

from __future__ import annotations

from pydantic import Field

from tf_happywhale.config.section import Section


class Download(Section):
    """What `download` fetches from Kaggle."""

    competition: str = Field("happy-whale-and-dolphin", description="competition of the images")
    dataset: str | None = Field(None, description="owner/name of TFRecords to fetch instead")
    to: str = Field("data/happywhale", min_length=1, description="folder for the files")
    message: str = Field("tf_happywhale", description="message sent with a submission")
