"""Whatever is sent to these routes, the answer is one of those that the OpenAPI names."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from tests.server.brought import TABLE, bring_table
from tf_happywhale.server.home.home import Home

TEXT = st.text(max_size=20) | st.sampled_from(
    ["", "..", "/", "\0", "~x", "uploaded", "lite0", "t1", "image", "individual_id", "coco", "NaN"]
)
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(-1e9, 1e9) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
FIELDS = {
    "/v1/catalogue/table/{table}": ("columns", "encoding", "date_order", "unknown", "missing"),
    "/v1/catalogue": ("table", "columns", "pictures", "boxes", "unknown"),
    "/v1/catalogue/choose": ("folder",),
    "/v1/catalogue/source": ("source",),
    "/v1/catalogue/pictures": ("folder",),
    "/v1/gallery": ("model", "by"),
    "/v1/gallery/corrections": ("verb", "words"),
    "/v1/gallery/curate": ("by",),
    "/v1/model": ("model",),
    "/v1/training": ("restart",),
    "/v1/exports": ("kind", "trip", "settings"),
    "/v1/trips/t1/boxes/a.jpg": ("boxes", "version"),
}
EXPECTED = {200, 404, 409, 413, 422}


@pytest.mark.parametrize("path", FIELDS)
def test_bodies_of_any_kind(client: TestClient, home: Home, idle: None, path: str) -> None:
    table = bring_table(client, TABLE).json()["table"]
    names = FIELDS[path]

    @settings(max_examples=25, suppress_health_check=list(HealthCheck))
    @given(body=st.fixed_dictionaries({}, optional=dict.fromkeys(names, VALUE)) | VALUE)
    def ask(body: Any) -> None:
        way = client.put if path.endswith(".jpg") else client.post
        answer = way(path.format(table=table), json=body)
        assert answer.status_code in EXPECTED, answer.text
        if answer.status_code != 200:
            assert set(answer.json()) == {"detail"}
            assert isinstance(answer.json()["detail"], str)

    ask()
    assert not home.gallery.exists()


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(content=st.binary(max_size=80) | st.text(max_size=80).map(str.encode), name=TEXT)
def test_tables_of_any_kind(client: TestClient, content: bytes, name: str) -> None:
    answer = bring_table(client, content, name.replace("\0", "") or "x.csv")
    assert answer.status_code in EXPECTED, answer.text
    shown = answer.json()
    if answer.status_code != 200:
        assert set(shown) == {"detail"}
    elif not shown["questions"]:
        assert all(len(row) == len(shown["columns"]) for row in shown["rows"])
