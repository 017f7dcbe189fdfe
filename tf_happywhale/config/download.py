"""The section `download` of the config: `download`."""

from __future__ import annotations

from pydantic import Field

from tf_happywhale.config.section import Section


class Download(Section):
    """What `download` fetches through the Kaggle client."""

    competition: str = Field("happy-whale-and-dolphin", description="competition of the images")
    dataset: str | None = Field(None, description="owner/name of a data set of TFRecords instead")
    to: str = Field("data/happywhale", description="folder the files go to")
    message: str = Field("tf_happywhale", description="message that goes with a submission")
