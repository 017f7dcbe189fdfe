"""Tables that a person brings: shown as they are read, and what is ambiguous is asked."""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from tests.server.brought import TABLE, bring_table, put_photographs
from tf_happywhale.catalogue.catalogue_table import read_catalogue
from tf_happywhale.errors import InputError
from tf_happywhale.server.catalogue.brought_files import UNPACKED
from tf_happywhale.server.catalogue.brought_table import (
    Answers,
    preview,
    read_brought,
    sure_columns,
)
from tf_happywhale.server.catalogue.catalogue_making import make_catalogue
from tf_happywhale.server.catalogue.table_answers import read_with_answers

COLUMNS = {"image": "image", "individual_id": "individual_id"}


@pytest.fixture
def write(tmp_path: Path):
    def write(content: str | bytes) -> Path:
        path = tmp_path / "whales.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_mark_and_separator_are_found(write, mark: str, separator: str) -> None:
    shown = preview(read_brought(write(mark + TABLE.replace(",", separator)), None))
    assert shown["columns"] == ["image", "species", "individual_id"]
    assert shown["rows"][0] == ["a.jpg", "dolphin", "09913"]
    assert shown["guess"] == {name: name for name in shown["columns"]}
    assert shown["count"] == 2


def test_header_below_titles_is_found(write) -> None:
    rows = read_brought(write("Our whales\n\n" + TABLE), None)
    assert rows.header == ["image", "species", "individual_id"]


def test_only_what_is_sure_is_guessed(write) -> None:
    rows = read_brought(write("Photo,ID,Name,Date\na.jpg,1,x,2021\nb.JPG,2,y,2022\n"), None)
    assert sure_columns(rows) == {"image": "Photo", "date": "Date"}
    two = read_brought(write("left,right\na.jpg,b.jpg\n"), None)
    assert sure_columns(two) == {}


def test_encoding_is_asked_with_what_each_one_shows(client: TestClient) -> None:
    content = "image,individual_id\na.jpg,Zoë\n".encode("cp1252")
    shown = bring_table(client, content).json()
    (question,) = shown["questions"]
    assert question["setting"] == "encoding"
    assert {"value": "cp1252", "shown": "a.jpg,Zoë"} in question["choices"]
    number = shown["table"]
    told = client.post(f"/v1/catalogue/table/{number}", json={"encoding": "cp1252"}).json()
    assert told["rows"] == [["a.jpg", "Zoë"]]
    assert not told["questions"]


def test_picture_is_no_table(client: TestClient) -> None:
    answer = bring_table(client, b"\xff\xd8\xff\x00\x01" + bytes(range(256)), "x.csv")
    assert answer.status_code == 422
    assert "save it as" in answer.json()["detail"]


def test_sheet_that_is_larger_than_it_looks_is_refused(client: TestClient) -> None:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("xl/worksheets/sheet1.xml", b"0" * (UNPACKED + 1))
    answer = bring_table(client, packed.getvalue(), "whales.xlsx")
    assert answer.status_code == 422
    broken = bring_table(client, packed.getvalue()[100:], "whales.xlsx")
    assert broken.status_code == 422
    assert "more than a million cells" in answer.json()["detail"]


def test_sheet_is_read_and_its_numbers_are_no_ids(client: TestClient) -> None:
    book = openpyxl.Workbook()
    for row in (["image", "individual_id", "ID"], ["a.jpg", "09913", 9913]):
        book.active.append(row)
    content = BytesIO()
    book.save(content)
    shown = bring_table(client, content.getvalue(), "whales.xlsx").json()
    assert shown["rows"] == [["a.jpg", "09913", "9913"]]

    place = f"/v1/catalogue/table/{shown['table']}"

    def told(column: str) -> dict:
        columns = {"image": "image", "individual_id": column}
        return client.post(place, json={"columns": columns}).json()

    assert told("individual_id")["individuals"] == 1
    assert told("ID")["problem"].startswith("whales.xlsx C2 is a number where an id is meant")


def test_order_of_dates_is_asked(write) -> None:
    path = write("image,individual_id,date\na.jpg,1,3/4/2021\nb.jpg,2,5/5/2021\n")
    columns = COLUMNS | {"date": "date"}
    (question,) = read_with_answers(path, Answers(columns), None).questions
    assert question.setting == "date_order"
    assert question.choices == [("day_first", "2021-04-03"), ("month_first", "2021-03-04")]
    found = read_with_answers(path, Answers(columns, date_order="day_first"), None)
    assert list(found.table["date"]) == ["2021-04-03", "2021-05-05"]
    assert not found.questions


