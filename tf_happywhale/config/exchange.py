"""The section `exchange` of the config: catalogues in the formats of other programs."""

from __future__ import annotations

from pydantic import Field

from tf_happywhale.config.section import Section


class Exchange(Section):
    """Catalogues in the formats of other programs; see docs/exchange.md."""

    pictures: bool = Field(
        True, description="copy the photographs too; false: only the tables are written"
    )
    folder: str | None = Field(
        None,
        description="import: the folder of the photographs that the file names; null: beside it",
    )
    species: dict[str, str] = Field(
        {},
        description="export: the scientific name of each species, such as {bottlenose_dolphin: "
        "Tursiops truncatus}; a species that is such a name needs none",
    )
    timezone: str | None = Field(
        None,
        description="export: where times without an offset were taken, as +02:00 or Europe/Oslo; "
        "Camtrap DP must know it",
    )
    submitter: str | None = Field(None, description="export: your user name in Wildbook")
