"""A whole day in the application, by two people with real browsers: `make test-app`.

It begins with an empty folder and a person's own table and photographs, and ends with an exported
table of decisions and a catalogue that knows more animals. The server is killed once in between.
"""

from __future__ import annotations

import csv
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from tests.browser.application import Application
from tests.browser.chromium import Browser
from tf_happywhale.catalogue.dataset import draw_pod
from tf_happywhale.config import load_experiment
from tf_happywhale.galleries.decisions import read_decisions

FIRST_DAY = Path(__file__).parents[2] / "configs" / "first_day.yaml"
SMALL = [
    "pod.individuals=5", "pod.new_individuals=1", "pod.singletons=1", "pod.mean_images=3",
    "pod.test_images=1.1", "pod.width=600", "pod.height=400",
]  # fmt: skip
LONG = 900  # seconds that a job may take on a busy machine
COLUMNS = {"image": "Photo", "individual_id": "Who", "species": "Kind"}

ALL_NAMED = (  # parts are named by headings, which come with their content
    "[...document.querySelectorAll('section[aria-labelledby]:not([hidden])')].every("
    "one => document.getElementById(one.getAttribute('aria-labelledby')))"
)


class Day:
    """What the person has, the application, and the two browsers.

    Attributes:
        own: the person's files: `animals.csv`, `known/` and `new/`.
        clicked: what was decided, by key: (decision, id).
        faults: what is wrong with the screens that were looked at.
    """

    def __init__(self, folder: Path) -> None:
        self.own = folder / "mine"
        self.photographs = draw(self.own)
        self.began = time.monotonic()
        self.application = Application(folder / "home")
        self.anna = Browser(folder / "anna")
        self.ben = Browser(folder / "ben", 390, 844)
        self.clicked: dict[str, tuple[str, str]] = {}
        self.faults: list[str] = []

    def close(self) -> None:
        self.anna.close()
        self.ben.close()
        self.application.kill()

    def look(self, screen: str) -> None:
        """Look at a screen at both widths, and let axe-core look at it."""
        address = self.anna.driver.current_url
        self.ben.go_to(address)
        self.ben.see("h1")
        self.ben.until(lambda: self.ben.script(ALL_NAMED), "all parts have their headings")
        for browser, width in ((self.anna, 1400), (self.ben, 390)):
            browser.settle()
            browser.shot(f"{screen}-{width}")
            self.faults += [f"{screen} is wider than {width}"] * browser.too_wide()
            for dark in (False, True):
                found = browser.faults_for_some(dark)
                self.faults += [f"{screen} at {width}{' dark' * dark}: {one}" for one in found]

    def state(self) -> dict:
        return self.application.ask("/v1/state")


def draw(folder: Path) -> list[Path]:
    """Draw a pod, and return its new photographs. The table has a person's own column names."""
    drawn = load_experiment(FIRST_DAY, [f"output={folder / 'drawn'}", *SMALL])
    draw_pod(drawn)
    known = next(folder.rglob("train_images"))
    known.rename(folder / "known")
    table = pd.read_csv(known.parent / "train.csv", dtype=str)
    table = table[list(COLUMNS)].rename(columns=COLUMNS)
    table.assign(Remark="calm sea").to_csv(folder / "animals.csv", index=False)
    new = next(one for one in folder.rglob("*") if one.name in ("new_photographs", "test_images"))
    new.rename(folder / "new")
    return sorted((folder / "new").glob("*.jpg"))


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    made = Day(tmp_path_factory.mktemp("day"))
    yield made
    made.close()


def test_the_whole_day(day: Day) -> None:
    for part in PARTS:
        began = time.monotonic()
        part(day)
        print(f"{part.__name__}: {time.monotonic() - began:.0f} s", flush=True)
    print(f"the whole day took {time.monotonic() - day.began:.0f} s")
    assert day.faults == []


def come_in(day: Day) -> None:
    """Open the printed address, and say who it is: by keyboard."""
    day.anna.go_to(day.application.entry)
    assert day.anna.test("person-name") == day.anna.driver.switch_to.active_element
    day.anna.press("Anna", Keys.ENTER)
    day.anna.test("step-1")
    assert "token" not in day.anna.driver.current_url
    day.ben.go_to(day.application.entry)
    day.ben.test("person-name").send_keys("Ben", Keys.ENTER)
    day.look("overview-empty")


