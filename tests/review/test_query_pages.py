from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tf_happywhale.config.report import Report
from tf_happywhale.disk import files
from tf_happywhale.errors import InputError
from tf_happywhale.review.query_pages import write_report
from tf_happywhale.review.report_content import Common, Known, ReportContent

COLUMNS = ["image", "rank", "individual_id", "score", "p_new", "reference_image"]


def predictions() -> pd.DataFrame:
    """Four queries; the gaps of the first two scores are .3 (a), .1 (b), .1 (c) and none (d)."""
    rows = [
        ("a.jpg", "1", "09913", "0.9", "0.04", "r1.jpg"),
        ("a.jpg", "2", "1e10", "0.6", "0.04", "r2.jpg"),
        ("c.jpg", "1", "NA", "0.5", "", "r3.jpg"),
        ("c.jpg", "2", "new_individual", "0.4", "", ""),
        ("b.jpg", "2", "09913", "0.75", "0.5", "r1.jpg"),
        ("b.jpg", "1", "1e10", "0.85", "0.5", "r2.jpg"),
        ("d.jpg", "1", "09913", "0.1", "0.9", "r1.jpg"),
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def picture(_: str) -> np.ndarray:
    return np.full((30, 40, 3), 90, np.uint8)


def write(folder: Path, table: pd.DataFrame | None = None, **changes) -> Path:
    sizes = {"queries": 2, "page_size": 3, "thumbnail": 32, "references": 1}
    content = {
        "title": "Pod",
        "summary": [("mAP@5", "0.700")],
        "query_picture": picture,
        "reference_picture": picture,
        "known": Known(species={"09913": "killer_whale"}),
    }
    for name, value in changes.items():
        (sizes if name in sizes else content)[name] = value
    table = predictions() if table is None else table
    return write_report(folder, table, ReportContent(**content), Report(**sizes))


def images(html: str) -> list[str]:
    return re.findall(r"<h2><bdi>(.*?)</bdi></h2>", html)


def test_one_file_holds_the_closest_queries_and_no_links_to_pictures(tmp_path: Path) -> None:
    path = write(tmp_path)
    assert path == tmp_path / "report.html"
    html = path.read_text(encoding="utf-8")
    assert images(html) == ["b.jpg", "c.jpg"]
    assert all(src.startswith("data:image/jpeg") for src in re.findall(r'src="([^"]*)"', html))
    assert "The 2 hardest of 4 to decide" in html
    assert "50% likely to be a new individual." in html
    assert "killer whale" in html and "mAP@5" in html


def test_pages_hold_every_query_once_and_their_pictures_exist(tmp_path: Path) -> None:
    write(tmp_path)
    folder = tmp_path / "report"
    assert sorted(file.name for file in folder.glob("*.html")) == ["index.html", "page-002.html"]
    pages = [(folder / name).read_text("utf-8") for name in ("index.html", "page-002.html")]
    assert [images(html) for html in pages] == [["b.jpg", "c.jpg", "a.jpg"], ["d.jpg"]]
    linked = {src for html in pages for src in re.findall(r'src="([^"]*)"', html)}
    assert linked == {f"thumbnails/{file.name}" for file in (folder / "thumbnails").iterdir()}
    assert len(linked) == 4 + 3


def test_only_five_ranks_are_shown(tmp_path: Path) -> None:
    rows = [("a.jpg", rank, f"id{rank}", 1 - rank / 20, 0.1, "r.jpg") for rank in range(1, 9)]
    html = write(tmp_path, pd.DataFrame(rows, columns=COLUMNS)).read_text("utf-8")
    assert "id5" in html and "id6" not in html


def test_answers_are_marked_where_they_are_known(tmp_path: Path) -> None:
    answers = {"b.jpg": "09913", "c.jpg": "somebody"}
    html = write(tmp_path, known=Known(answers=answers)).read_text("utf-8")
    assert "✓ found at rank 2" in html and html.count("✓ right") == 1
    assert "✗ not among the two: it is <bdi>somebody</bdi>" in html


def test_a_picture_that_cannot_be_read_says_why_and_the_report_continues(tmp_path: Path) -> None:
    def broken(image: str) -> np.ndarray:
        raise InputError(f"{image} is <broken>.")

    html = write(tmp_path, query_picture=broken).read_text("utf-8")
    assert "b.jpg is &lt;broken&gt;." in html and "data:image/jpeg" in html


def test_failure_leaves_the_last_report(tmp_path: Path) -> None:
    write(tmp_path, title="The first")

    def crash(image: str) -> np.ndarray:
        raise RuntimeError(image)

    with pytest.raises(RuntimeError):
        write(tmp_path, title="The second", query_picture=crash)
    assert "The first" in (tmp_path / "report.html").read_text("utf-8")
    assert "The first" in (tmp_path / "report" / "index.html").read_text("utf-8")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["report", "report.html"]


def test_new_report_replaces_the_old_one_as_a_whole(tmp_path: Path) -> None:
    write(tmp_path)
    write(tmp_path, predictions()[lambda table: table["image"] == "d.jpg"])
    assert [file.name for file in (tmp_path / "report").glob("*.html")] == ["index.html"]
    assert len(list((tmp_path / "report" / "thumbnails").iterdir())) == 2
    assert sorted(file.name for file in tmp_path.iterdir()) == ["report", "report.html"]


def test_what_a_person_keeps_in_the_folder_stays_and_old_pages_and_figures_do_not(
    tmp_path: Path,
) -> None:
    figure = tmp_path / "modes.png"
    figure.write_bytes(b"\x89PNG")
    write(tmp_path / "out", figures={"modes": figure})
    folder = tmp_path / "out" / "report"
    (folder / "decisions.csv").write_text("mine")
    (folder / "notes").mkdir()
    (folder / "notes" / "fins.png").write_text("mine too")
    for _ in range(2):
        write(tmp_path / "out", predictions()[lambda table: table["image"] == "d.jpg"])
    assert (folder / "decisions.csv").read_text() == "mine"
    assert (folder / "notes" / "fins.png").read_text() == "mine too"
    names = sorted(file.name for file in folder.iterdir() if not file.name.startswith("."))
    assert names == ["decisions.csv", "index.html", "notes", "thumbnails"]


@pytest.mark.parametrize("place", ["report/notes.txt", "report/index.html", "report.html"])
def test_pages_of_somebody_else_are_not_replaced(tmp_path: Path, place: str) -> None:
    (tmp_path / "report").mkdir()
    (tmp_path / place).write_text("<html>mine</html>")
    if place == "report.html":
        (tmp_path / "report").rmdir()
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InputError, match=f"{place.partition('/')[0]} was not written by this prog"):
        write(tmp_path)
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / place).read_text() == "<html>mine</html>"


