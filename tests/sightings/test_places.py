from __future__ import annotations

import math

import numpy as np
import pytest

from tests.sightings.drawn import seen, sightings
from tf_happywhale.sightings.local_metres import Plane, plane_of
from tf_happywhale.sightings.places import located, residence_table


def test_the_meridian_has_its_published_length() -> None:
    found = Plane(0, 0).metres(np.array([45.0, 90.0]), np.zeros(2))
    # Quarter of WGS84's meridian 10 001 965.729 m; to 45 degrees 4 984 944.378 m (Karney 2011).
    assert found[:, 1] == pytest.approx([4984944.378, 10001965.729], abs=0.001)


def test_short_distances_are_those_of_the_sphere_within_its_flattening() -> None:
    plane = Plane(57.6, 11.8)
    (x, y), (east, north) = plane.metres(np.array([57.6, 57.65]), np.array([11.8, 11.95]))
    assert (x, y) == pytest.approx((0, 0), abs=1e-6)
    a = math.sin(math.radians(0.025)) ** 2
    b = math.cos(math.radians(57.6)) * math.cos(math.radians(57.65))
    sphere = 2 * 6371000 * math.asin(math.sqrt(a + b * math.sin(math.radians(0.075)) ** 2))
    assert math.hypot(east, north) == pytest.approx(sphere, rel=0.005)


def test_the_antimeridian_is_no_border() -> None:
    latitude, longitude = np.array([-17.0, -17.0]), np.array([179.9, -179.9])
    plane = plane_of(latitude, longitude)
    assert abs(plane.longitude) == pytest.approx(180)
    (west, _), (east, _) = plane.metres(latitude, longitude)
    assert east - west == pytest.approx(21300, rel=0.01)


def test_a_place_lies_where_its_photographs_were() -> None:
    rows = [
        seen("a", "2021-05-01", place="Bay", latitude="57.5", longitude="11.8"),
        seen("b", "2021-05-01", place="Bay", latitude="57.5", longitude="11.8"),
        seen("a", "2021-05-02", place="Bay", latitude="57.7", longitude="11.8"),
        seen("a", "2021-05-02", place="Sound"),
    ]
    found = located(sightings(rows))
    assert [place.name for place in found.places] == ["Bay"]
    assert len(found.rows) == 3
    assert found.places[0].x == pytest.approx(0, abs=1)
    assert found.places[0].y == pytest.approx(0, abs=20)
    table = residence_table(sightings(rows))
    assert table.to_dict("records")[0] == {
        "individual_id": "a", "place": "Bay", "days": "2", "first": "2021-05-01",
        "last": "2021-05-02",
    }  # fmt: skip


def test_without_coordinates_nothing_is_located() -> None:
    found = located(sightings([seen("a", "2021-05-01", place="Bay")]))
    assert found.plane is None
    assert found.places == ()
    assert not found.too_far


@pytest.mark.parametrize("far", [("0", "0"), ("-57.5", "11.8"), ("57.5", "-168.2"), ("0", "101.8")])
def test_places_that_no_plane_holds_are_named(far: tuple[str, str]) -> None:
    points = [("57.5", "11.8"), ("57.6", "11.8"), ("57.7", "11.8"), far]
    rows = [seen("a", "2021-05-01", place=x + y, latitude=x, longitude=y) for x, y in points]
    found = located(sightings(rows))
    assert found.plane is None and found.places == () and not len(found.rows)
    assert f"too far apart for one plane, such as one at {far[0]}, {far[1]}" in found.too_far
