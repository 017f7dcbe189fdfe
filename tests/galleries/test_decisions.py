from __future__ import annotations

from pathlib import Path

import pytest

from tf_happywhale.catalogue.photographs.catalogue_names import free_name
from tf_happywhale.errors import InputError
from tf_happywhale.galleries.confirmed import name_new
from tf_happywhale.galleries.decisions import read_decisions
from tf_happywhale.galleries.identified_animals import check_identified

HEAD = "image,decision,individual_id,rank,encounter\n"


def decisions(folder: Path, rows: str) -> Path:
    file = folder / "decisions.csv"
    file.write_text(HEAD + rows, encoding="utf-8")
    return file


def test_decisions_are_text_and_what_was_skipped_is_left_out(tmp_path: Path) -> None:
    file = decisions(
        tmp_path,
        'a.jpg,match,09913,1,\n"b,""x"".jpg",match,1e10,2,\nc.jpg,skip,,,\n'
        "d.jpg,new,new_individual,3,sight\ne.jpg,new,NA,,\nf.jpg,new,,,\n",
    )
    found = read_decisions(file)
    decided, matched = found.decided, found.matched
    assert matched == {"09913", "1e10"}
    assert decided == {
        "a.jpg": "09913",
        'b,"x".jpg': "1e10",
        "d.jpg": "new_individual",
        "e.jpg": "NA",
        "f.jpg": "new_individual",
    }


def test_who_is_named_as_new_in_one_photograph_may_be_matched_with_another(tmp_path: Path) -> None:
    file = decisions(tmp_path, "a.jpg,match,Old_Tom,,\nb.jpg,new,Old_Tom,,\nc.jpg,match,7,,\n")
    assert read_decisions(file).matched == {"7"}


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ("a.jpg,maybe,1,,\n", "says 'maybe' of 'a.jpg'"),
        ("a.jpg,match,,,\n", "matches 'a.jpg' with nobody"),
        ("a.jpg,match,new_individual,,\n", "matches 'a.jpg' with nobody"),
        ("a.jpg,match,1,,\na.jpg,match,2,,\n", "Line 3 of .*decides on 'a.jpg' again, differently"),
    ],
)
def test_decisions_that_make_no_sense_are_one_sentence(
    tmp_path: Path, rows: str, sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence):
        read_decisions(decisions(tmp_path, rows))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_decisions_that_a_spreadsheet_wrote_again_are_the_same(
    tmp_path: Path, encoding: str
) -> None:
    file = tmp_path / "decisions.csv"
    rows = "a.jpg;match;Zoë;1;\r\nb.jpg;new;Old Tom;;\r\n;;;;\r\n"
    file.write_bytes((HEAD.replace(",", ";") + rows).encode(encoding))
    found = read_decisions(file, "cp1252")
    assert found.decided == {"a.jpg": "Zoë", "b.jpg": "Old Tom"}
    assert (found.matched, found.new) == ({"Zoë"}, {"Old Tom"})
    if encoding == "cp1252":
        with pytest.raises(InputError, match=r"Line 2 of .*byte 0xEB .*Zoë.*data\.encoding=cp1252"):
            read_decisions(file)


def test_new_individuals_get_free_ids_one_a_group() -> None:
    assert name_new(["x", "y", "x"], {"new-0001", "new-0003"}) == {"x": "new-0002", "y": "new-0004"}


def test_a_name_that_another_picture_has_gets_a_part_of_the_content() -> None:
    there = {"trip/a.jpg": "1" * 64}
    assert free_name("trip/a.jpg", "1" * 64, there.get) == "trip/a.jpg"
    assert free_name("trip/b.jpg", "1" * 64, there.get) == "trip/b.jpg"
    assert free_name("trip/a.jpg", "2" * 64, there.get) == "trip/a-22222222.jpg"
    there["trip/a-22222222.jpg"] = "3" * 64
    with pytest.raises(InputError, match="rename the file"):
        free_name("trip/a.jpg", "2" * 64, there.get)