def test_report_lost_between_two_renames_comes_back(tmp_path: Path, monkeypatch) -> None:
    write(tmp_path, title="The first")
    (tmp_path / "report").rename(tmp_path / ".report.before")

    def fail(source: Path, target: Path) -> None:
        if ".partial" in Path(source).name:
            raise OSError("no")
        Path(source).rename(target)

    monkeypatch.setattr(files.os, "replace", fail)
    with pytest.raises(OSError, match="no"):
        write(tmp_path, title="The second")
    assert "The first" in (tmp_path / "report" / "index.html").read_text("utf-8")


def test_no_query_makes_an_empty_page(tmp_path: Path) -> None:
    html = write(tmp_path, pd.DataFrame([], columns=COLUMNS)).read_text("utf-8")
    assert "There is nothing to show." in html


def test_figures_stand_under_the_heading_of_the_first_page(tmp_path: Path) -> None:
    figure = tmp_path / "modes.png"
    figure.write_bytes(b"\x89PNG not really")
    html = write(tmp_path / "out", figures={"mAP@5 by <mode>": figure}, page_size=2).read_text(
        "utf-8"
    )
    assert html.count("data:image/png;base64,") == 1
    assert 'alt="mAP@5 by &lt;mode&gt;"' in html
    folder = tmp_path / "out" / "report"
    assert (folder / "modes.png").read_bytes() == figure.read_bytes()
    assert 'src="modes.png"' in (folder / "index.html").read_text("utf-8")
    assert 'src="modes.png"' not in (folder / "page-002.html").read_text("utf-8")


