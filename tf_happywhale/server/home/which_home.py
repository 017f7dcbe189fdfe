"""The home of a request, for routes."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from tf_happywhale.server.home.home import Home


def _home(request: Request) -> Home:
    return request.app.state.home


HomeOf = Annotated[Home, Depends(_home)]
