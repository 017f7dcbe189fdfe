"""The review pages of the pod's 200 queries in a real browser: `make test-browser`. Chromium and
its driver are driven as a person would use them; screenshots are left in output/browser."""

from __future__ import annotations

import csv
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from tests.browser.chromium import SHOTS, Browser
from tf_happywhale.catalogue.boxes.box_text import box_text
from tf_happywhale.catalogue.dataset import DataSet, load_data
from tf_happywhale.config import load_experiment
from tf_happywhale.config.report import Report
from tf_happywhale.disk.hashes import sha256
from tf_happywhale.galleries.decisions import Decisions, read_decisions
from tf_happywhale.inference.explained.baselines import raw_pixels, read_crops
from tf_happywhale.inference.gallery.gallery_candidates import Asked
from tf_happywhale.inference.identify.identification import Identification
from tf_happywhale.inference.identify.ranked_animals import rank_animals
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.ensemble.ensemble_embeddings import make_ensemble
from tf_happywhale.retrieval.ensemble.labelled_gallery import LabelledGallery
from tf_happywhale.retrieval.ensemble.trained_on import all_but
from tf_happywhale.retrieval.ranking.learned import learn
from tf_happywhale.review.correspondences import Correspondences, correspondence_pair
from tf_happywhale.review.match_pages import write_match_pages
from tf_happywhale.review.overlay import heat_pair
from tf_happywhale.review.query_pages import write_report
from tf_happywhale.review.query_pictures import picture_reader
from tf_happywhale.review.report_content import Common, Known, ReportContent

QUERIES = 200
DEMO = Path(__file__).parents[2] / "configs" / "demo.yaml"
HOSTILE = ("<img/src=x/onerror=window.pwned=1>", "';--", '"><script>window.pwned=2</script>', "a,b")
SIGHT = "a sight <i>"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `identify` writes of the demo's pod, by pixels in place of a model. Three photographs of
    one animal are an encounter; they and one more, and four individuals, have names that are code.
    """
    home = tmp_path_factory.mktemp("pages")
    experiment = load_experiment(DEMO, [f"output={home}", "pod.test_images=2.6"])
    data = load_data(experiment)
    assert len(data.test_images) == QUERIES
    together, code = names_of_code(data)
    catalogue = data.catalogue
    species = catalogue["species"].replace(catalogue["species"].iloc[0], "<u>dolphin</u>")
    ids = [code.get(who, who) for who in data.individual_ids]
    gallery = by_pixels(data.train_folder, data.images, data, ids, {"species": list(species)})
    sights = [SIGHT if image in together else "" for image in data.test_images]
    nobody = [""] * QUERIES
    asked = by_pixels(data.test_folder, data.test_images, data, nobody, {"encounter": sights}, code)
    folds = data.fold_of
    about = {"trained_on": all_but(experiment.fold, data.name, folds)}
    known = Embeddings(gallery.embedding, gallery.image, gallery.individual_id, about)
    learned = learn(
        LabelledGallery(make_ensemble([known], data.images), ids, folds), [1.0], experiment.rank
    )
    asked, ranking, _ = rank_animals(Asked(asked, gallery, experiment.rank), learned)
    predictions = ranking.table(experiment.rank.candidates)
    warned = {str(asked.image[9]): ["Blurred."]}
    query, reference = (cache(picture_reader(images, 384)) for images in (asked, gallery))
    even = np.ones((2, 4, 4))
    write_match_pages(
        home,
        Identification(asked, gallery, predictions, warned, {}, {}),
        experiment.report,
        lambda image, _, nearest: [
            ("even heat", heat_pair(query(image), reference(nearest), even))
        ],
    )
    return home


@pytest.fixture(scope="module")
def matched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of twenty queries with four candidates each, of which lines are drawn."""
    home = tmp_path_factory.mktemp("matched")
    rows = [
        (f"q{query}.jpg", rank, f"<b>{rank}", 1 / rank, 0.5, f"r{rank}.jpg")
        for query in range(20)
        for rank in range(1, 5)
    ]
    columns = ["image", "rank", "individual_id", "score", "p_new", "reference_image"]
    places = np.linspace(0.1, 0.9, 12, dtype=np.float32)[:, None] * np.float32([1, 0.6])
    found = Correspondences(places, places, np.ones(12, np.float32), np.ones(12, bool))
    plain = np.full((120, 300, 3), 120, np.uint8)
    content = ReportContent(
        "Who is who?",
        [("Gallery", "4 images")],
        lambda _: plain,
        lambda _: plain,
        notes=["Identified by <b>lines</b>.", "Of animals of the gallery, 30% are missed."],
        common=Common(
            lambda pairs: dict.fromkeys(pairs, found.words),
            lambda _: correspondence_pair(plain, plain, found),
            "Coloured lines join points that match.",
        ),
    )
    write_report(home, pd.DataFrame(rows, columns=columns), content, Report())
    return home / "report" / "index.html"


