from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from tf_happywhale.review.curation_page import POLICY as CURATION
from tf_happywhale.review.page_html import Page, page_html, policy
from tf_happywhale.server.home.home import Home
from tf_happywhale.server.routes.page_routes import STATIC
from tf_happywhale.server.trips.review_pages import (
    FRAMES,
    NOTHING,
    file_inside,
    policy_of,
    served_curation,
    served_html,
)

PAGE = page_html(Page("Who is who?", "lead", (0.0, 1.0), report="r1"))
FOUND = ["report", "index.html", "thumbnails", "a.jpg", "secret.html", "notes.txt", "out.html"]
UP = ["..", ".", "", "%2e%2e", "..\\", "\0", "C:", ".hidden.html", "x" * 300]
PARTS = st.sampled_from([*FOUND, *UP])


class Body(HTMLParser):
    """Attributes of <body>, and whether the page is otherwise as it was."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.attributes: list[dict[str, str | None]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "body":
            self.attributes.append(dict(attrs))


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report, and files beside it that are none of it."""
    home = tmp_path_factory.mktemp("found")
    _write(home / "report")
    (home / "secret.html").write_text("secret")
    (home / "report" / "notes.txt").write_text("notes")
    (home / "report" / ".hidden.html").write_text("hidden")
    (home / "report" / "out.html").symlink_to(home / "secret.html")
    return home / "report"


def _write(report: Path) -> None:
    (report / "thumbnails").mkdir(parents=True)
    (report / "index.html").write_text(PAGE, encoding="utf-8")
    (report / "thumbnails" / "a.jpg").write_bytes(b"jpeg")


@given(parts=st.lists(PARTS | st.text(max_size=8), max_size=6), absolute=st.booleans())
def test_nothing_outside_the_report_is_given_away(report: Path, parts, absolute) -> None:
    path = "/" * absolute + "/".join(parts)
    file = file_inside(report, path)
    assert file in (None, report / "index.html", report / "thumbnails" / "a.jpg")


@given(depth=st.integers(0, 9))
def test_no_way_up_leads_to_a_file(report: Path, depth: int) -> None:
    for end in ("secret.html", "report/index.html", "etc/hostname"):
        assert file_inside(report, "../" * (depth + 1) + end) is None
        assert file_inside(report, "thumbnails/" + "../" * (depth + 1) + end) is None


def test_files_of_the_report_are_found(report: Path) -> None:
    assert file_inside(report, "index.html") == report / "index.html"
    assert file_inside(report, "thumbnails/a.jpg") == report / "thumbnails" / "a.jpg"
    assert file_inside(report, "out.html") is None  # a link that leads outside
    assert file_inside(report, "notes.txt") is None and file_inside(report, "thumbnails") is None
    assert file_inside(report / "missing", "index.html") is None


def test_a_served_page_says_where_the_decisions_are_kept() -> None:
    served = served_html(PAGE, "t1")
    assert Body(served).attributes == [
        {
            "data-decisions": "/v1/trips/t1/decisions",
            "data-home": "/#/trip/t1",
            "data-report": "r1",
        }
    ]
    added = len(served) - len(PAGE)
    place = served.index("<body") + len("<body")
    assert served[:place] + served[place + added :] == PAGE


def test_the_header_lets_the_pages_own_script_run_and_no_other() -> None:
    script = re.search("<script>(.*)</script>", PAGE, re.S)[1]
    hashed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    said = policy_of(served_html(PAGE, "t1"))
    assert said == f"{policy()}; {FRAMES}" and f"'sha256-{hashed}'" in said
    assert "connect-src 'self'" in said and "script-src 'self'" not in said


@pytest.mark.parametrize(
    "its",
    [
        "",
        "script-src *",
        policy() + " 'unsafe-inline'",
        policy().replace("'self' data:", "*"),
        policy() + "; script-src-elem *",
    ],
)
def test_a_page_of_another_policy_runs_nothing(its: str) -> None:
    meta = f'<meta http-equiv="Content-Security-Policy" content="{its}">'
    assert policy_of(f"<html><head>{meta}</head>") == f"{NOTHING}; {FRAMES}"


def test_pages_of_before_served_decisions_keep_their_script() -> None:
    before = policy().replace("connect-src 'self'; ", "")
    html = PAGE.replace(_escaped(policy()), _escaped(before))
    assert policy_of(html) == f"{before}; {FRAMES}"


def _escaped(text: str) -> str:
    return text.replace("'", "&#x27;")


def test_the_curators_page_gets_the_script_that_its_policy_allows() -> None:
    html = "<!doctype html><html><head><title>T</title></head><body></body></html>"
    served = served_curation(html)
    assert served.count('<script type="module" src="/static/curation.js"></script></head>') == 1
    assert "script-src 'self'" in CURATION and "unsafe-inline'; script" in CURATION
    assert (STATIC / "curation.js").is_file()


@pytest.fixture
def trip(home: Home) -> str:
    """A trip that was identified."""
    with home.store.changing() as db:
        db.execute("insert into trips (id, name, made) values ('t1', 'Bay', 0)")
    _write(home.trip("t1") / "found" / "report")
    return "t1"


def test_a_trip_is_reviewed_at_its_address(client: TestClient, trip: str) -> None:
    answer = client.get(f"/review/{trip}/")
    assert str(answer.url).endswith("/review/t1/index.html") and answer.status_code == 200
    assert 'data-decisions="/v1/trips/t1/decisions"' in answer.text
    assert answer.headers["content-security-policy"] == policy_of(PAGE)
    assert answer.headers["x-content-type-options"] == "nosniff"
    picture = client.get(f"/review/{trip}/thumbnails/a.jpg")
    assert picture.content == b"jpeg" and picture.headers["content-type"] == "image/jpeg"


@pytest.mark.parametrize(
    "path",
    [
        "t1/../../app.sqlite",
        "t1/%2e%2e/%2e%2e/%2e%2e/%2e%2e/token",
        "%2e%2e/index.html",
        "%2e%2e%2ft1/index.html",
        "t2/index.html",
        "t1/missing.html",
        "t1/index.html%00",
    ],
)
def test_what_is_not_there_is_said(client: TestClient, trip: str, path: str) -> None:
    answer = client.get(f"/review/{path}")
    assert answer.status_code == 404 and "detail" in answer.json()


def test_the_pages_need_the_token(anyone: TestClient, trip: str) -> None:
    assert anyone.get("/review/t1/index.html").status_code == 401
