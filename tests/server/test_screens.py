"""The screens: their texts, what they may not contain, and that all their files come along."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import tf_happywhale.review
from tf_happywhale.server.routes.page_routes import STATIC

MODULES = sorted(STATIC.rglob("*.js"))
INDEX = (STATIC / "index.html").read_text(encoding="utf-8")
LANGUAGES = sorted((STATIC / "texts").glob("*.json"))
SOURCE = {module: module.read_text(encoding="utf-8") for module in MODULES}
KEY = re.compile(r"[a-z_]+\.[a-z_]+")
IMPORT = re.compile(r'^import (?:\{(.*?)\}|\* as \w+) from "(.*?)";', re.M | re.S)
COLOUR = re.compile(r"--([a-z-]+): (#[0-9a-f]+);")


def texts(language: Path) -> dict[str, Any]:
    """The texts of a language, by `group.name`."""
    groups = json.loads(language.read_text(encoding="utf-8"))
    return {f"{g}.{name}": text for g, rows in groups.items() for name, text in rows.items()}


def literals(source: str) -> set[str]:
    return {one for one in re.findall(r'"([^"\n]*)"', source) if KEY.fullmatch(one)}


def test_every_text_that_is_used_is_there_and_no_other_one() -> None:
    known = texts(STATIC / "texts" / "en.json")
    groups = {key.split(".")[0] for key in known}
    used = set(re.findall(r'data-(?:text|label)="([^"]+)"', INDEX))
    by_group: set[str] = set()
    for source in SOURCE.values():
        used |= {key for key in literals(source) if key.split(".")[0] in groups}
        by_group |= set(re.findall(r'tWord\("(\w+)"', source))
    assert used - set(known) == set()
    unused = {key for key in set(known) - used if key.split(".")[0] not in by_group}
    assert unused == set()
    assert by_group <= groups


def test_every_key_is_written_out() -> None:
    for module, source in SOURCE.items():
        asked = re.findall(r"\bt\(([^)]*)", source)
        made = [one for one in asked if one.startswith("`")]
        assert not made, f"{module.name}: {made}"


def test_every_language_has_the_same_texts_with_the_same_gaps() -> None:
    listed = re.search(r"const LANGUAGES = (\[.*?\]);", SOURCE[STATIC / "texts.js"])
    assert listed and sorted(json.loads(listed[1])) == [file.stem for file in LANGUAGES]
    english = texts(STATIC / "texts" / "en.json")
    for language in LANGUAGES:
        for key, text in texts(language).items():
            forms = text.values() if isinstance(text, dict) else [text]
            gaps = set(re.findall(r"\{(\w+)\}", json.dumps(english[key]))) | {"count"}
            assert all(form.strip() for form in forms), key
            assert set(re.findall(r"\{(\w+)\}", " ".join(forms))) <= gaps, key
            assert not isinstance(text, dict) or "other" in text, key
        assert set(texts(language)) == set(english)


@pytest.mark.parametrize(
    "word",
    ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"],
)
def test_nothing_is_made_of_a_text_that_could_be_code(word: str) -> None:
    assert [module.name for module, source in SOURCE.items() if word in source] == []


def test_no_text_of_the_screens_is_in_the_code() -> None:
    for module, source in SOURCE.items():
        assert not re.findall(r'\btext: "[^"]*[A-Za-z]', source), module.name


def test_the_page_keeps_the_policy() -> None:
    assert re.findall(r"<script(?![^>]*\bsrc=)", INDEX) == []
    assert re.findall(r"<[^>]*\s(?:on\w+|style)=", INDEX) == []
    assert re.findall(r"(?:src|href)=\"(?!/static/|#)", INDEX) == []
    assert "<style" not in INDEX


def test_every_import_is_there() -> None:
    for module, source in SOURCE.items():
        for names, path in IMPORT.findall(source):
            other = (module.parent / path).resolve()
            assert other in SOURCE, f"{module.name}: {path}"
            for name in filter(None, (one.strip() for one in names.split(","))):
                exported = rf"^export (?:async function|function|const|let|class) {name}\b"
                assert re.search(exported, SOURCE[other], re.M), f"{module.name}: {name}"
                assert len(re.findall(rf"\b{name}\b", source)) > 1, f"{module.name}: {name} unused"


def test_every_file_is_served_and_comes_with_the_package(client: TestClient) -> None:
    project = Path(tf_happywhale.review.__file__).parents[2] / "pyproject.toml"
    setuptools = tomllib.loads(project.read_text(encoding="utf-8"))["tool"]["setuptools"]
    packed = {
        file
        for pattern in setuptools["package-data"]["tf_happywhale"]
        for file in (project.parent / "tf_happywhale").glob(pattern)
    }
    for file in (path for path in STATIC.rglob("*") if path.is_file()):
        assert file in packed
        answer = client.get(f"/static/{file.relative_to(STATIC).as_posix()}")
        assert answer.status_code == 200
        assert answer.content == file.read_bytes()
    assert client.get("/").text == INDEX
    assert client.get("/static/main.js").headers["content-type"].startswith("text/javascript")


def test_the_colours_are_those_of_the_review_pages() -> None:
    review = Path(tf_happywhale.review.__file__).with_name("style.css").read_text(encoding="utf-8")
    of_review = COLOUR.findall(review)
    screens = COLOUR.findall((STATIC / "style.css").read_text(encoding="utf-8"))
    assert len(of_review) > 20
    assert [one for one in of_review if one not in screens] == []
