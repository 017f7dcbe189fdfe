"""Decisions: only added, the last one counts, each person takes back their own."""

from __future__ import annotations

import csv
import io
import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from tf_happywhale.galleries.decisions import read_decisions
from tf_happywhale.server.home.home import Home
from tf_happywhale.server.home.store import Store
from tf_happywhale.server.trips.decision_table import decision_table
from tf_happywhale.server.trips.decisions import (
    Change,
    add_decisions,
    decided_now,
    decisions_after,
    undo,
)

MATCH = {"decision": "match", "id": "Ann", "rank": "1", "image": "a.jpg", "number": "1"}
SKIP = {"decision": "skip"}


@pytest.fixture
def there(client: TestClient) -> str:
    return f"/v1/trips/{client.post('/v1/trips', json={'name': 'x'}).json()['id']}"


def test_two_people_see_each_other(client: TestClient, there: str) -> None:
    def decide(by: str, key: str, made: dict | None) -> int:
        sent = {"by": by, "changes": [{"key": key, "made": made}]}
        return client.post(f"{there}/decisions", json=sent).json()["last"]

    first = decide("Ann", "a.jpg", MATCH)
    second = decide("Bo", "a.jpg", SKIP)
    seen = client.get(f"{there}/decisions?after={first}").json()
    assert seen["last"] == second > first
    assert [(one["key"], one["made"], one["by"]) for one in seen["decisions"]] == [
        ("a.jpg", SKIP, "Bo")
    ]
    assert seen["decisions"][0]["at"].endswith("Z")
    nothing = client.get(f"{there}/decisions?after={second + 7}").json()
    assert nothing == {"last": second + 7, "decisions": []}


@pytest.mark.parametrize("bad", ["Old\tTom", "a\nb", "a\0b", "#REF!"])
@pytest.mark.parametrize("decision", ["match", "new"])
def test_what_cannot_be_an_id_is_refused_at_once(
    client: TestClient, home: Home, there: str, decision: str, bad: str
) -> None:
    """It would keep the whole trip from being added."""
    changes = [{"key": "a.jpg", "made": MATCH}, {"key": "b.jpg", "made": MATCH | {"id": bad}}]
    changes[1]["made"]["decision"] = decision
    answer = client.post(f"{there}/decisions", json={"by": "Ann", "changes": changes})
    assert answer.status_code == 422
    assert repr(bad) in answer.json()["detail"]
    assert client.get(f"{there}/decisions").json()["decisions"] == []
    for name in ("", "new_individual", "Old_Tom"):
        made = {"decision": "new", "id": name}
        sent = {"by": "Ann", "changes": [{"key": "a.jpg", "made": made}]}
        assert client.post(f"{there}/decisions", json=sent).status_code == 200


def test_a_person_takes_back_their_own(client: TestClient, there: str) -> None:
    def decide(by: str, *keys: str) -> None:
        changes = [{"key": key, "made": MATCH} for key in keys]
        client.post(f"{there}/decisions", json={"by": by, "changes": changes})

    def now() -> set[str]:
        all_of_them = client.get(f"{there}/decisions").json()["decisions"]
        return {key for key, made in {d["key"]: d["made"] for d in all_of_them}.items() if made}

    decide("Ann", "a")
    decide("Ann", "b", "c")  # at once
    decide("Bo", "c")
    assert client.post(f"{there}/undo", json={"by": "Ann"}).status_code == 200
    assert now() == {"a", "c"}  # Bo's stays
    client.post(f"{there}/undo", json={"by": "Ann"})
    assert now() == {"c"}
    answer = client.post(f"{there}/undo", json={"by": "Ann"})
    assert (answer.status_code, "Ann has nothing" in answer.json()["detail"]) == (409, True)


@pytest.mark.parametrize(
    "changes",
    [
        [{"key": "a", "made": {"decision": "eat"}}],
        [{"key": "", "made": SKIP}],
        [{"key": "a", "made": {**SKIP, "more": 1}}],
        [{"key": "a", "made": {**SKIP, "id": "x" * 2000}}],
        [{"key": "a"}],
        "all of them",
    ],
)
def test_what_is_no_decision(client: TestClient, there: str, changes: object) -> None:
    answer = client.post(f"{there}/decisions", json={"changes": changes})
    assert answer.status_code == 422 and isinstance(answer.json()["detail"], str)
    assert client.get(f"{there}/decisions").json()["decisions"] == []


def test_decisions_are_never_changed(home: Home) -> None:
    add_decisions(home.store, "t1", "Ann", [Change("a", SKIP)])
    with pytest.raises(sqlite3.IntegrityError, match="only added"), home.store.changing() as db:
        db.execute("update decisions set made = null")
    with pytest.raises(sqlite3.IntegrityError, match="only added"), home.store.changing() as db:
        db.execute("delete from decisions")
    assert decided_now(home.store, "t1") == {"a": SKIP}


def test_the_database_waits_for_the_disk(home: Home) -> None:
    assert home.store.row("pragma journal_mode")[0] == "wal"
    assert home.store.row("pragma synchronous")[0] == 2
    add_decisions(home.store, "t1", "Ann", [Change("a", SKIP)])
    other = Store(home.store.file)  # as the next server opens it
    assert decided_now(other, "t1") == {"a": SKIP}
    other.close()


def test_a_change_that_fails_changes_nothing(home: Home) -> None:
    with pytest.raises(TypeError):
        add_decisions(home.store, "t1", "Ann", [Change("a", SKIP), Change("b", {"x": object()})])
    assert decisions_after(home.store, "t1", 0) == []


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"), TEXT | st.none())))
@settings(max_examples=60, deadline=None)
def test_undoing_everything_leaves_nothing(moves: list[tuple[str, str, str | None]]) -> None:
    store = Store(":memory:")  # type: ignore[arg-type]
    kept = 0
    for by, key, who in moves:
        made = None if who is None else {"decision": "match", "id": who}
        add_decisions(store, "t1", by, [Change(key, made)])
        assert decided_now(store, "t1").get(key) == made
    for by in "ab":
        for _ in moves:
            try:
                undo(store, "t1", by)
            except Exception as error:
                assert error.status_code == 409
    rows = decisions_after(store, "t1", 0)
    assert [row["n"] for row in rows] == list(range(1, len(rows) + 1)) and kept == 0
    store.close()


def test_the_table_is_what_gallery_add_reads(client: TestClient, there: str, tmp_path) -> None:
    made = {
        "a.jpg": MATCH | {"box": "1 2 3 4", "content": "abc", "encounter": ""},
        "a.jpg#2": {"decision": "new", "id": 'Big "Bo", 2', "image": "a.jpg", "number": 2},
        "b.jpg": {"decision": "skip", "id": "Ann"},
        "c.jpg": {"decision": "apart", "id": "", "group": "g1"},
    }
    changes = [{"key": key, "made": one} for key, one in made.items()]
    client.post(f"{there}/decisions", json={"changes": changes})
    answer = client.get(f"{there}/decisions.csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    (tmp_path / "decisions.csv").write_bytes(answer.content)
    read = read_decisions(tmp_path / "decisions.csv")
    assert read.decided == {"a.jpg": "Ann", "a.jpg#2": 'Big "Bo", 2'}
    assert read.apart == {"c.jpg": "g1"}


@given(st.dictionaries(TEXT.filter(bool), TEXT, max_size=5))
def test_the_table_keeps_any_text(names: dict[str, str]) -> None:
    table = decision_table({key: {"decision": "match", "id": who} for key, who in names.items()})
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [row["individual_id"] for row in rows] == list(names.values())
