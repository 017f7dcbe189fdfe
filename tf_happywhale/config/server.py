"""The section `server` of the config: the application and the server."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tf_happywhale.config.section import Positive, Section


class Server(Section):
    """What `app` and `serve` open, and how much they take."""

    host: str = Field(
        "127.0.0.1",
        min_length=1,
        description="address that is listened on; 127.0.0.1: this machine alone; 0.0.0.0: every "
        "machine that reaches this one",
    )
    port: Annotated[int, Field(ge=0, le=65535)] | None = Field(
        None, description="port; 0: a free one; null: a free one for app, and 8765 for serve"
    )
    names: tuple[str, ...] = Field(
        (),
        description="more names by which others reach this machine, such as [whales.example.org]; "
        "its own name and addresses in numbers are known",
    )
    roots: tuple[str, ...] = Field(
        (), description="more folders from which photographs and catalogues may be read"
    )
    upload_megabytes: Positive = Field(2000, description="most that one request may send")
    picture_megabytes: Positive = Field(100, description="largest photograph")
    pictures: Positive = Field(20_000, description="most photographs of a trip")
    browser: bool = Field(True, description="whether app opens the browser")
    token: str | None = Field(
        None,
        description="file with the token that programs send; null: the environment variable "
        "HAPPYWHALE_TOKEN, or else one that is made and kept in the home folder",
    )
