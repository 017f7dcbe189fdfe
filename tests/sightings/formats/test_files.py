"""Each file read back by a reader that was written from the format's description, not from ours."""

from __future__ import annotations

import csv
import io
import re

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sightings.drawn import seen, sightings
from tf_happywhale.config.history import History
from tf_happywhale.sightings.history_texts import program_files
from tf_happywhale.sightings.survey import Survey, survey_of

ODD = [
    "09913",
    "Old, Tom",
    'a "b"',
    "*/ 1 0;",
    "x;y",
    "# no",
    "p/q",
    "new\nline",
    "Old Tom",
    "'",
    "é",
]
DAYS = ["2021-05-01", "2021-05-09", "2021-06-03", "2022-06-01"]
PLACES = {"North Cape": ("57.70", "11.80"), "Bay_2": ("57.55", "11.95")}


def read_mark(text: str) -> list[tuple[str, str]]:
    """Comments and histories as RMark's convert.inp reads them: line by line, the first semicolon
    is the end, the comment is the name, and the rest is a table separated by spaces."""
    found = []
    for line in text.splitlines():
        line = line.replace(";", "", 1)
        start, end = line.find("/*"), line.find("*/")
        if start == 0 and end == len(line) - 2:  # a line that is a comment
            continue
        name = line[start + 2 : end]
        history, frequency = (line[:start] + line[end + 2 :]).split()
        assert frequency == "1"
        found.append((name.strip(), history))
    return found


def read_mark_itself(text: str) -> list[str]:
    """Histories as MARK reads them: all comments are left out, a semicolon ends a record."""
    records = re.sub(r"/\*.*?\*/", " ", text, flags=re.DOTALL).split(";")
    assert not records[-1].strip()
    return [record.split()[0] for record in records[:-1]]


def read_table(text: str) -> list[list[str]]:
    """Lines as R's read.table reads them with its defaults, if there are no quotes."""
    rows = [line.partition("#")[0].split() for line in text.splitlines()]
    assert "'" not in text
    assert '"' not in text
    return [row for row in rows if row]


def group_by_individual(text: str) -> dict[str, set[str]]:
    """Members of each group as asnipe's get_group_by_individual finds them in `ID,GROUP`."""
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert rows[0] == ["ID", "GROUP"]
    found: dict[str, set[str]] = {}
    for who, group in rows[1:]:
        found.setdefault(group, set()).add(who)
    return found


