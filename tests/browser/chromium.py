"""Chromium without a window, for the tests of pages and of the application."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TypeVar

from selenium import webdriver
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

SHOTS = Path("output/browser")
AXE = "axe_playwright_python"  # the package that ships axe.min.js; nothing else of it is used
SERIOUS = ("serious", "critical")
Found = TypeVar("Found")


class Browser:
    """Chromium without a window, and the page as a person sees it."""

    def __init__(self, downloads: Path, width: int = 1400, height: int = 1000) -> None:
        options = webdriver.ChromeOptions()
        for argument in ("--headless=new", "--no-sandbox", f"--window-size={width},{height}"):
            options.add_argument(argument)
        options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
        options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
        self.downloads = downloads
        if width < 600:
            metrics = {"width": width, "height": height, "pixelRatio": 1.0, "touch": True}
            options.add_experimental_option("mobileEmulation", {"deviceMetrics": metrics})
        options.binary_location = os.environ.get("CHROME", shutil.which("chromium") or "")
        service = webdriver.ChromeService(os.environ.get("CHROMEDRIVER", "/usr/bin/chromedriver"))
        self.driver = webdriver.Chrome(options=options, service=service)

    def open(self, page: Path, *, forget: bool = True) -> None:
        self.driver.get(page.as_uri())
        if forget:
            self.driver.execute_script("localStorage.clear()")
            self.driver.refresh()

    def press(self, *keys: str) -> None:
        for key in keys:
            self.driver.switch_to.active_element.send_keys(key)

    def text(self, selector: str) -> str:
        return self.driver.find_element(By.CSS_SELECTOR, selector).text

    def count(self, selector: str) -> int:
        return len(self.driver.find_elements(By.CSS_SELECTOR, selector))

    def script(self, code: str) -> object:
        return self.driver.execute_script(f"return {code}")

    def decisions(self) -> dict[str, str]:
        """Words of the decided blocks, by their names."""
        return dict(
            self.script(
                "[...document.querySelectorAll('article.decided')].map(block => "
                "[block.dataset.name, block.querySelector('.decision').textContent])"
            )
        )

    def go(self, name: str) -> None:
        """On to a block, by key."""
        for _ in range(len(self.names())):
            if self.current() == name:
                return
            self.press("j")
        raise AssertionError(f"there is no block {name}")

    def names(self) -> list[str]:
        return self.script("[...document.querySelectorAll('article')].map(b => b.dataset.name)")

    def known(self) -> list[str]:
        """Everybody who can be searched."""
        return self.script("[...document.getElementById('individuals').options].map(o => o.value)")

    def current(self) -> str:
        return str(self.script("document.querySelector('[aria-current=true]').dataset.name"))

    def requests(self) -> list[str]:
        """Every address that was asked for since the last time."""
        entries = [json.loads(e["message"])["message"] for e in self.driver.get_log("performance")]
        sent = [e["params"] for e in entries if e["method"] == "Network.requestWillBeSent"]
        return [params["request"]["url"] for params in sent]

    def go_to(self, address: str) -> None:
        """On to a served page."""
        self.driver.get(address)

    def see(self, selector: str, seconds: float = 30) -> WebElement:
        """An element, once it is shown."""

        def shown() -> WebElement | None:
            found = self.driver.find_elements(By.CSS_SELECTOR, selector)
            return next((one for one in found if one.is_displayed()), None)

        return self.until(shown, f"{selector} is shown", seconds)

    def test(self, name: str, seconds: float = 30) -> WebElement:
        """An element of the screens by its name for tests, once it is shown."""
        return self.see(f'[data-test="{name}"]', seconds)

    def click(self, name: str, seconds: float = 30) -> None:
        """Click an element of the screens with the mouse."""
        found = self.test(name, seconds)
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", found)
        found.click()

    def until(self, found: Callable[[], Found], what: str, seconds: float = 30) -> Found:
        """What a function returns, once that is something. The page may be redrawn meanwhile; if
        it says that something is wrong, that is the end."""
        end = time.monotonic() + seconds
        while True:
            try:
                value = found()
            except (StaleElementReferenceException, NoSuchElementException):
                value = None
            if value:
                return value
            wrong = self.driver.find_elements(By.CSS_SELECTOR, "#message:not([hidden]) #error")
            if time.monotonic() > end or wrong:
                said = self.driver.find_element(By.TAG_NAME, "body").text[:1500]
                raise AssertionError(f"within {seconds} s it was not so that {what}:\n{said}")
            time.sleep(0.1)

    def is_named(self, selector: str, words: str, seconds: float = 30) -> str:
        """The text of an element, once `words` are in it."""

        def text() -> str:
            said = self.driver.find_element(By.CSS_SELECTOR, selector).text
            return said if words in said else ""

        return self.until(text, f"{selector} says {words!r}", seconds)

    def settle(self) -> None:
        """Wait, but not for long, until what the page says stays the same."""
        before = None
        for _ in range(10):
            now = self.script("document.body.innerText")
            if now == before:
                return
            before = now
            time.sleep(0.5)

    def shot(self, name: str) -> None:
        """Leave a screenshot in output/browser."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.driver.save_screenshot(str(SHOTS / f"{name}.png"))

    def faults_for_some(self, dark: bool = False) -> list[str]:
        """What keeps people with a disability out: axe-core's serious and critical findings."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        self.driver.execute_script(axe_source())
        found = self.driver.execute_async_script(
            "axe.run(document, {resultTypes: ['violations']}).then(arguments[0])"
        )
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
        return [
            f"{one['impact']}: {one['help']}: {node['html'][:200]} {node['failureSummary']}"
            for one in found["violations"]
            for node in one["nodes"]
            if one["impact"] in SERIOUS
        ]

    def too_wide(self) -> bool:
        """Whether the page must be scrolled sideways."""
        return bool(
            self.script(
                "document.documentElement.scrollWidth > document.documentElement.clientWidth"
            )
        )

    def close(self) -> None:
        self.driver.quit()


@cache
def axe_source() -> str:
    """axe-core, which a package ships that is not otherwise used."""
    place = importlib.util.find_spec(AXE)
    assert place and place.origin, "axe-core is missing: run `make test-app`"
    return (Path(place.origin).parent / "axe.min.js").read_text(encoding="utf-8")