def names_of_code(data: DataSet) -> tuple[list[str], dict[str, str]]:
    """Three photographs of one animal; and code in place of their names, of another's, and of the
    ids of the individuals with most images."""
    seen = Counter(data.answers[image] for image in data.test_images)
    animal = next(who for who, count in seen.items() if count >= 3 and who != "new_individual")
    together = [image for image in data.test_images if data.answers[image] == animal][:3]
    other = next(image for image in data.test_images if data.answers[image] != animal)
    often = [who for who, _ in Counter(data.individual_ids).most_common(len(HOSTILE))]
    images = dict(zip([*together, other], (f"{code}.jpg" for code in HOSTILE), strict=True))
    return together, images | dict(zip(often, HOSTILE, strict=True))


def by_pixels(
    folder: Path,
    images: Sequence[str],
    data: DataSet,
    ids: Sequence[str],
    columns: dict[str, Sequence[str]],
    code: dict[str, str] | None = None,
) -> Embeddings:
    """Pictures of a folder embedded as grey pixels; `code` has other names for some."""
    columns = columns | {
        "picture": [str(folder / image) for image in images],
        "box": [box_text("backfin", data.boxes[image]) for image in images],
        "content": [sha256(folder / image) for image in images],
    }
    return Embeddings(
        raw_pixels(read_crops(folder, images, data.boxes, 64)),
        np.array([(code or {}).get(image, image) for image in images]),
        np.array(ids),
        {},
        columns={name: np.array(column) for name, column in columns.items()},
    )


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    made = Browser(tmp_path_factory.mktemp("downloads"))
    yield made
    made.driver.quit()


@pytest.fixture(scope="module")
def page(folder: Path) -> Path:
    return folder / "report" / "index.html"


def test_it_opens_with_every_query_and_nothing_decided(browser: Browser, page: Path) -> None:
    browser.open(page)
    assert browser.count("article.query") == QUERIES - 2  # three are one encounter
    assert browser.text("#progress") == "0 of 198 decided, 198 shown"
    assert browser.driver.title == "Who is who?"
    faults = [entry for entry in browser.driver.get_log("browser") if entry["level"] == "SEVERE"]
    assert faults == []


def test_keys_decide_and_move_to_the_next_block(browser: Browser, page: Path) -> None:
    browser.open(page)
    names = browser.names()
    assert browser.current() == names[0] and SIGHT in names
    fifth = browser.script(
        "document.querySelectorAll('article')[4].querySelector('[data-rank=\"5\"]').dataset.id"
    )
    browser.press("2", "1", "n", "s", "5")
    assert browser.current() == names[5]
    words = browser.decisions()
    assert list(words) == names[:5]
    assert words[names[2]] == "A new individual" and words[names[3]] == "Skipped"
    new = fifth == "new_individual"
    assert words[names[4]] == ("A new individual" if new else f"It is {fifth}")
    assert "5 of 198 decided" in browser.text("#progress")
    browser.press("k", "k", "u")
    assert names[3] not in browser.decisions() and "undecided" in browser.text("#status")
    assert browser.current() == names[3]
    browser.press("j")
    assert browser.current() == names[4]


def test_buttons_do_the_same_and_take_back(browser: Browser, page: Path) -> None:
    browser.open(page)
    button = browser.driver.find_element(By.CSS_SELECTOR, "article button[data-decision=match]")
    button.click()
    assert button.get_attribute("aria-pressed") == "true" and len(browser.decisions()) == 1
    browser.driver.execute_script("arguments[0].click()", button)  # it is under the bar by now
    assert button.get_attribute("aria-pressed") == "false" and browser.decisions() == {}


def test_a_browser_that_keeps_nothing_says_so_at_every_decision(
    browser: Browser, page: Path
) -> None:
    browser.open(page)
    browser.driver.execute_script("Storage.prototype.setItem = () => { throw new Error('full'); };")
    browser.press("1")
    assert browser.text("#status").endswith("export them before you close the page.")


