"""POST /match: the contract of a program that sends photographs of one animal."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.testclient import TestClient

from tests.server.matcher_stand_in import StandIn, jpeg, stand_in_matcher
from tf_happywhale.server.home.home import Home
from tf_happywhale.server.matcher import matcher_answers
from tf_happywhale.server.matcher.matcher import FULL
from tf_happywhale.server.matcher.matcher_loading import NO_GALLERY


@pytest.fixture
def model(client: TestClient) -> Iterator[StandIn]:
    """The stand-in that answers the client."""
    model = StandIn()
    client.app.state.matcher.stop()
    client.app.state.matcher = stand_in_matcher(model)
    yield model
    model.go.set()


def form(*photographs: bytes) -> list[tuple]:
    """The form of the client of photo-id-app: every photograph is called x.jpg."""
    return [("images", ("x.jpg", photograph, "image/jpeg")) for photograph in photographs]


def uploads(home: Home) -> list[Path]:
    return list(home.uploads.iterdir())


def test_candidates_fall_from_rank_1(client: TestClient, model: StandIn, home: Home) -> None:
    answer = client.post("/match", files=form(jpeg(200)))
    assert answer.status_code == 200
    matches = answer.json()["matches"]
    assert [set(one) for one in matches] == [{"rank", "id", "rating", "details"}] * 11
    assert [one["rank"] for one in matches] == list(range(1, 12))
    ratings = [one["rating"] for one in matches]
    assert ratings == sorted(ratings, reverse=True) and 0 <= min(ratings) <= max(ratings) <= 1
    assert matches[0]["id"] == "whale0" and "0.jpg" in matches[0]["details"]
    new = next(one for one in matches if one["id"] == "new_individual")
    assert new["rating"] == pytest.approx(1 - 200 / 255, abs=0.01) and new["details"]
    assert uploads(home) == []


def test_all_photographs_of_a_request_show_one_animal(client: TestClient, model: StandIn) -> None:
    answer = client.post("/match", files=form(jpeg(50), jpeg(250)))
    assert answer.json()["matches"][0]["rating"] == pytest.approx(150 / 255, abs=0.01)
    assert len(set(model.gallery.asked[0])) == 1 and len(model.gallery.asked[0]) == 2


def test_no_token(anyone: TestClient) -> None:
    answer = anyone.post("/match", files=form(jpeg()))
    assert answer.status_code == 401 and isinstance(answer.json()["detail"], str)


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"json": {"images": []}},
        {"data": {"images": "text"}},
        {"files": [("photographs", ("x.jpg", b"", "image/jpeg"))]},
        {"files": [("images", ("x.jpg", b"", "image/jpeg"))]},
        {"files": [("images", ("x.jpg", b"<svg></svg>", "image/jpeg"))]},
        {"files": [("images", ("x.jpg", jpeg()[:200], "image/jpeg"))]},
        {"content": b"--a\r\nnot", "headers": {"Content-Type": "multipart/form-data; boundary=a"}},
    ],
)
def test_what_is_wrong_is_422(client: TestClient, model: StandIn, home: Home, asked: dict) -> None:
    answer = client.post("/match", **asked)
    assert answer.status_code == 422, answer.text
    assert isinstance(answer.json()["detail"], str) and answer.json()["detail"]
    assert (model.batches, uploads(home)) == ([], [])


def test_the_photograph_that_cannot_be_read_is_named(client: TestClient, model: StandIn) -> None:
    answer = client.post("/match", files=form(jpeg(), b"no picture", jpeg()))
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("x.jpg (photograph 2) cannot be read")


def test_a_photograph_that_is_too_large(client: TestClient, model: StandIn, home: Home) -> None:
    object.__setattr__(home.settings, "picture_megabytes", 1)
    answer = client.post("/match", files=form(b"\xff" * 1_000_001))
    assert answer.status_code == 422 and "larger than 1 MB" in answer.json()["detail"]


def test_without_a_gallery_it_is_503(client: TestClient) -> None:
    answer = client.post("/match", files=form(jpeg()))
    assert (answer.status_code, answer.json()["detail"]) == (503, NO_GALLERY)


def test_a_full_queue_is_503(client: TestClient, model: StandIn) -> None:
    client.app.state.matcher.most = 2
    answer = client.post("/match", files=form(jpeg(), jpeg(), jpeg()))
    assert (answer.status_code, answer.json()["detail"]) == (503, FULL)
    assert client.post("/match", files=form(jpeg(), jpeg())).status_code == 200


def test_an_answer_that_takes_too_long_is_503(
    client: TestClient, model: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matcher_answers, "SECONDS", 0.05)
    model.go.clear()
    answer = client.post("/match", files=form(jpeg()))
    assert answer.status_code == 503 and "too long" in answer.json()["detail"]
    model.go.set()
    monkeypatch.setattr(matcher_answers, "SECONDS", 20)
    assert client.post("/match", files=form(jpeg())).status_code == 200


def test_nobody_waits_any_more(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request whose client has gone is cancelled."""

    async def asked() -> asyncio.Future:
        async def gone() -> dict:
            return {"type": "http.disconnect"}

        answer = asyncio.get_running_loop().create_future()
        with pytest.raises(matcher_answers.NotReady, match="Nobody waits"):
            await matcher_answers._while_somebody_waits(Request({"type": "http"}, gone), answer)
        return answer

    monkeypatch.setattr(matcher_answers, "LOOK", 0.01)
    assert asyncio.run(asked()).cancelled()


def test_the_description_says_what_comes(client: TestClient) -> None:
    described = client.get("/openapi.json").json()["paths"]["/match"]["post"]
    schema = described["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert schema["required"] == ["images"] and schema["properties"]["images"]["minItems"] == 1
    assert {"200", "401", "422", "503"} <= set(described["responses"])


def test_embeddings(client: TestClient, model: StandIn) -> None:
    two = [("images", ("a.jpg", jpeg(10))), ("images", ("b.jpg", jpeg(20)))]
    found = client.post("/v1/embed", files=two).json()
    assert found["model"] == "stand-in" and model.gallery.asked == []
    assert [(one["image"], one["box_number"]) for one in found["embeddings"]] == [
        ("a.jpg", 1), ("b.jpg", 1),
    ]  # fmt: skip
    assert found["embeddings"][1]["embedding"] == pytest.approx([20, 20, 20], abs=1)


def test_too_many_photographs(client: TestClient, model: StandIn) -> None:
    answer = client.post("/match", files=form(*[jpeg()] * (matcher_answers.MOST + 1)))
    assert answer.status_code in (413, 422) and answer.json()["detail"]
