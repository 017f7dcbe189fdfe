from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tf_happywhale.catalogue.photographs.catalogue_names import CatalogueNames


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class Trip:
    """A catalogue's pictures, and photographs that are to join them."""

    def __init__(self, home: Path) -> None:
        self.pictures, self.trip, self.test = home / "train", home / "trip", home / "test"
        for folder in (self.pictures, self.trip, self.test):
            folder.mkdir()

    def names(self, rows=(), boxed=(), in_gallery=None, **photographs: str) -> list[str]:
        """Under which names photographs go in, given by name without `.jpg` and by content."""
        for name, text in photographs.items():
            (self.trip / f"{name}.jpg").write_text(text)
        names = CatalogueNames(
            self.pictures, in_gallery or {}, rows, lambda key: self.trip / key, boxed, self.test
        )
        return [names.name(f"{name}.jpg", sha(text)) for name, text in photographs.items()]


@pytest.fixture
def trip(tmp_path: Path) -> Trip:
    return Trip(tmp_path)


def test_a_new_photograph_keeps_its_name_and_another_picture_keeps_its_own(trip: Trip) -> None:
    (trip.pictures / "a.jpg").write_text("another")
    assert trip.names(["a.jpg"], a="one", b="two") == [f"a-{sha('one')[:8]}.jpg", "b.jpg"]


def test_a_photograph_that_is_there_under_another_name_stays_there(trip: Trip) -> None:
    (trip.pictures / "old.jpg").write_text("one")
    assert trip.names(["old.jpg"], a="one") == ["old.jpg"]
    assert trip.names(["old.jpg"], {}, {"old.jpg": sha("one")}, a="one") == ["old.jpg"]


def test_one_photograph_under_two_names_goes_in_once(trip: Trip) -> None:
    assert trip.names(a="one", copy_of_a="one") == ["a.jpg", "a.jpg"]


def test_names_that_a_disk_may_take_for_one_stay_apart(trip: Trip) -> None:
    other = sha("two")[:8]
    assert trip.names(a="one", A="two") == ["a.jpg", f"A-{other}.jpg"]
    twice = {"\u00e9": "one", "e\u0301": "two"}
    assert trip.names(**twice)[1] == f"e\u0301-{other}.jpg"


def test_a_row_or_a_box_whose_picture_is_missing_gets_no_other_picture(trip: Trip) -> None:
    """Who can say which picture they meant?"""
    own = f"a-{sha('one')[:8]}.jpg"
    assert trip.names(["a.jpg"], a="one") == [own]
    assert trip.names([], ["a.jpg"], a="one") == [own]
    (trip.test / "a.jpg").write_text("another")
    assert trip.names([], ["a.jpg"], a="one") == [own]
    (trip.test / "a.jpg").write_text("one")  # the box is of this very photograph
    assert trip.names([], ["a.jpg"], a="one") == ["a.jpg"]
