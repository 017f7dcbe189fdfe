"""Attacks by who asks, and from where."""

from __future__ import annotations

from collections.abc import Iterator

from tests.server.hostile import wire
from tests.server.hostile.attack import Try, attack, refused
from tests.server.hostile.child import Child

OPEN = ("/health", "/openapi.json")
HOSTS = (
    "evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "evil.example:{port}",
    "[::1", "",
    "127.0.0.1@evil.example", "evil.example#127.0.0.1", "evil.example/127.0.0.1",
    "127.0.0.1 evil.example",
)  # fmt: skip
ORIGINS = (
    "https://evil.example", "null", "http://127.0.0.1:1", "http://localhost:{port}",
    "http://127.0.0.1", "http://127.0.0.1:{port}.evil.example", "file://", "", "http://[",
)  # fmt: skip


@attack
def no_token(child: Child) -> Iterator[Try]:
    """Every route of the interface without a token, and with wrong ones."""
    described = child.ask("GET", "/openapi.json").json()
    for path, methods in described["paths"].items():
        for method in methods:
            if path in OPEN:
                continue
            asked = path.replace("{", "").replace("}", "")
            answer = child.ask(method.upper(), asked, headers={"Authorization": ""})
            yield refused(f"{method} {path}", answer, 401)
    token = child.token
    for wrong in (
        token[:-1],
        token + "x",
        token.swapcase(),
        "",
        "é" * 9,
        "x" * 60_000,
        f"{token}, x",
        "null",
    ):
        answer = child.ask("GET", "/v1/state", headers={"Authorization": f"Bearer {wrong}"})
        answer.broken = len(wrong) > 9999
        yield refused(f"the token {wrong[:12]!r}", answer, 400, 401, 431)
    for kind in (f"Basic {token}", token, f"bearer{token}"):
        yield refused(kind[:9], child.ask("GET", "/v1/state", headers={"Authorization": kind}), 401)
    asked = child.ask("GET", f"/v1/state?token={token}", headers={"Authorization": ""})
    yield refused("a token in an address of the interface", asked, 401)
    for path in ("/?token=wrong", "/?token=", "//evil.example/?token=wrong"):
        answer = child.ask("GET", path, headers={"Authorization": ""})
        yield Try(
            path,
            answer.status in (401, 403, 404) and "set-cookie" not in answer.headers,
            str(answer),
        )


@attack
def hosts(child: Child) -> Iterator[Try]:
    """Names that are not this machine's: DNS rebinding."""
    for host in HOSTS:
        host = host.format(port=child.port)
        line = (
            f"GET /v1/state HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {child.token}\r\n\r\n"
        )
        answer = wire.send(child.port, [line.encode()])
        answer.broken = True  # h11 refuses some of them itself
        yield refused(f"Host {host!r}", answer, 400)
    for lines in ("", "Host: 127.0.0.1\r\nHost: evil.example\r\n"):
        line = f"GET /v1/state HTTP/1.1\r\n{lines}Authorization: Bearer {child.token}\r\n\r\n"
        answer = wire.send(child.port, [line.encode()])
        answer.broken = True
        yield refused(f"hosts {lines!r}", answer, 400)


@attack
def origins(child: Child) -> Iterator[Try]:
    """A page of another address, in a browser that has the cookie."""
    entered = child.ask("GET", f"/?token={child.token}", headers={"Authorization": ""})
    cookie = entered.headers.get("set-cookie", "")
    flags = cookie.lower()
    good = (
        "httponly" in flags
        and "samesite=strict" in flags
        and child.token not in entered.headers.get("location", "")
    )
    yield Try(
        "the cookie",
        entered.status in (302, 303, 307) and good and child.token not in cookie,
        cookie,
    )
    with_cookie = {"Authorization": "", "Cookie": cookie.partition(";")[0]}
    own = {"Origin": f"http://127.0.0.1:{child.port}"}
    mine = child.json("POST", "/v1/trips", {"name": "mine"}, headers=with_cookie | own)
    yield Try("this page itself", mine.status in (200, 201), str(mine))
    for origin in ORIGINS:
        for name in ("Origin", "Referer"):
            headers = with_cookie | {name: origin.format(port=child.port)}
            answer = child.json("POST", "/v1/trips", {"name": "theirs"}, headers=headers)
            yield refused(f"{name} {origin}", answer, 403)
    simple = with_cookie | {"Content-Type": "text/plain", "Origin": "https://evil.example"}
    answer = child.ask("POST", "/v1/trips", b'{"name": "theirs", "x": "="}', simple)
    yield refused("a simple form", answer, 403)
    raw = {"Authorization": "", "Cookie": f"happywhale_{child.port}={child.token}"} | own
    yield refused(
        "the token as a cookie", child.json("POST", "/v1/trips", {"name": "x"}, headers=raw), 401
    )
    trips = child.ask("GET", "/v1/state").json()["trips"]
    yield Try(
        "no trip of theirs",
        not any(trip["name"] == "theirs" for trip in trips),
        f"{len(trips)} trips",
    )
    for path in ("/", "/v1/state", "/static/index.html", "/health", "/nothing"):
        answer = child.ask("GET", path)
        policy = answer.headers.get("content-security-policy", "")
        safe = (
            "default-src 'none'" in policy
            and answer.headers.get("x-content-type-options") == "nosniff"
        )
        safe &= (
            "access-control-allow-origin" not in answer.headers and "server" not in answer.headers
        )
        yield Try(f"headers of {path}", safe, policy)
    for method in ("TRACE", "CONNECT", "OPTIONS", "FOO", "PATCH", "DELETE"):
        answer = child.ask(method, "/v1/state")
        answer.broken = True
        yield refused(f"{method} /v1/state", answer)