def test_an_id_is_searched_and_an_unknown_one_names_a_new_individual(
    browser: Browser, page: Path
) -> None:
    browser.open(page)
    first = browser.current()
    browser.press("/")
    assert browser.script("document.activeElement.id") == "search"
    someone = next(who for who in browser.known() if who.isdigit())
    browser.press(someone, Keys.ENTER)
    assert browser.decisions() == {first: f"It is {someone}"}
    second = browser.current()
    browser.press("/", "Moby", Keys.ENTER)
    assert (
        "No individual is called Moby" in browser.text("#status") and len(browser.decisions()) == 1
    )
    browser.press(Keys.ENTER)
    assert browser.decisions()[second] == "A new individual, Moby"
    browser.press("/", "two words", Keys.ENTER)
    assert browser.text("#status") == "An id has no spaces."
    browser.press(Keys.ESCAPE)
    assert browser.script("document.activeElement.tagName") == "ARTICLE"
    assert len(browser.decisions()) == 2


def test_filters_show_what_was_asked_for(browser: Browser, page: Path) -> None:
    browser.open(page)
    browser.press("1", "1", "s")

    def shown() -> int:
        return sum(block.is_displayed() for block in
                   browser.driver.find_elements(By.CSS_SELECTOR, "article.query"))  # fmt: skip

    def choose(name: str, value: str) -> None:
        Select(browser.driver.find_element(By.ID, name)).select_by_value(value)

    for value, count in (("decided", 2), ("skipped", 1), ("undecided", 195), ("", 198)):
        choose("state", value)
        assert shown() == count
    for value in ("least", "middle", "most"):
        choose("sure", value)
        assert shown() == 66
    choose("sure", "")
    each = []
    kinds = [o.get_attribute("value") for o in
             browser.driver.find_elements(By.CSS_SELECTOR, "#species option")]  # fmt: skip
    assert "<u>dolphin</u>" in kinds and len(kinds) == 1 + 5
    for kind in filter(None, kinds):
        choose("species", kind)
        each.append(shown())
    assert sum(each) == 198 and min(each) > 0
    choose("state", "skipped")
    choose("sure", "most")
    assert shown() == 0 and browser.driver.find_element(By.ID, "nothing").is_displayed()


def test_decisions_outlive_a_reload_and_are_exported(browser: Browser, page: Path) -> None:
    browser.open(page)
    browser.go(SIGHT)
    browser.press("2", "n", "s", "/", "Moby", Keys.ENTER, Keys.ENTER)
    for hostile in HOSTILE[1:3]:
        browser.press("/", hostile, Keys.ENTER)
    before = browser.decisions()
    assert len(before) == 6
    browser.open(page, forget=False)
    assert browser.decisions() == before
    browser.driver.find_element(By.ID, "export").click()
    file = browser.downloads / "decisions.csv"
    for _ in range(100):
        if file.is_file():
            break
        time.sleep(0.1)
    with file.open(encoding="utf-8-sig", newline="") as table:
        rows = list(csv.DictReader(table))
    assert len(rows) == 8  # the encounter's three photographs, and five more
    assert {row["image"] for row in rows[:3]} == {f"{code}.jpg" for code in HOSTILE[:3]}
    assert len({row["individual_id"] for row in rows[:3]}) == 1 and rows[0]["rank"] == "2"
    assert rows[0]["encounter"] == SIGHT
    assert all(re.fullmatch("sha256:[0-9a-f]{16}", row["content"]) for row in rows)
    decided = read_decisions(file).decided
    assert set(HOSTILE[1:3]) <= set(decided.values()) and "Moby" in decided.values()
    assert "new_individual" in decided.values() and len(decided) == 7


def test_names_that_are_code_are_shown_as_text(browser: Browser, page: Path) -> None:
    browser.open(page)
    browser.press("2", "2", "2", "2")
    assert browser.script("window.pwned === undefined")
    shown = browser.script("document.body.textContent")
    for hostile in HOSTILE:
        assert hostile in str(shown)
    assert browser.count("article i, article u, img[onerror]") == 0
    assert browser.count("script") == 1


def test_nothing_leaves_the_folder(browser: Browser, page: Path) -> None:
    browser.requests()
    browser.open(page)
    browser.script("window.scrollTo(0, document.body.scrollHeight)")
    browser.press("1", "w", "z")
    home = page.parent.as_uri()
    asked = browser.requests()
    assert len(asked) > 2
    assert [url for url in asked if not url.startswith((f"{home}/", "data:", "blob:"))] == []


def test_pictures_load_as_they_are_scrolled_to(browser: Browser, page: Path) -> None:
    browser.open(page)
    loaded = "[...document.images].filter(i => i.complete && i.naturalWidth).length"
    first, images = int(browser.script(loaded)), browser.count("img")
    assert 0 < first < images / 2
    browser.driver.execute_script("window.scrollTo(0, document.body.scrollHeight)")
    time.sleep(1)
    assert int(browser.script(loaded)) > first


