from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tf_happywhale.catalogue.photographs.when_and_where import (
    EARTH,
    difference_sentences,
    metres,
    table_before_camera,
)

CAMERA = {
    "date": ["2015-06-20 08:00:00"] * 6,
    "time": ["08:00:00+02:00"] * 6,
    "latitude": ["57.5"] * 6,
    "longitude": ["11.5"] * 6,
}


def test_the_table_counts_before_the_camera() -> None:
    written = {
        "date": ["", "2015-06-20", "2015-05-13", "2015-06-20 09:30", "May", ""],
        "time": ["", "", "", "", "", "07:00"],
    }
    found = table_before_camera(written, CAMERA)
    assert found["date"] == [
        "2015-06-20 08:00:00", "2015-06-20", "2015-05-13", "2015-06-20 09:30", "May", "2015-06-20"
    ]  # fmt: skip
    assert found["time"] == ["08:00:00+02:00", "08:00:00+02:00", "", "", "", "07:00"]
    assert found["latitude"] == ["57.5"] * 6


def test_coordinates_come_from_one_of_both() -> None:
    written = {"latitude": ["57.1", ""], "longitude": ["11.1", ""]}
    camera = {name: cells[:2] for name, cells in CAMERA.items()}
    found = table_before_camera(written, camera)
    assert (found["latitude"], found["longitude"]) == (["57.1", "57.5"], ["11.1", "11.5"])
    nothing = table_before_camera(written, {})
    assert (nothing["date"], nothing["latitude"]) == (["", ""], ["57.1", ""])
    assert table_before_camera({}, {}) == {n: [] for n in ("date", "time", "latitude", "longitude")}


def test_a_place_that_contradicts_the_table_is_said_with_its_distance() -> None:
    images = list("abcdef")
    written = {"latitude": ["58.5", "57.51", *[""] * 4], "longitude": ["11.5", "11.5", *[""] * 4]}
    dates, filled, apart = difference_sentences(images, written, CAMERA, "images")
    assert dates == "6 of 6 images have their date from the camera (EXIF)"
    assert filled == "4 of 6 images have their place from the camera (GPS)"
    assert apart.startswith("1 of 6 images have another place in the table than in the camera")
    assert "such as a, 111 km away. The table's counts." in apart


@pytest.mark.parametrize(
    ("one", "other", "far"),
    [
        (("0", "0"), ("0", "1"), 111_195),
        (("57.68", "11.9"), ("57.68", "11.9"), 0),
        (("89", "0"), ("89", "180"), 222_390),
        (("0", "179.9"), ("0", "-179.9"), 22_239),
        (("-90", "12"), ("90", "-40"), 20_015_115),
    ],
)
def test_distances_on_the_sphere(one: tuple, other: tuple, far: float) -> None:
    assert metres(one, other) == pytest.approx(far, abs=1)
    assert metres(other, one) == pytest.approx(far, abs=1)


PLACES = st.tuples(st.floats(-90, 90).map(str), st.floats(-180, 180).map(str))


@given(PLACES, PLACES, PLACES)
def test_a_distance_is_a_distance(a: tuple, b: tuple, c: tuple) -> None:
    assert 0 <= metres(a, b) <= 3.15 * EARTH
    assert metres(a, c) <= metres(a, b) + metres(b, c) + 1