def test_animals_of_one_photograph_are_decided_one_by_one(tmp_path: Path) -> None:
    file = tmp_path / "decisions.csv"
    file.write_text(
        "image,box_number,decision,individual_id,rank,encounter,box\n"
        "a.jpg,1,match,A,1,,fin 0 0 9 9\na.jpg,2,new,,,,fin 20 0 29 9\na.jpg,3,skip,,,,\n"
    )
    assert read_decisions(file).decided == {"a.jpg": "A", "a.jpg#2": "new_individual"}
    boxes = {"a.jpg": "fin 0 0 9 9", "a.jpg#2": "fin 20 0 29 9", "a.jpg#3": "fin 40 0 49 9"}
    check_identified(file, boxes, {})
    moved = boxes | {"a.jpg#2": "fin 40 0 49 9"}
    with pytest.raises(InputError, match=r"about 'fin 20 0 29 9' of a\.jpg, animal 2 of 3"):
        check_identified(file, moved, {})


def test_an_old_table_says_which_animal_only_where_there_is_one(tmp_path: Path) -> None:
    file = decisions(tmp_path, "a.jpg,match,A,1,\n")
    check_identified(file, {"a.jpg": "fin 0 0 9 9"}, {})
    with pytest.raises(InputError, match=r"does not say which of the 2 animals of a\.jpg"):
        check_identified(file, {"a.jpg": "", "a.jpg#2": ""}, {})
    check_identified(decisions(tmp_path, "a.jpg,skip,,,\n"), {"a.jpg": "", "a.jpg#2": ""}, {})


def test_decisions_on_another_photograph_of_the_same_name_are_refused(tmp_path: Path) -> None:
    """The camera counts from 1 again on the next trip."""
    file = tmp_path / "decisions.csv"
    head = "image,decision,individual_id,content\n"
    rows = "a.jpg,match,A,sha256:1111\nb.jpg,match,A,\nc.jpg,skip,,sha256:3333\n"
    file.write_text(head + rows, encoding="utf-8")
    boxes = dict.fromkeys(("a.jpg", "b.jpg", "c.jpg"), "")
    same = {"a.jpg": "sha256:1111", "b.jpg": "sha256:2222", "c.jpg": "sha256:4444"}
    check_identified(file, boxes, same)
    with pytest.raises(InputError, match=r"about another a\.jpg than the one"):
        check_identified(file, boxes, same | {"a.jpg": "sha256:2222"})


def test_decisions_name_photographs_in_either_slash_and_unicode_form(tmp_path: Path) -> None:
    file = tmp_path / "decisions.csv"
    file.write_text(
        "image,box_number,decision,individual_id,rank,encounter,box\n"
        "mon\\Zo\u0308e.jpg,1,match,7,1,,\nmon\\Zo\u0308e.jpg,2,match,8,2,,fin 0 0 9 9\n",
        encoding="utf-8",
    )
    keys = ["mon/Z\u00f6e.jpg", "mon/Z\u00f6e.jpg#2"]
    assert read_decisions(file, images=keys).decided == dict(zip(keys, "78", strict=True))
    check_identified(file, dict(zip(keys, ("", "fin 0 0 9 9"), strict=True)), {})
    with pytest.raises(InputError, match="differs by case from"):
        read_decisions(file, images=["mon/z\u00f6e.JPG"])


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ("a.jpg,match,#REF!\n", "Line 2 of .* is an error of the spreadsheet"),
        ("a.jpg,new,#N/A\n", "Line 2 of .* is an error of the spreadsheet"),
        ("a.jpg,match,\u00a0\n", "Line 2 of .* matches 'a.jpg' with nobody"),
        ("a.jpg,skip,\na.jpg,match,7\n", "Line 3 of .* decides on 'a.jpg' again, differently"),
        ("a.jpg,match,7\na.jpg,skip,\n", "Line 3 of .* decides on 'a.jpg' again, differently"),
    ],
)
def test_what_a_spreadsheet_made_of_a_decision_is_refused_by_its_line(
    tmp_path: Path, rows: str, reason: str
) -> None:
    file = tmp_path / "decisions.csv"
    file.write_text(f"image,decision,individual_id\n{rows}", encoding="utf-8")
    with pytest.raises(InputError, match=reason):
        read_decisions(file)


def test_a_cell_of_spaces_names_nobody(tmp_path: Path) -> None:
    file = tmp_path / "decisions.csv"
    file.write_text("image,decision,individual_id\na.jpg,new, \n", encoding="utf-8")
    assert read_decisions(file).decided == {"a.jpg": "new_individual"}
