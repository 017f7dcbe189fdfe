"""Who may ask what."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from tests.server.conftest import ADDRESS
from tf_happywhale.server.application import ROUTES
from tf_happywhale.server.home.home import Home


def test_health_needs_no_token(anyone: TestClient) -> None:
    assert anyone.get("/health").json() == {"status": "ok"}


def test_everything_else_needs_one(anyone: TestClient) -> None:
    routes = [route for one in ROUTES for route in one.router.routes if route.path != "/health"]
    asked = {(method, route.path) for route in routes for method in route.methods}
    assert ("GET", "/v1/state") in asked
    for method, path in asked | {("GET", "/openapi.json"), ("GET", "/nothing")}:
        answer = anyone.request(method, path)
        assert answer.status_code == 401, (method, path)
        assert method == "HEAD" or answer.json()["detail"]
        assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("token", ["", "wrong", "ä"])
def test_a_wrong_token(anyone: TestClient, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}".encode()}
    assert anyone.get("/v1/state", headers=headers).status_code == 401


def test_a_browser_without_token_is_asked_for_it(anyone: TestClient) -> None:
    answer = anyone.get("/", headers={"Accept": "text/html"})
    assert (answer.status_code, "type its token" in answer.text) == (401, True)
    assert "form-action 'self'" in answer.headers["Content-Security-Policy"]


def test_the_opened_address_gives_a_cookie(anyone: TestClient, home: Home) -> None:
    opened = anyone.get(f"/?token={home.token}&a=b", follow_redirects=False)
    assert (opened.status_code, opened.headers["Location"]) == (303, "/?a=b")
    cookie = opened.headers["Set-Cookie"]
    assert cookie.startswith("happywhale_8765=") and home.token not in cookie
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie and "Path=/" in cookie
    assert anyone.get("/v1/state").status_code == 200
    assert anyone.get("/?token=wrong").status_code == 401


def test_no_redirect_to_another_machine(anyone: TestClient, home: Home) -> None:
    answer = anyone.get(f"{ADDRESS}//evil.example/?token={home.token}", follow_redirects=False)
    assert answer.headers["Location"] == "/evil.example/"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": ADDRESS}, 404),
        ({"Referer": f"{ADDRESS}/page"}, 404),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://127.0.0.1:9999"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 403),
    ],
)
def test_changes_come_from_pages_of_this_address(
    anyone: TestClient, home: Home, headers: dict[str, str], status: int
) -> None:
    anyone.get(f"/?token={home.token}")
    assert anyone.post("/v1/nothing", headers=headers).status_code == status


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8765", "", "[", "127.0.0.1.evil"])
def test_another_name_of_this_machine_is_refused(client: TestClient, host: str) -> None:
    answer = client.get("/health", headers={"Host": host})
    assert (answer.status_code, "server.names" in answer.json()["detail"]) == (400, True)


@pytest.mark.parametrize("host", ["localhost:1", "127.0.0.1", "[::1]:80", "192.168.1.7:8765"])
def test_names_and_numbers_of_this_machine(client: TestClient, host: str) -> None:
    assert client.get("/v1/state", headers={"Host": host}).status_code == 200


def test_errors_have_the_headers_too(anyone: TestClient) -> None:
    for answer in (anyone.get("/v1/state"), anyone.get("/health")):
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"


def test_the_description_names_the_token(client: TestClient) -> None:
    described = client.get("/openapi.json").json()
    assert described["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    assert described["paths"]["/match"]["post"]["security"] == [{"token": []}]


def test_another_method_is_told_which_there_are(client: TestClient) -> None:
    answer = client.request("PATCH", "/v1/trips")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, POST")
    assert answer.json()["detail"]
