"""Who may ask what: the name of this machine, the token, the cookie, and where a request is from.

A page of another address that a browser has open can send requests here too. It does not know the
token, gets no cookie sent along (SameSite), and is refused by its Origin. A name that is made to
point to this machine (DNS rebinding) is refused by the header Host.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import platform
from urllib.parse import parse_qs, urlencode, urlsplit

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from tf_happywhale.server.home.home import Home
from tf_happywhale.server.requests.answers import said
from tf_happywhale.server.requests.login_page import login_page

OPEN = ("/health",)  # needs no token
SAFE = ("GET", "HEAD", "OPTIONS")
YEAR = 365 * 24 * 3600


class Access:
    """Lets through what may be asked."""

    def __init__(self, app: ASGIApp, home: Home) -> None:
        self.app, self.home = app, home
        self.names = {"localhost", platform.node().lower(), *map(str.lower, home.settings.names)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that may not be asked, or pass it on."""
        answer = self.refused(scope) if scope["type"] == "http" else None
        await (answer or self.app)(scope, receive, send)

    def refused(self, scope: Scope) -> Response | None:
        """Return the answer to a request that is not passed on; None: it is."""
        headers, path = Headers(scope=scope), scope["path"]
        host = headers.get("host", "")
        if not self.is_known(host):
            return said(400, f"{host[:80]!r} is no name of this machine: add it to server.names.")
        if path in OPEN:
            return None
        query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        if "token" in query and scope["method"] == "GET" and not path.startswith("/v1/"):
            return self.entered(query, path, host)
        kind, _, bearer = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer":
            return None if same(bearer.strip(), self.home.token) else unknown(headers)
        cookies = cookie_parser(headers.get("cookie", ""))
        if not same(cookies.get(cookie_name(host), ""), cookie_of(self.home.token)):
            return unknown(headers)
        if scope["method"] not in SAFE and not is_from_here(headers, host):
            return said(403, "This request comes from a page of another address.")
        return None

    def is_known(self, host: str) -> bool:
        """Whether the header Host names this machine. Numbers always do: no name server is asked
        for them."""
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return name.lower() in self.names
        return True

    def entered(self, query: dict[str, list[str]], path: str, host: str) -> Response:
        """Return the answer to an address with a token: the same without it, and a cookie."""
        token = query.pop("token")[-1]
        if not same(token, self.home.token):
            return login_page("This token is not the right one.")
        rest = urlencode(query, doseq=True)
        there = "/" + path.lstrip("/")  # never //host, another machine's
        answer = RedirectResponse(f"{there}?{rest}" if rest else there, 303)
        answer.set_cookie(
            cookie_name(host), cookie_of(self.home.token), YEAR, httponly=True, samesite="strict"
        )
        return answer


def same(given: str, right: str) -> bool:
    """Whether a secret is the right one, in a time that does not say how much of it is."""
    return bool(right) and hmac.compare_digest(given.encode(), right.encode())


def cookie_of(token: str) -> str:
    """Return what the cookie holds. Servers on other ports of this machine get it too, so it is not
    the token."""
    return hmac.new(token.encode(), b"happywhale cookie", hashlib.sha256).hexdigest()


def cookie_name(host: str) -> str:
    """Return the cookie's name. It has the port, since cookies of all ports are in one place."""
    port = host.rpartition(":")[2]
    return f"happywhale_{port}" if port.isdecimal() else "happywhale"


def is_from_here(headers: Headers, host: str) -> bool:
    """Whether the page that sends a request is of this address."""
    source = headers.get("origin") or headers.get("referer") or ""
    try:
        return urlsplit(source).netloc.lower() == host.lower() != ""
    except ValueError:
        return False


def unknown(headers: Headers) -> Response:
    """Return the answer to one who has no token: for a page a form that asks for it."""
    if "text/html" in headers.get("accept", ""):
        return login_page("")
    answer = said(401, "The token is missing or wrong: send `Authorization: Bearer TOKEN`.")
    answer.headers["WWW-Authenticate"] = "Bearer"
    return answer