def drawn(ids: list[str], **more: str) -> pd.DataFrame:
    rows = []
    for n, who in enumerate(ids):
        for k, day in enumerate(DAYS):
            if (n + k) % 2 and (n, k) != (1, 2):
                place = list(PLACES)[(n + k) // 2 % 2]
                latitude, longitude = PLACES[place]
                rows.append(
                    seen(who, day, place=place, latitude=latitude, longitude=longitude,
                         encounter=f"{day} {place}", **more)
                )  # fmt: skip
    return sightings(rows)


@pytest.fixture(scope="module")
def survey() -> Survey:
    return survey_of(drawn(ODD), History(by="day", session="year"))


def test_mark_has_every_history_under_a_name_of_its_own(survey: Survey) -> None:
    text = program_files(survey)[0]["capture_history.inp"]
    found = read_mark(text)
    assert [history for _, history in found] == survey.history.texts()
    assert [name for name, _ in found] == [
        survey.names[who] for who in survey.history.individual_ids
    ]
    assert len(dict(found)) == len(ODD)
    assert read_mark_itself(text) == survey.history.texts()


def test_rmark_has_histories_as_text_with_their_zeros(survey: Survey) -> None:
    text = program_files(survey)[0]["capture_history.csv"]
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert list(rows[0]) == ["ch", "freq", "individual_id"]
    assert [row["ch"] for row in rows] == survey.history.texts()
    assert [row["individual_id"] for row in rows] == list(survey.history.individual_ids)
    assert any(row["ch"].startswith("0") for row in rows)
    assert '"0' in text


def test_secr_has_each_capture_once_at_a_detector_of_the_layout(survey: Survey) -> None:
    files, notes = program_files(survey)
    traps = {row[0]: (float(row[1]), float(row[2])) for row in read_table(files["secr_traps.txt"])}
    assert set(traps) == {"North-Cape", "Bay-2"}  # an underscore is not allowed in a detector
    captures = read_table(files["secr_captures.txt"])
    assert all(len(row) == 4 and row[3] in traps for row in captures)
    assert len(captures) == len({tuple(row) for row in captures})
    for session, part in survey.history.sessions().items():
        found = {(who, int(number)) for s, who, number, _ in captures if s == session}
        expected = {
            (survey.names[who], n + 1)
            for who, history in zip(part.individual_ids, part.texts(), strict=True)
            for n, digit in enumerate(history)
            if digit == "1"
        }
        assert found == expected
    north = traps["North-Cape"][1] - traps["Bay-2"][1]
    assert north == pytest.approx(0.15 * 111_350, rel=0.005)
    assert any("metres east and north of" in note for note in notes)


def test_a_place_where_nobody_counts_is_a_detector_too() -> None:
    table = drawn(["a", "b"])
    about = {"date": "", "latitude": "57.60", "longitude": "11.9"}
    for place, date in (("Sound", DAYS[0]), ("Fjord", "2023-01-01"), ("Strait", "")):
        table.loc[len(table)] = {**table.iloc[0], **about, "place": place, "date": date,
                                 "quality": "Q4", "image": f"{place}.jpg"}  # fmt: skip
    table["quality"] = table["quality"].replace("", "Q1")
    trips = History(by="day", quality=["Q1"])
    files, _ = program_files(survey_of(table[table["date"] != "2023-01-01"], trips))
    detectors = [row[0] for row in read_table(files["secr_traps.txt"])]
    assert detectors == ["Bay-2", "North-Cape", "Sound"]
    assert "Sound" not in files["secr_captures.txt"]


def sessions_in_r(files: dict[str, str], order=lambda name: name) -> dict[str, int]:
    """The occasions of each session, as secr pairs noccasions with the sorted names."""
    names = {row[0] for row in read_table(files["secr_captures.txt"])}
    counts = re.search(r"noccasions = c\(([\d, ]+)\)", files["read_in_R.R"])[1].split(", ")
    return dict(zip(sorted(names, key=order), map(int, counts), strict=True))


def test_secr_is_told_the_occasions_of_the_sessions_as_it_sorts_them() -> None:
    """A language may sort without hyphens. The spring has nobody at a place with coordinates."""
    dates = ["2020-10-01", "2020-11-01", "2020-12-05", "2021-01-09", "2021-02-01", "2021-06-01"]
    cape = {"place": "Cape", "latitude": "57", "longitude": "11"}
    rows = [seen("a", day, **cape) for day in dates] + [seen("a", "2021-03-01", place="Sound")]
    found = survey_of(sightings(rows), History(by="month", session="season"))
    files, notes = program_files(found)
    wanted = {"1-2020-Sep-Nov": 2, "2-2020-21-Dec-Feb": 3, "4-2021-Jun-Aug": 1}
    assert sessions_in_r(files) == wanted
    assert sessions_in_r(files, lambda name: name.replace("-", "").lower()) == wanted
    assert any("has numbers in front of them, such as 1-2020-Sep-Nov for '2020" in n for n in notes)


def test_years_stay_as_they_are(survey: Survey) -> None:
    assert sessions_in_r(program_files(survey)[0]) == {"2021": 3, "2022": 1}


def test_r_reads_only_files_that_are_there() -> None:
    files, _ = program_files(survey_of(sightings([seen("a", "2021-05-01")]), History()))
    read = set(re.findall(r'"([a-z_]+\.(?:csv|inp|txt))"', files["read_in_R.R"]))
    assert read == {"capture_history.csv", "capture_history.inp"}


def test_groups_are_those_that_were_seen(survey: Survey) -> None:
    files, _ = program_files(survey)
    table = survey.chosen.table
    expected = {name: set(part) for name, part in table.groupby("encounter")["individual_id"]}
    assert group_by_individual(files["asnipe.csv"]) == expected
    rows = list(csv.DictReader(io.StringIO(files["socprog.csv"], newline="")))
    assert list(rows[0]) == ["ID", "GROUP", "DATE", "PLACE"]
    assert {(row["GROUP"], row["ID"]) for row in rows} == {
        (group, who) for group, members in expected.items() for who in members
    }
    assert {row["DATE"] for row in rows} <= set(DAYS)


def test_without_places_and_encounters_it_is_said_what_cannot_be_written() -> None:
    table = sightings([seen("a", "2021-05-01"), seen("a", "2021-06-01")])
    files, notes = program_files(survey_of(table, History()))
    assert set(files) == {"capture_history.inp", "capture_history.csv", "read_in_R.R"}
    assert notes == [
        "There are no files for secr: no photograph of an occasion has place and coordinates.",
        "There are no files for SOCPROG and asnipe: no photograph names a place.",
    ]


def test_a_sighting_whose_place_has_no_coordinates_is_counted() -> None:
    table = drawn(["a", "b"])
    table.loc[len(table)] = table.iloc[0].to_dict() | {
        "place": "Sound", "latitude": "", "longitude": "", "image": "z.jpg",
    }  # fmt: skip
    _, notes = program_files(survey_of(table, History()))
    assert "secr_captures.txt lacks 1 photographs, whose place has no coordinates." in notes


@settings(max_examples=15)
@given(
    st.lists(
        st.text(st.characters(codec="utf-8"), min_size=1), min_size=1, max_size=6, unique=True
    ),
    st.randoms(use_true_random=False),
)
def test_any_id_and_any_order_give_files_that_can_be_read(ids: list[str], random) -> None:
    table = drawn(ids)
    survey = survey_of(table, History())
    files, _ = program_files(survey)
    assert [history for _, history in read_mark(files["capture_history.inp"])] == (
        survey.history.texts()
    )
    assert len(read_table(files["secr_captures.txt"])) == len(
        set(zip(survey.chosen.table["individual_id"], survey.chosen.table["occasion"],
                survey.chosen.table["place"], strict=True))
    )  # fmt: skip
    order = list(range(len(table)))
    random.shuffle(order)
    again = survey_of(table.iloc[order].reset_index(drop=True), History())
    assert program_files(again)[0] == files
