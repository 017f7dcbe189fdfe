"""Photographs of several requests are embedded together."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import CancelledError, wait
from pathlib import Path

import pytest

from tests.server.matcher_stand_in import STAMP, StandIn, jpeg, stand_in_matcher
from tf_happywhale.errors import InputError
from tf_happywhale.server.matcher.matcher import FULL, STOPPING, Matcher
from tf_happywhale.server.matcher.matcher_loading import Loading, NotReady


@pytest.fixture
def model() -> Iterator[StandIn]:
    model = StandIn()
    yield model
    model.go.set()


@pytest.fixture
def photograph(tmp_path: Path) -> Path:
    file = tmp_path / "x.jpg"
    file.write_bytes(jpeg(200))
    return file


def decoded(matcher: Matcher) -> None:
    """Wait until every photograph is decoded."""
    while matcher._decoding:
        wait([matcher._decoders.submit(lambda: None)], 20)


def test_requests_share_a_batch(model: StandIn, photograph: Path) -> None:
    matcher = stand_in_matcher(model)
    model.go.clear()
    first = matcher.ask([("x", photograph)], rank=True)  # is being embedded
    model.began.wait(20)
    others = [matcher.ask([("x", photograph)], rank=True) for _ in range(5)]
    decoded(matcher)
    model.go.set()
    wait([first, *others], 20)
    assert sum(model.batches) == 6 and max(model.batches) == 5
    assert all(one.result()[0].individual_id == "whale0" for one in others)
    assert matcher.waiting == 0
    matcher.stop()


def test_a_batch_is_not_larger_than_the_models(model: StandIn, photograph: Path) -> None:
    matcher, model.most = stand_in_matcher(model), 4
    found = matcher.ask([("x", photograph)] * 11, rank=False)
    assert len(found.result(20)[1]) == 11 and max(model.batches) <= 4
    matcher.stop()


def test_a_request_that_nobody_waits_for_is_not_embedded(model: StandIn, photograph: Path) -> None:
    matcher = stand_in_matcher(model)
    model.go.clear()
    first = matcher.ask([("x", photograph)], rank=False)
    gone = matcher.ask([("x", photograph)] * 3, rank=False)
    assert gone.cancel()
    last = matcher.ask([("x", photograph)], rank=False)
    model.go.set()
    first.result(20), last.result(20)
    assert sum(model.batches) <= 3 and matcher.waiting == 0
    with pytest.raises(CancelledError):
        gone.result()
    matcher.stop()


def test_one_photograph_that_cannot_be_read_fails_its_request_alone(
    model: StandIn, photograph: Path, tmp_path: Path
) -> None:
    matcher, broken = stand_in_matcher(model), tmp_path / "broken.jpg"
    broken.write_bytes(b"no")
    bad = matcher.ask([("good", photograph), ("bad", broken)], rank=True)
    good = matcher.ask([("good", photograph)], rank=True)
    with pytest.raises(InputError, match="bad cannot be read"):
        bad.result(20)
    assert good.result(20)
    gone = matcher.ask([("gone", tmp_path / "gone.jpg")], rank=True)
    with pytest.raises(NotReady, match="gone could not be read"):
        gone.result(20)
    matcher.stop()


def test_what_fails_is_answered_and_the_next_one_works(
    model: StandIn, photograph: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    matcher = stand_in_matcher(model)

    def fails(*_) -> None:
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr(model, "embed", fails)
        with pytest.raises(NotReady, match="Embedding failed"):
            matcher.ask([("x", photograph)], rank=False).result(20)
    with monkeypatch.context() as patched:
        patched.setattr(model.gallery, "rate", fails)
        with pytest.raises(NotReady, match="gallery cannot be asked"):
            matcher.ask([("x", photograph)], rank=True).result(20)
    assert matcher.ask([("x", photograph)], rank=True).result(20)
    matcher.stop()


def test_the_queue_has_an_end(model: StandIn, photograph: Path) -> None:
    matcher = stand_in_matcher(model, most=3)
    model.go.clear()
    held = matcher.ask([("x", photograph)] * 3, rank=False)
    with pytest.raises(NotReady, match=FULL[:20]):
        matcher.ask([("x", photograph)], rank=False)
    model.go.set()
    held.result(20)
    while matcher.waiting:
        pass
    assert matcher.ask([("x", photograph)], rank=False).result(20)
    matcher.stop()
    with pytest.raises(NotReady, match=STOPPING):
        matcher.ask([("x", photograph)], rank=False)


def test_a_request_is_answered_by_one_model_though_the_gallery_changes(photograph: Path) -> None:
    """Photographs of a request that were decoded for one model are not given to another."""
    old, new = StandIn(name="old"), StandIn(name="new")
    loading = Loading(lambda: STAMP, lambda _: old)
    matcher = Matcher(loading)
    assert matcher.ask([("x", photograph)], rank=False).result(20)[0] == "old"
    given = iter([old, new, new, new])
    loading.get = lambda seconds: next(given)  # type: ignore[method-assign]
    name, rows = matcher.ask([("x", photograph)] * 4, rank=False).result(20)
    assert len(rows) == 4 and (name, sum(old.batches), new.batches) in (
        ("old", 5, []), ("new", 1, [4]),
    )  # fmt: skip
    matcher.stop()
