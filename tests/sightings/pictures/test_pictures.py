from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from tests.sightings.drawn import seen, sightings
from tf_happywhale.sightings.pictures.map_picture import map_svg
from tf_happywhale.sightings.pictures.svg import round_length, shortened, ticks
from tf_happywhale.sightings.places import located, residence_table


def row(who: str, day: str, latitude: str, longitude: str, place: str = "") -> dict[str, str]:
    return seen(who, day, latitude=latitude, longitude=longitude, place=place)


def drawn(rows) -> tuple[ET.Element, str]:
    table = sightings(rows)
    text = map_svg(located(table), residence_table(table))
    return ET.fromstring(text), text


def test_lengths_and_ticks_are_round() -> None:
    assert [round_length(number) for number in (0.7, 1, 4.9, 5, 1999)] == [0.5, 1, 2, 5, 1000]
    assert ticks(40) == [0, 5, 10, 15, 20, 25, 30, 35, 40]
    assert ticks(3) == [0, 1, 2, 3]
    assert ticks(0) == [0, 1]
    assert shortened("abcdef", 4) == "abc…"


def test_the_scale_bar_is_as_long_as_it_says() -> None:
    rows = [
        row("a", "2021-05-01", "57.6", "11.80", "West"),
        row("a", "2021-05-02", "57.6", "11.90", "East"),
    ]
    _, text = drawn(rows)
    words = re.search(r">(\d+) km<", text)
    bar = re.search(r'x1="20.0" y1="[\d.]+" x2="([\d.]+)"', text)
    circles = {
        name: float(x)
        for x, name in re.findall(r'cx="([\d.]+)"[^>]*><title>(\w+): 1 individuals', text)
    }
    units_a_metre = (float(bar[1]) - 20) / (1000 * int(words[1]))
    metres = (circles["East"] - circles["West"]) / units_a_metre
    assert metres == pytest.approx(5974, rel=0.01)  # a tenth of a degree at 57.6 degrees
    assert "East and West: 1 individuals were seen at both" in text


def test_one_point_without_a_place_is_a_map() -> None:
    root, text = drawn([row("a", "2021-05-01", "57.6", "11.8")])
    assert root.attrib["aria-label"] == "Where individuals were seen"
    assert "nan" not in text


def test_names_are_escaped() -> None:
    _, text = drawn(
        [
            row("a", "2021-05-01", "57.6", "11.8", '<b>"&'),
            row("a", "2021-05-02", "57.7", "11.8", "]]>"),
        ]
    )
    assert "<b>" not in text