def make_the_catalogue(day: Day) -> None:
    """From the table, whose columns are chosen by eye, and the photographs."""
    anna = day.anna
    anna.click("go-catalogue")
    anna.test("begin-table")
    day.look("catalogue-empty")
    anna.click("begin-table")
    anna.driver.find_element(By.CSS_SELECTOR, "[data-test=table-file]").send_keys(
        str(day.own / "animals.csv")
    )
    anna.test("column-Photo")
    assert "calm sea" in anna.text("table.mapping")  # the first rows are shown
    for ours, theirs in COLUMNS.items():
        Select(anna.test(f"column-{theirs}")).select_by_value(ours)
    upload(anna, "catalogue-drop", sorted((day.own / "known").glob("*.jpg")))
    count = len(list((day.own / "known").glob("*.jpg")))
    anna.is_named("[data-test=catalogue-drop-outcome]", f"{count} photographs were added")
    anna.is_named("[data-test=columns-told]", f"{count} photographs of")
    anna.shot("catalogue-columns-1400")
    day.faults += anna.faults_for_some()
    anna.click("make-catalogue")
    anna.test("catalogue-present")
    anna.click("prepare")
    anna.until(lambda: day.state()["gallery"], "the gallery is there", LONG)
    assert day.state()["gallery"]["images"] == count
    day.look("catalogue")


def upload(browser: Browser, name: str, files: list[Path]) -> None:
    """Choose files in the field of a place to drop them on."""
    field = browser.driver.find_element(By.CSS_SELECTOR, f"[data-test={name}-files]")
    field.send_keys("\n".join(map(str, files)))


def bring_photographs(day: Day) -> None:
    """A trip with new photographs; two files are left out, with their reasons."""
    anna = day.anna
    (day.own / "new" / "cut.jpg").write_bytes(day.photographs[0].read_bytes()[:2000])
    (day.own / "new" / "notes.jpg").write_text("not a photograph")
    anna.driver.find_element(By.CSS_SELECTOR, "[data-test=home]").click()
    anna.test("trip-name").send_keys("Bay, 12 May")
    anna.click("trip-begin")
    anna.is_named("[data-test=trip-title]", "Bay, 12 May")
    bad = [day.own / "new" / "cut.jpg", day.own / "new" / "notes.jpg"]
    upload(anna, "drop", [*day.photographs, *bad])
    anna.is_named("[data-test=drop-outcome]", f"{len(day.photographs)} photographs were added")
    said = anna.is_named("[data-test=left-out]", "2 files were left out")
    assert "cut.jpg" in said and "notes.jpg" in said
    anna.test(f"photograph-{day.photographs[0].name}")
    day.look("trip")


def boxes(day: Day, name: str) -> list[list[float]]:
    """The boxes that the server has of a photograph."""
    rows = day.application.ask(f"/v1/trips/t1/boxes/{name}")["boxes"]
    return [[row[edge] for edge in ("xmin", "ymin", "xmax", "ymax")] for row in rows]