def test_column_that_is_not_chosen_is_not_read(write) -> None:
    path = write("image,individual_id,date,latitude,ID\na.jpg,x,31/31/2021,north,0007\n")
    answers = Answers({"image": "image", "individual_id": "ID"})
    table = read_with_answers(path, answers, None).table
    assert list(table["individual_id"]) == ["0007"]
    assert set(table.columns) == {"image", "individual_id", "species"}


def test_words_for_unknown_are_asked(write) -> None:
    path = write("image,individual_id\na.jpg,unknown\nb.jpg,\nc.jpg,7\n")
    found = read_with_answers(path, Answers(COLUMNS), None)
    (question,) = found.questions
    assert question.setting == "unknown"
    assert [value for value, _ in question.choices] == [["", "unknown"]]  # empty is never a name
    found = read_with_answers(path, Answers(COLUMNS, unknown=["", "unknown"]), None)
    assert (len(found.table), found.left_out, found.questions) == (1, 2, [])


def test_missing_photographs_are_asked(write, tmp_path: Path) -> None:
    path = write("image,individual_id\na.jpg,1\nb.jpg,2\n")
    folder = put_photographs(tmp_path / "photographs", "a.jpg")
    (question,) = read_with_answers(path, Answers(COLUMNS), folder).questions
    assert question.setting == "missing"
    found = read_with_answers(path, Answers(COLUMNS, missing="leave_out"), folder)
    assert list(found.table["image"]) == ["a.jpg"]
    with pytest.raises(InputError, match="None of the table's 2 photographs"):
        read_with_answers(path, Answers(COLUMNS), put_photographs(tmp_path / "other", "c.jpg"))


def test_other_folders_in_front_are_the_same_photograph(write, tmp_path: Path) -> None:
    path = write("image,individual_id\n2019/a.jpg,1\nb.jpg,2\nc,3\n")
    folder = put_photographs(tmp_path / "photographs", "a.jpg", "trip/b.jpg", "trip/c.JPG")
    table = read_with_answers(path, Answers(COLUMNS), folder).table
    assert list(table["image"]) == ["a.jpg", "trip/b.jpg", "trip/c.JPG"]


def test_name_in_two_folders_is_not_guessed(write, tmp_path: Path) -> None:
    path = write("image,individual_id\na.jpg,1\nb.jpg,2\n")
    folder = put_photographs(tmp_path / "photographs", "x/a.jpg", "y/a.jpg", "b.jpg")
    assert read_with_answers(path, Answers(COLUMNS), folder).missing == ["a.jpg"]


def test_duplicate_row_is_one_sentence_with_its_line(write) -> None:
    path = write("image,individual_id\na.jpg,1\nb.jpg,2\na.jpg,1\n")
    with pytest.raises(InputError, match=r"^Line 4 of whales.csv lists the image 'a.jpg' twice"):
        read_with_answers(path, Answers(COLUMNS), None)


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"image": "image"}, "Say which column is individual_id."),
        ({"image": "nothing", "individual_id": "individual_id"}, "no column 'nothing'"),
        ({"image": "image", "individual_id": "image"}, "is chosen twice"),
        ({**COLUMNS, "colour": "species"}, "'colour' is no column"),
    ],
)
def test_wrong_mapping_is_one_sentence(write, columns: dict, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        read_with_answers(write(TABLE), Answers(columns), None)


IDS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp", "Cf"]),
    min_size=1,
    max_size=12,
)


@settings(max_examples=40)
@given(
    ids=st.lists(IDS, min_size=1, max_size=6),
    separator=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(["utf-8-sig", "utf-16", "utf-8"]),
)
def test_ids_stay_the_same_text(tmp_path_factory, ids, separator: str, encoding: str) -> None:
    """From the person's table to the catalogue's: each id is the same text, in each encoding."""
    home = tmp_path_factory.mktemp("made")
    lines = [["Photo", "Who"]] + [[f"{n}.jpg", who] for n, who in enumerate(ids)]
    quoted = [[f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in line] for line in lines]
    path = home / "table.txt"
    text = "\r\n".join(separator.join(line) for line in quoted)
    path.write_bytes(text.encode(encoding))
    folder = put_photographs(home / "photographs", *(f"{n}.jpg" for n in range(len(ids))))
    answers = Answers({"image": "Photo", "individual_id": "Who"}, unknown=[])
    try:
        found = read_with_answers(path, answers, folder)
    except InputError as error:
        assert "individual_id" in str(error)  # an empty one, or an error of a spreadsheet
        return
    make_catalogue(home / "catalogue", path, found.table, folder)
    assert list(read_catalogue(home / "catalogue/train.csv")["individual_id"]) == ids
