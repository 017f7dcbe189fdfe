"""The review of a trip by two people at once, while the server goes away and comes back: part of
`make test-app`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.browser.application import Application
from tests.browser.chromium import Browser
from tf_happywhale.config.report import Report
from tf_happywhale.galleries.decisions import read_decisions
from tf_happywhale.review.query_pages import write_report
from tf_happywhale.review.report_content import Known, ReportContent

NEW = {"b.jpg": "new_1", "a.jpg": "new_1", "c.jpg": "new_1", "d.jpg": "new_2"}


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Application]:
    """A home with one trip, of which the pages are there."""
    made = Application(tmp_path_factory.mktemp("day") / "home")
    trip = made.ask("/v1/trips", {"name": "Bay"})["id"]
    write_pages(made.home / "trips" / trip / "found")
    yield made
    made.kill()


def write_pages(folder: Path) -> None:
    """Five photographs with three candidates each, and two groups of new animals."""
    rows = [
        (f"q{query}.jpg", rank, f"W{rank}", 1 / rank, 0.1, f"r{rank}.jpg")
        for query in range(5)
        for rank in range(1, 4)
    ]
    rows += [(image, 1, "new_individual", 0.2, 0.9, "") for image in NEW]
    columns = ["image", "rank", "individual_id", "score", "p_new", "reference_image"]
    plain = np.full((80, 120, 3), 120, np.uint8)
    species = {f"W{rank}": "fin_whale" for rank in range(1, 9)}
    known = Known(species, groups=NEW, nearest={"new_1": ["new_2"], "new_2": ["new_1"]})
    content = ReportContent("Who is who?", [], lambda _: plain, lambda _: plain, known=known)
    write_report(folder, pd.DataFrame(rows, columns=columns), content, Report())


@pytest.fixture(scope="module")
def anna(application: Application, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    browser = Browser(tmp_path_factory.mktemp("anna"))
    come(browser, application, "Anna")
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def ben(application: Application, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    browser = Browser(tmp_path_factory.mktemp("ben"), 390, 844)
    come(browser, application, "Ben")
    yield browser
    browser.close()


def come(browser: Browser, application: Application, name: str) -> None:
    """Open the pages for the first time, and say who it is."""
    browser.go_to(application.entry)
    browser.go_to(f"{application.address}/review/t1/")
    browser.see("#person-name").send_keys(name, Keys.ENTER)
    browser.is_named("#saved", "All is saved")


def shown(browser: Browser, name: str) -> str:
    """What a page says of a block."""
    return browser.decisions().get(name, "")


def becomes(browser: Browser, name: str, words: str) -> None:
    """Wait until a page says something of a block."""
    browser.until(lambda: shown(browser, name) == words, f"{name} is {words!r}")


def kept(application: Application) -> dict[str, tuple[str, str]]:
    """Who decided what, as the server has it: id and person, by key."""
    last = {}
    for row in application.ask("/v1/trips/t1/decisions?after=0")["decisions"]:
        last[row["key"]] = (row["made"]["id"] if row["made"] else "", row["by"])
    return last


def test_the_names_are_asked_once_and_nothing_is_decided(anna: Browser, ben: Browser) -> None:
    anna.driver.refresh()
    anna.is_named("#saved", "All is saved")
    assert not anna.driver.find_element(By.ID, "person").is_displayed()
    assert "You are Anna" in anna.text(".toolbar") and "You are Ben" in ben.text(".toolbar")
    anna.driver.execute_script("document.querySelector('.reading').open = true")
    said = anna.text(".reading")
    assert "The server keeps your decisions" in said and "This browser" not in said
    assert "identify once more, on the page of the trip" in said
    assert anna.text("#progress") == "0 of 7 decided, 7 shown"
    faults = [entry for entry in anna.driver.get_log("browser") if entry["level"] == "SEVERE"]
    assert faults == []


def test_a_decision_is_kept_and_the_other_sees_it_with_the_name(
    application: Application, anna: Browser, ben: Browser
) -> None:
    anna.go("q0.jpg")
    anna.press("2")
    becomes(anna, "q0.jpg", "It is W2")
    assert kept(application)["q0.jpg"] == ("W2", "Anna")
    becomes(ben, "q0.jpg", "Anna: It is W2")
    assert ben.text("#progress").startswith("1 of 7 decided")


def test_the_later_of_two_counts_and_the_first_is_told_by_name(
    application: Application, anna: Browser, ben: Browser
) -> None:
    ben.go("q0.jpg")
    ben.press("1")
    becomes(anna, "q0.jpg", "Ben: It is W1")
    said = anna.is_named("#told", "Ben says of q0.jpg: It is W1.")
    assert "That counts, since it is later than yours." in said
    assert kept(application)["q0.jpg"] == ("W1", "Ben")
    anna.shot("told-1400")
    anna.driver.find_element(By.CSS_SELECTOR, "#told button").click()
    assert anna.current() == "q0.jpg" and anna.count("#told li") == 0


def test_what_is_taken_back_is_taken_back_for_both(anna: Browser, ben: Browser) -> None:
    anna.go("q0.jpg")
    anna.press("u")
    becomes(anna, "q0.jpg", "")
    becomes(ben, "q0.jpg", "")
    ben.is_named("#told", "Anna took back q0.jpg.")
    ben.shot("told-390")
    ben.driver.find_element(By.CSS_SELECTOR, "#told button:last-child").click()


def test_decisions_wait_while_the_server_is_away(
    application: Application, anna: Browser, ben: Browser
) -> None:
    application.kill()
    anna.is_named("#away", "Leave this page open")
    anna.go("q1.jpg")
    anna.press("3")
    assert shown(anna, "q1.jpg") == "It is W3 (not saved yet)"
    said = anna.is_named("#away", "1 change is not saved yet: leave this page open")
    assert said.startswith("The server does not answer.")
    assert anna.text("#saved") == "1 change is not saved yet"
    anna.shot("away-1400")
    application.start()
    print(f"started again in {application.started:.1f} s")
    becomes(anna, "q1.jpg", "It is W3")
    assert not anna.driver.find_element(By.ID, "away").is_displayed()
    assert kept(application)["q1.jpg"] == ("W3", "Anna")
    becomes(ben, "q1.jpg", "Anna: It is W3")


def test_what_waits_outlives_a_reload(application: Application, anna: Browser) -> None:
    # Between the decision and the answer the page is loaded again.
    anna.go("q2.jpg")
    anna.driver.execute_script("window.fetch = () => new Promise(() => {});")
    time.sleep(2)  # until nothing is asked any more
    anna.press("1")
    assert shown(anna, "q2.jpg") == "It is W1 (not saved yet)"
    anna.driver.refresh()
    becomes(anna, "q2.jpg", "It is W1")
    assert kept(application)["q2.jpg"] == ("W1", "Anna")


def test_new_animals_are_named_split_and_joined_for_both(anna: Browser, ben: Browser) -> None:
    anna.go("new_1")
    anna.press("x", "x", Keys.ENTER)  # the second picture is taken out
    anna.press("a")  # and the others are the animal of d.jpg
    both = "A new individual, all of new_2"
    becomes(anna, "new_1", both)
    becomes(ben, "new_1", f"Anna: {both}")
    becomes(ben, "d.jpg", f"Anna: {both}")
    ben.go("q3.jpg")
    ben.press("/", "Moby", Keys.ENTER, Keys.ENTER)
    becomes(anna, "q3.jpg", "Ben: A new individual, Moby")


def test_what_one_exports_has_what_both_decided(ben: Browser) -> None:
    file = ben.downloads / "decisions.csv"
    export = ben.driver.find_element(By.ID, "export")
    ben.driver.execute_script("arguments[0].click()", export)
    ben.until(file.is_file, "the table is there")
    decisions = read_decisions(file)
    assert decisions.decided["q1.jpg"] == "W3" and decisions.decided["q3.jpg"] == "Moby"
    assert "q0.jpg" not in decisions.decided
    assert set(decisions.groups.values()) == {"new_2"} and len(decisions.groups) == 3
    assert list(decisions.apart.values()) == ["new_1"]


@pytest.mark.parametrize("dark", [False, True])
def test_nobody_is_kept_out_and_it_fits(anna: Browser, ben: Browser, dark: bool) -> None:
    for browser, width in ((anna, 1400), (ben, 390)):
        browser.driver.execute_script("scrollTo(0, 0)")
        browser.shot(f"served-review-{width}")
        assert browser.faults_for_some(dark) == []
        assert not browser.too_wide()


def test_nothing_is_asked_of_another_address(application: Application, anna: Browser) -> None:
    own = (application.address, "data:", "blob:")
    assert [url for url in anna.requests() if not url.startswith(own)] == []