def test_figures_of_one_name_do_not_replace_each_other(tmp_path: Path) -> None:
    places = [tmp_path / f"fold{n}" / "training.png" for n in range(2)]
    for place in places:
        place.parent.mkdir()
        place.write_bytes(place.parent.name.encode())
    write(tmp_path / "out", figures={"first": places[0], "second": places[1]})
    folder = tmp_path / "out" / "report"
    assert (folder / "training.png").read_bytes() == b"fold0"
    assert (folder / "fold1-training.png").read_bytes() == b"fold1"


def test_an_encounter_stands_where_its_first_photograph_would(tmp_path: Path) -> None:
    known = Known(encounters={"a.jpg": "sight", "d.jpg": "sight"}, warnings={"c.jpg": ["Blurred."]})
    write(tmp_path, known=known, queries=9, page_size=9)
    html = (tmp_path / "report" / "index.html").read_text("utf-8")
    assert images(html) == ["b.jpg", "c.jpg", "sight"]
    assert 'data-images="[&quot;a.jpg&quot;, &quot;d.jpg&quot;]"' in html
    assert html.count("⚠ Blurred.") == 1
    assert re.findall(r'data-sure="(\w+)"', html) == ["least", "middle", "most"]


def test_a_warning_of_any_photograph_of_an_encounter_is_shown_with_its_name(tmp_path: Path) -> None:
    known = Known(
        encounters=dict.fromkeys(("a.jpg", "b.jpg", "d.jpg"), "sight"),
        warnings={"d.jpg": ["Damaged."], "b.jpg": ["Blurred."], "a.jpg": ["Blurred."]},
    )
    write(tmp_path, known=known, page_size=9)
    html = (tmp_path / "report" / "index.html").read_text("utf-8")
    assert "⚠ b.jpg, a.jpg: Blurred.</span>" in html
    assert "⚠ d.jpg: Damaged.</span>" in html


def test_more_references_are_in_the_folder_and_not_in_the_one_file(tmp_path: Path) -> None:
    known = Known(references={"09913": ["r0.jpg", "r1.jpg", "r5.jpg", "r6.jpg"]})
    one_file = write(tmp_path, known=known, references=3, page_size=9).read_text("utf-8")
    pages = (tmp_path / "report" / "index.html").read_text("utf-8")
    assert re.findall(r'title="(r\d.jpg)"><div', pages)[:2] == ["r0.jpg", "r5.jpg"]
    assert "strip" not in re.sub(r"<style>.*?</style>", "", one_file, flags=re.S)


def test_the_same_predictions_keep_their_decisions_and_others_do_not(tmp_path: Path) -> None:
    def name(table: pd.DataFrame | None = None) -> str:
        return re.findall(r'data-report="(\w+)"', write(tmp_path, table).read_text("utf-8"))[0]

    first = name()
    assert len(first) == 16 and name() == first
    assert name(predictions().replace("1e10", "1e11")) != first


def test_what_a_score_is_based_on_is_drawn_for_each_candidate_with_an_image(tmp_path: Path) -> None:
    asked = []

    def why(*names: str) -> list[tuple[str, np.ndarray]]:
        asked.append(names)
        return [("the <heat>", picture(""))]

    write(tmp_path, why=why, page_size=9)
    html = (tmp_path / "report" / "index.html").read_text("utf-8")
    assert asked == [
        ("b.jpg", "1e10", "r2.jpg"), ("b.jpg", "09913", "r1.jpg"), ("c.jpg", "NA", "r3.jpg"),
        ("a.jpg", "09913", "r1.jpg"), ("a.jpg", "1e10", "r2.jpg"), ("d.jpg", "09913", "r1.jpg"),
    ]  # fmt: skip
    assert html.count("What are the scores based on?") == 4
    for caption in ("1, 1e10", "2, 09913"):
        assert f"<figcaption>{caption}: the &lt;heat&gt;</figcaption>" in html


def test_a_picture_that_cannot_be_explained_costs_its_own_explanation_only(tmp_path: Path) -> None:
    def why(query: str, _: str, reference: str) -> list[tuple[str, np.ndarray]]:
        if reference == "r1.jpg":
            raise InputError("There is no picture r1.jpg.")
        return [(f"{query} and {reference}", picture(""))]

    write(tmp_path, why=why, page_size=9)
    html = (tmp_path / "report" / "index.html").read_text("utf-8")
    assert "a.jpg and r2.jpg" in html and "a.jpg and r1.jpg" not in html