def correct_boxes(day: Day) -> None:
    """A box is drawn with the mouse, and another one changed with keys alone."""
    anna, (first, second) = day.anna, (one.name for one in day.photographs[:2])
    anna.click(f"photograph-{first}")
    stage = anna.test("box-stage")
    anna.until(lambda: stage.size["height"] > 100, "the photograph is shown")
    width, height = stage.size["width"], stage.size["height"]
    mouse = ActionChains(anna.driver)
    mouse.move_to_element_with_offset(stage, -width // 4, -height // 4).click_and_hold()
    mouse.move_by_offset(width // 4, height // 4).move_by_offset(width // 4, height // 4)
    mouse.release().perform()
    anna.until(lambda: len(boxes(day, first)) == 1, "the box is kept")
    drawn = boxes(day, first)[0]
    assert drawn == pytest.approx([150, 100, 450, 300], abs=4)
    anna.shot("boxes-1400")
    day.faults += anna.faults_for_some()
    anna.press("j", "n")  # a new box in the middle of the next one
    anna.until(lambda: len(boxes(day, second)) == 1, "the new box is kept")
    before = boxes(day, second)[0]
    right, larger = (Keys.ARROW_RIGHT,), (Keys.SHIFT, Keys.ARROW_DOWN)
    for keys in (right, larger):
        anna.press("".join(keys))
    anna.until(lambda: boxes(day, second)[0][3] > before[3], "it is larger")
    after = boxes(day, second)[0]
    assert after[0] > before[0] and after[1] == before[1]
    anna.press(Keys.ESCAPE)
    anna.until(lambda: not anna.count("[data-test=box-dialog]"), "the photograph is closed")


def identify(day: Day) -> None:
    """In the background, while the other person sees how far it is."""
    day.anna.click("identify")
    day.anna.see(".job.running, .job.waiting, [data-test=review]")
    day.anna.shot("identifying-1400")
    day.anna.test("review", LONG)
    assert day.state()["trips"][0]["state"] == "to_review"
    day.look("trip-identified")


def review_by_keyboard(day: Day) -> None:
    """The first half by keys alone, one of them taken back."""
    anna = day.anna
    anna.press(Keys.TAB)
    anna.test("review").send_keys(Keys.ENTER)
    anna.is_named("#saved", "All is saved")
    names = anna.names()
    assert len(names) >= 4 and anna.text("#progress").startswith("0 of")
    day.look("review")
    anna.go(names[0])
    anna.press("1", "s")
    anna.press("k", "u")
    anna.is_named("#saved", "All is saved")
    assert list(anna.decisions()) == [names[0]]
    anna.press("/", "Moby", Keys.ENTER, Keys.ENTER)  # the second one is new, and has a name
    anna.until(lambda: anna.decisions()[names[1]] == "A new individual, Moby", "Moby is named")
    anna.is_named("#saved", "All is saved")
    assert kept(day)[names[1]] == ("new", "Moby", "Anna")


def kept(day: Day) -> dict[str, tuple[str, str, str]]:
    """What the server has: decision, id and person, by the key of the animal."""
    last = {}
    for row in day.application.ask("/v1/trips/t1/decisions?after=0")["decisions"]:
        made = row["made"]
        last[row["key"]] = made and (made["decision"], made["id"], row["by"])
    return {key: value for key, value in last.items() if value}


def review_together(day: Day) -> None:
    """Ben sees what Anna decided, decides too, and both see the same."""
    names = day.anna.names()
    day.ben.until(lambda: names[1] in day.ben.decisions(), "Ben sees Moby")
    assert day.ben.decisions()[names[1]] == "Anna: A new individual, Moby"
    day.ben.go(names[2])
    day.ben.driver.find_element(By.CSS_SELECTOR, "[aria-current] [data-decision=new]").click()
    day.anna.until(lambda: names[2] in day.anna.decisions(), "Anna sees it")
    assert day.anna.decisions()[names[2]].startswith("Ben: A new individual")


def survive_a_kill(day: Day) -> None:
    """What was acknowledged is there after a kill, and what was not is kept then."""
    before, names = kept(day), day.anna.names()
    day.application.kill()
    day.anna.go(names[3])
    day.anna.press("s")
    day.anna.is_named("#away", "not saved yet")
    day.application.start()
    day.anna.is_named("#saved", "All is saved")
    now = kept(day)
    assert before.items() <= now.items() and now[names[3]] == ("skip", "", "Anna")
    day.clicked = {key: made[:2] for key, made in now.items()}


def add_to_the_catalogue(day: Day) -> None:
    """From the review, with progress; the second browser sees that it happened."""
    known = day.state()["gallery"]["images"]
    day.anna.driver.execute_script("scrollTo(0, 0)")
    day.anna.see("#add").click()
    day.anna.is_named("#status", "Added to the catalogue.", LONG)
    state = day.state()
    added = [key for key, (decision, _) in day.clicked.items() if decision in ("match", "new")]
    assert state["trips"][0]["state"] == "added"
    assert state["gallery"]["images"] == known + len(added)
    table = pd.read_csv(day.application.home / "catalogue" / "train.csv", dtype=str)
    who = dict(zip(table["image"], table["individual_id"], strict=True))
    for key in added:
        individual = day.clicked[key][1]
        found = next(value for image, value in who.items() if image.endswith(key.split("#")[0]))
        assert found == individual or (individual == "new_individual" and found.startswith("new"))
    day.anna.driver.find_element(By.CSS_SELECTOR, ".home a").click()
    day.anna.test("added")


def name_the_new_animal(day: Day) -> None:
    """The animal without a name gets one, in the list of individuals."""
    anna = day.anna
    anna.driver.find_element(By.CSS_SELECTOR, "#places [data-place=gallery]").click()
    anna.see("[data-test^=individual-]")
    day.look("individuals")
    anna.click("search-new")
    anna.until(lambda: anna.count("[data-test^=individual-]") == 1, "one new animal is left")
    anna.see("[data-test^=individual-]").click()
    anna.click("rename")
    day.anna.shot("rename-1400")
    field = anna.test("new-name")
    field.send_keys(Keys.CONTROL, "a")
    field.send_keys("Ishmael", Keys.ENTER)
    anna.is_named("[data-test=individual-id]", "Ishmael")
    day.look("individual")
    found = day.application.ask("/v1/gallery/individuals?search=Ishmael")
    assert found["total"] == 1


def curate(day: Day) -> None:
    """The page that lists what may be wrong."""
    anna = day.anna
    anna.driver.find_element(By.CSS_SELECTOR, "#places [data-place=gallery]").click()
    anna.click("curate")
    anna.click("curation", LONG)
    assert anna.see("h1").text == "What to look at"
    anna.test("curation-back")
    assert anna.count("code[data-correction]") == 0  # buttons are in place of the commands
    day.look("curation")
    anna.click("curation-back")
    anna.test("curation")


def export(day: Day) -> None:
    """The table of decisions says what was clicked."""
    anna = day.anna
    anna.driver.find_element(By.CSS_SELECTOR, "#places [data-place=exports]").click()
    offered = "[data-test=export-kind] option[value=decisions]"
    anna.until(lambda: anna.count(offered), "decisions can be exported")
    Select(anna.test("export-kind")).select_by_value("decisions")
    anna.click("export-make")
    anna.see("[data-test^=download-]", LONG)
    day.look("exports")
    anna.see("[data-test^=download-]").click()
    anna.until(lambda: list(anna.downloads.glob("*.csv")), "the table is downloaded")
    file = next(anna.downloads.glob("*.csv"))
    with file.open(encoding="utf-8-sig", newline="") as table:
        rows = list(csv.DictReader(table))
    said = {row["image"]: (row["decision"], row["individual_id"]) for row in rows}
    clicked = {key: made for key, made in day.clicked.items() if made[0] != "skip"}
    assert {key: said[key] for key in clicked} == clicked
    decided = read_decisions(file).decided
    assert "Moby" in decided.values() and set(decided) == set(clicked)


def look_at_the_rest(day: Day) -> None:
    """The screens that this day did not need, and the overview at its end."""
    for place in ("training", "jobs", "catalogue", ""):
        selector = f'#places [data-place="{place}"]'
        day.anna.driver.find_element(By.CSS_SELECTOR, selector).click()
        day.anna.see(f"#main[data-screen={place or 'overview'}] h1")
        day.look(f"{place or 'overview'}-end")


PARTS = (
    come_in, make_the_catalogue, bring_photographs, correct_boxes, identify, review_by_keyboard,
    review_together, survive_a_kill, add_to_the_catalogue, name_the_new_animal, curate, export,
    look_at_the_rest,
)  # fmt: skip


def test_the_first_screens_are_reached_by_keys_alone(day: Day) -> None:
    """From the overview to a new trip: Tab and Enter only, and the focus is always seen."""
    anna = day.anna
    anna.go_to(f"{day.application.address}/#/")
    anna.test("trip-name")
    anna.driver.refresh()
    anna.test("trip-name")
    for name in ("trip-name", "trip-begin"):
        tab_to(anna, name)
        if name == "trip-name":
            anna.press("By keys")
    anna.press(Keys.ENTER)
    anna.is_named("[data-test=trip-title]", "By keys")
    tab_to(anna, "drop-pick")


def tab_to(browser: Browser, name: str) -> None:
    """Press Tab until an element has the focus, and look whether each one shows it."""
    for _ in range(60):
        browser.press(Keys.TAB)
        seen = browser.script(
            "(() => { const at = document.activeElement, style = getComputedStyle(at);"
            "return [at.dataset.test ?? '', style.outlineStyle !== 'none' "
            "|| style.boxShadow !== 'none']; })()"
        )
        assert seen[1], f"{seen[0]} has the focus and does not show it"
        if seen[0] == name:
            return
    raise AssertionError(f"{name} is not reached by Tab")
