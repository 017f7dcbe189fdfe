from __future__ import annotations

from pathlib import Path

import pytest

from tf_happywhale.catalogue.photographs.photos import Photo, group_photos
from tf_happywhale.errors import InputError
from tf_happywhale.sightings.encounter_table import encounter_lines, write_encounters
from tf_happywhale.sightings.encounters import Moment, encounters_from_time

MOMENTS = [
    Moment("a.jpg", "2021-04-03", "10:00:00", "57.68", "11.91", camera="X"),
    Moment("b.jpg", "2021-04-03", "10:05:00", "57.681", "11.91", camera="X"),
    Moment("c.jpg", "2021-04-03", "12:00:00", place="Onsala"),
]
ENCOUNTERS = encounters_from_time(MOMENTS, 10, 1000)


def test_encounters_are_listed_with_when_and_where() -> None:
    assert encounter_lines(ENCOUNTERS, 4) == [
        "encounters from time and place: 3 photographs are 2",
        "  1 photographs say no time: they are in none",
        "  2021-04-03 10:00:00: 2 photographs, to 10:05:00, 57.68 11.91, 111 m across, X",
        "  2021-04-03 12:00:00: 1 photograph, Onsala",
    ]
    many = [ENCOUNTERS[0]] * 25
    assert encounter_lines(many, 50)[-1] == "  … and 5 more"


def test_the_table_is_read_back_as_encounters_of_one_animal(tmp_path: Path) -> None:
    file = write_encounters(tmp_path, ENCOUNTERS)
    photos = [Photo(name, Path(name)) for name in ("a.jpg", "b.jpg", "c.jpg", "d.jpg")]
    found = group_photos(photos, str(file))
    assert [photo.encounter for photo in found] == [
        "2021-04-03 10:00:00", "2021-04-03 10:00:00", "2021-04-03 12:00:00", ""
    ]  # fmt: skip


def test_a_table_that_somebody_has_changed_is_never_replaced(tmp_path: Path) -> None:
    file = write_encounters(tmp_path, ENCOUNTERS)
    write_encounters(tmp_path, ENCOUNTERS[:1])  # another gap, tried before anything is changed
    changed = file.read_text("utf-8").replace("2021-04-03 10:00:00,2021", "seal 5,2021")
    file.write_text(changed, "utf-8")
    with pytest.raises(InputError, match=r"identify\.encounters=.*encounters\.csv, or move it"):
        write_encounters(tmp_path, ENCOUNTERS)
    assert file.read_text("utf-8") == changed
    file.unlink()
    (tmp_path / ".encounters.json").write_text("[]")
    write_encounters(tmp_path, ENCOUNTERS)