def test_what_each_candidates_score_rests_on_unfolds(browser: Browser, page: Path) -> None:
    browser.open(page)
    figures = "article[aria-current] details.why figure"
    assert not browser.driver.find_element(By.CSS_SELECTOR, figures).is_displayed()
    browser.press("w")
    shown = browser.driver.find_elements(By.CSS_SELECTOR, figures)
    assert all(figure.is_displayed() for figure in shown)
    assert len(shown) == browser.count("article[aria-current] .candidate:not(.nobody)") > 1
    assert shown[0].text.endswith("even heat")
    browser.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", shown[0])
    time.sleep(1)
    browser.driver.save_screenshot(str(_shot("why.png")))


def test_lines_between_matching_points_are_seen_at_once_and_enlarged(
    browser: Browser, matched: Path
) -> None:
    browser.open(matched)
    figures = browser.driver.find_elements(By.CSS_SELECTOR, "article[aria-current] .why figure")
    assert len(figures) == 3 and all(figure.is_displayed() for figure in figures)
    said = "12 matching points, all of them fit together"
    assert figures[0].text == f"1, <b>1: {said}"
    cards = browser.driver.find_elements(By.CSS_SELECTOR, "article[aria-current] .candidate")
    assert [said in card.text for card in cards] == [True] * 4
    assert browser.text(".notes").startswith("Identified by <b>lines</b>.")
    assert "Coloured lines join" in browser.text(".reading") and browser.count("main b b") == 0
    browser.press("w")
    assert not figures[0].is_displayed()
    browser.press("w")
    browser.driver.execute_script(
        "arguments[0].click()", figures[1].find_element(By.TAG_NAME, "img")
    )
    large = browser.driver.find_elements(By.CSS_SELECTOR, "#closer figure")
    assert [figure.is_displayed() for figure in large] == [False, True]
    assert large[1].text == f"2, <b>2: {said}"
    browser.driver.find_element(By.TAG_NAME, "body").send_keys(Keys.ARROW_RIGHT)
    assert large[1].text == f"3, <b>3: {said}"
    browser.driver.save_screenshot(str(_shot("lines.png")))
    browser.driver.find_element(By.CSS_SELECTOR, "#closer [data-close]").click()
    browser.press("z")  # the query beside its candidates, as before
    assert [figure.is_displayed() for figure in large] == [True, True]
    assert large[1].text == "<b>1"


def test_a_closer_look_goes_through_the_references(browser: Browser, page: Path) -> None:
    browser.open(page)
    browser.press("z")
    assert browser.driver.find_element(By.ID, "closer").is_displayed()
    second = "document.querySelectorAll('#closer img')[1].src"
    first = browser.script(second)
    browser.driver.find_element(By.TAG_NAME, "body").send_keys(Keys.ARROW_RIGHT)
    assert browser.script(second) != first
    browser.driver.find_element(By.TAG_NAME, "body").send_keys("2")  # decides nothing meanwhile
    assert browser.decisions() == {}
    browser.driver.save_screenshot(str(_shot("closer.png")))
    browser.driver.find_element(By.CSS_SELECTOR, "#closer [data-close]").click()
    assert not browser.driver.find_element(By.ID, "closer").is_displayed()


def test_a_screen_reader_finds_its_way(browser: Browser, page: Path) -> None:
    browser.open(page)
    browser.press("j", "z")
    assert browser.count("h1") == 1 and browser.count("main") == 1
    assert browser.script("document.documentElement.lang") == "en"
    assert browser.count("img:not([alt])") == 0
    names = browser.script(
        "[...document.querySelectorAll('button, input, select, progress')].map(control => "
        "control.getAttribute('aria-label') || control.textContent.trim() || "
        "(control.labels && control.labels[0] && control.labels[0].textContent.trim()) || '')"
    )
    assert "" not in names
    assert browser.driver.find_element(By.ID, "status").get_attribute("aria-live") == "polite"


def test_the_one_file_decides_too(browser: Browser, folder: Path) -> None:
    browser.open(folder / "report.html")
    browser.press("1")
    assert len(browser.decisions()) == 1