def test_what_pictures_have_in_common_is_said_on_every_card_and_drawn_for_the_first_three(
    tmp_path: Path,
) -> None:
    rows = [
        ("a.jpg", rank, f"id{rank}", 1 - rank / 20, 0.1, f"r{rank}.jpg") for rank in range(1, 6)
    ]
    rows.insert(1, ("a.jpg", 0, "new_individual", 0.99, 0.1, ""))
    asked, drawn = [], []

    def words(pairs):
        asked.append(list(pairs))
        return {pair: f"{pair[1]} <has> dots" for pair in pairs if pair[1] != "r2.jpg"}

    def draw(pair):
        drawn.append(pair)
        if pair[1] == "r3.jpg":
            raise InputError("There is no picture r3.jpg.")
        return picture("")

    table = pd.DataFrame(rows, columns=COLUMNS)
    write(tmp_path, table, common=Common(words, draw, "Lines <join> points."), page_size=9)
    assert asked == [[("a.jpg", f"r{rank}.jpg") for rank in range(1, 5)]]  # with a new one, five
    assert drawn == [("a.jpg", "r1.jpg"), ("a.jpg", "r3.jpg")]
    html = (tmp_path / "report" / "index.html").read_text("utf-8")
    said = re.findall(r'<p class="detail">(r\d.jpg &lt;has&gt; dots)</p>', html)
    assert [one[:2] for one in said] == ["r1", "r3", "r4"]
    assert html.count("<figcaption>1, id1: r1.jpg &lt;has&gt; dots</figcaption>") == 1
    assert "Lines &lt;join&gt; points." in html
    assert html.count('<details class="why matched" open>') == 1
    one_file = (tmp_path / "report.html").read_text("utf-8")
    assert "r4.jpg &lt;has&gt; dots" in one_file and "Lines &lt;join&gt;" not in one_file


def test_lines_come_before_heat_and_heat_alone_stays_folded(tmp_path: Path) -> None:
    def why(*_: str) -> list[tuple[str, np.ndarray]]:
        return [("the heat", picture(""))]

    common = Common(lambda pairs: dict.fromkeys(pairs, "9 dots"), lambda _: picture(""), "Lines.")
    write(tmp_path, why=why, common=common, page_size=9)
    html = (tmp_path / "report" / "index.html").read_text("utf-8")
    captions = re.findall("<figcaption>1, 1e10: (.*?)</figcaption>", html)
    assert captions == ["9 dots", "the heat"]
    write(tmp_path, why=why, page_size=9)
    html = (tmp_path / "report" / "index.html").read_text("utf-8")
    assert '<details class="why">' in html and "open>" not in html.split("<main>")[1]


def test_a_card_says_how_many_photographs_there_are_and_of_the_same_side(tmp_path: Path) -> None:
    known = Known(
        references={
            "09913": ["r1.jpg", "r4.jpg", "r5.jpg"],
            "1e10": ["r2.jpg", "r6.jpg"],
            "NA": ["r3.jpg"],
        },
        sides={"r1.jpg": "left", "r4.jpg": "right", "r2.jpg": "right", "r3.jpg": "left"},
        asked_sides={"a.jpg": "left", "c.jpg": "left"},
    )
    write(tmp_path, known=known, page_size=9)
    html = (tmp_path / "report" / "index.html").read_text("utf-8")
    said = re.findall(r'<p class="detail">(\d photograph[^<]*)</p>', html)
    assert said == [
        "2 photographs", "3 photographs",  # b, of which no side is known
        "1 photograph of the left side",  # c
        "3 photographs, 1 of the left side", "2 photographs, none of the left side",  # a
        "3 photographs",  # d
    ]  # fmt: skip


def test_notes_stand_under_the_heading_of_the_first_page_as_text(tmp_path: Path) -> None:
    notes = ["Nobody has <trained> anything.", "It knows 3 individuals."]
    write(tmp_path, notes=notes, page_size=2)
    pages = ("report.html", "report/index.html", "report/page-002.html")
    found = [
        re.findall("<p>(Nobody.*?|It knows.*?)</p>", (tmp_path / page).read_text("utf-8"))
        for page in pages
    ]
    expected = ["Nobody has &lt;trained&gt; anything.", "It knows 3 individuals."]
    assert found == [expected, expected, []]