@pytest.mark.parametrize(("width", "height"), [(1400, 1100), (390, 844)])
def test_it_fits_a_wide_and_a_narrow_screen(page: Path, tmp_path: Path, width, height) -> None:
    browser = Browser(tmp_path, width, height)
    try:
        browser.open(page)
        wide = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        assert browser.script(wide)
        if width < 600:
            low = "[...document.querySelectorAll('article button')].slice(0, 30).every(" \
                  "b => b.getBoundingClientRect().height >= 40)"  # fmt: skip
            assert browser.script(low)
        browser.driver.save_screenshot(str(_shot(f"top-{width}.png")))
        browser.driver.execute_script(
            "document.querySelectorAll('article')[1].scrollIntoView({block: 'start'})"
        )
        time.sleep(1)
        browser.driver.save_screenshot(str(_shot(f"block-{width}.png")))
        browser.press("w")
        figures = "document.querySelectorAll('details.why[open] figure')"
        browser.driver.execute_script(f"{figures}[0].scrollIntoView()")
        ends = browser.script(f"[...{figures}].map(f => f.getBoundingClientRect().right)")
        assert len(ends) > 1 and min(ends) > 100 and max(ends) <= width
        assert browser.script(wide)
    finally:
        browser.driver.quit()


def _shot(name: str) -> Path:
    SHOTS.mkdir(parents=True, exist_ok=True)
    return SHOTS / name


@pytest.fixture(scope="module")
def grouped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of two groups of new animals, of three pictures and of one."""
    home = tmp_path_factory.mktemp("grouped")
    images = ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]
    rows = [(image, 1, "new_individual", 0.5, 0.9, "") for image in images]
    columns = ["image", "rank", "individual_id", "score", "p_new", "reference_image"]
    plain = np.full((80, 120, 3), 120, np.uint8)
    known = Known(
        groups=dict(zip(images, ["new_1", "new_1", "new_1", "new_2"], strict=True)),
        nearest={"new_1": ["new_2"], "new_2": ["new_1"]},
    )
    content = ReportContent("Groups", [], lambda _: plain, lambda _: plain, known=known)
    write_report(home, pd.DataFrame(rows, columns=columns), content, Report())
    return home / "report" / "index.html"


def test_groups_are_split_and_joined_by_keys(browser: Browser, grouped: Path) -> None:
    browser.open(grouped)
    assert browser.names() == ["new_1", "d.jpg"]
    browser.press("x", "x", Keys.ENTER)  # the second picture is taken out
    assert browser.text("#status") == "b.jpg: taken out of new_1."
    browser.press("a")  # and the others are the animal of d.jpg
    expected = "A new individual, all of new_2"
    assert browser.decisions() == {"new_1": expected, "d.jpg": expected}
    decisions = exported(browser)
    assert decisions.groups == dict.fromkeys(("a.jpg", "c.jpg", "d.jpg"), "new_2")
    assert decisions.apart == {"b.jpg": "new_1"}


@pytest.mark.parametrize("named", ["new_1", "d.jpg"])
def test_an_id_is_given_to_all_groups_that_were_joined(
    browser: Browser, grouped: Path, named: str
) -> None:
    browser.open(grouped)
    browser.press("a")
    give(browser, named, "N7")
    assert browser.decisions() == dict.fromkeys(("new_1", "d.jpg"), "A new individual, N7")
    everybody = dict.fromkeys(("a.jpg", "b.jpg", "c.jpg", "d.jpg"), "N7")
    assert exported(browser).decided == everybody


def test_a_group_with_an_id_keeps_it_when_it_is_joined(browser: Browser, grouped: Path) -> None:
    browser.open(grouped)
    give(browser, "new_1", "N7")
    focus(browser, "new_1")
    browser.press("a")
    assert browser.decisions() == dict.fromkeys(("new_1", "d.jpg"), "A new individual, N7")
    assert exported(browser).called == {"new_2": "N7"}


def test_groups_with_two_ids_are_not_joined(browser: Browser, grouped: Path) -> None:
    browser.open(grouped)
    give(browser, "new_1", "N7")
    give(browser, "d.jpg", "N8")
    browser.press("a")
    assert "are two new individuals: undo one first" in browser.text("#status")
    there = {"new_1": "A new individual, N7", "d.jpg": "A new individual, N8"}
    assert browser.decisions() == there


def give(browser: Browser, block: str, individual_id: str) -> None:
    """Give the id of a new individual to a block, by its name."""
    focus(browser, block)
    browser.press("/", individual_id, Keys.ENTER, Keys.ENTER)
    focus(browser, block)


def focus(browser: Browser, block: str) -> None:
    browser.script(f"""document.querySelector('article[data-name="{block}"]').focus()""")


def exported(browser: Browser) -> Decisions:
    """What a page exports, as `gallery add` reads it."""
    file = browser.downloads / "decisions.csv"
    file.unlink(missing_ok=True)
    browser.driver.find_element(By.ID, "export").click()
    for _ in range(100):
        if file.is_file():
            break
        time.sleep(0.05)
    return read_decisions(file)
