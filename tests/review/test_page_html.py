from __future__ import annotations

import base64
import hashlib
import json
import math
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from tf_happywhale.review.block import Candidate, Picture, Query
from tf_happywhale.review.block_html import chance_of_new, query_html, verdict_html
from tf_happywhale.review.candidate_html import candidate_html
from tf_happywhale.review.html_parts import page_script
from tf_happywhale.review.page_html import Page, navigation_html, page_html, page_name

BAR = (0.0, 1.0)
SCRIPT = page_script()

HOSTILE = ("<img src=x onerror=alert(1)>", "'; --", '"><script>alert(2)</script>', "&amp;")


def card(rank: int, individual_id: str, score: float = 0.5, **more) -> Candidate:
    values = {"species": "", "reference_image": "r.jpg", "picture": Picture("r.jpg")} | more
    return Candidate(rank=rank, individual_id=individual_id, score=score, **values)


def query(*ids: str, answer: str = "", p_new: float = math.nan) -> Query:
    cards = tuple(card(rank, name, 1 - rank / 10) for rank, name in enumerate(ids, start=1))
    return Query("q.jpg", Picture("q.jpg"), cards, p_new, answer)


class Read(HTMLParser):
    """Tags, attributes and text as a browser would see them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.mark.parametrize(
    ("p_new", "sentence"),
    [
        (0.04, "4% likely to be a new individual."),
        (0.5, "50% likely to be a new individual."),
        (0.0, "Less than 1% likely to be a new individual."),
        (0.999, "More than 99% likely to be a new individual."),
        (math.nan, ""),
    ],
)
def test_chance_of_new_in_words(p_new: float, sentence: str) -> None:
    assert chance_of_new(p_new) == sentence


def test_verdict_says_where_the_right_answer_stands() -> None:
    five = ("a", "b", "new_individual", "d", "e")
    assert "✓ found at rank 1" in verdict_html(query(*five, answer="a"))
    assert "✓ found at rank 2" in verdict_html(query(*five, answer="b"))
    assert "✓ found at rank 3" in verdict_html(query(*five, answer="new_individual"))
    assert "not among the five: it is <bdi>z</bdi>" in verdict_html(query(*five, answer="z"))
    new = verdict_html(query("a", "b", answer="new_individual"))
    assert "not among the two: it is a new individual" in new
    assert verdict_html(query(*five)) == ""


def test_only_the_right_card_is_marked_with_a_word() -> None:
    html = query_html(query("a", "b", "c", answer="b"), BAR)
    assert html.count("✓ right") == 1
    assert html.index("<bdi>b</bdi>") < html.index("✓ right") < html.index("<bdi>c</bdi>")
    assert "✓ right" not in query_html(query("a", "b", "c"), BAR)


def test_new_individual_is_a_card_of_its_own_without_picture() -> None:
    html = candidate_html(card(2, "new_individual", reference_image="", picture=None), "", BAR)
    assert "Nobody in the catalogue" in html
    assert "<img" not in html and "<svg" in html


def test_card_shows_species_score_and_a_bar_within_its_limits() -> None:
    html = candidate_html(card(1, "a", 0.8731, species="killer_whale"), "", BAR)
    assert "killer whale" in html and "0.873" in html and "width:87.3%" in html
    assert "width:0.0%" in candidate_html(card(1, "a", -0.2), "", BAR)
    assert "width:100.0%" in candidate_html(card(1, "a", 7.0), "", BAR)
    assert "no score" in candidate_html(card(1, "a", math.nan), "", BAR)


def test_picture_that_is_missing_says_why() -> None:
    html = candidate_html(card(1, "a", picture=Picture("", "It is <gone>.")), "", BAR)
    assert "No picture. It is &lt;gone&gt;." in html and "<img" not in html


def test_an_encounter_is_one_block_of_all_its_photographs() -> None:
    block = replace(
        query("a"),
        encounter="2019-07-03 <b>",
        more=(('s"1.jpg', Picture("s1.jpg")),),
        warnings=("Small: 40 pixels.",),
        sure="least",
    )
    page = Read(query_html(block, BAR))
    attributes = dict(page.attributes)
    assert json.loads(attributes["data-images"]) == ["q.jpg", 's"1.jpg']
    assert attributes["data-name"] == attributes["data-encounter"] == "2019-07-03 <b>"
    assert attributes["data-sure"] == "least"
    words = "".join(page.words)
    assert "2 photographs" in words and "⚠ Small: 40 pixels." in words
    assert page.tags.count("img") == 3


def test_more_references_are_below_the_nearest_with_their_names() -> None:
    more = (("r2.jpg", Picture("r2.jpg")), ("r3.jpg", Picture("", "It is gone.")))
    page = Read(candidate_html(card(1, "a", more=more, seen="2019-07-03"), "", BAR))
    assert page.tags.count("img") == 2
    assert ("title", "r3.jpg") in page.attributes and ("aria-label", "More pictures of a") in (
        page.attributes
    )
    assert "2019-07-03" in page.words


def test_each_card_and_block_has_buttons_that_say_what_they_decide() -> None:
    page = Read(query_html(query("09913", "new_individual"), BAR))
    decisions = [value for key, value in page.attributes if key == "data-decision"]
    assert decisions == ["new", "skip", "match", "new"]
    ids = [value for key, value in page.attributes if key == "data-id"]
    assert ids == ["new_individual", "", "09913", "new_individual"]
    assert ("aria-label", "It is 09913, rank 1") in page.attributes


def test_everybody_can_be_searched_and_species_filtered() -> None:
    shown = [replace(query("a"), candidates=(card(1, "a", species="killer_whale"),))]
    everybody = {"a": "killer_whale", "<b>": "", "new_individual": ""}
    page = Read(page_html(Page("T", "", BAR, shown, individuals=everybody, report="r1")))
    values = [value for key, value in page.attributes if key == "value"]
    assert "<b>" in values and "a" in values and "killer_whale" in values
    assert "new_individual" not in values
    assert ("data-report", "r1") in page.attributes


def test_every_control_of_the_script_is_on_the_page() -> None:
    page = Read(page_html(Page("T", "", BAR)))
    there = {value for key, value in page.attributes if key == "id"}
    wanted = set(re.findall(r'find\("([a-z-]+)"\)', SCRIPT))
    assert {"status", "export", "search", "progress"} <= wanted
    assert wanted <= there


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_shown_as_text_everywhere(name: str) -> None:
    def page(word: str) -> str:
        shown = card(1, word, species=word, reference_image=word, picture=Picture("r.jpg", ""))
        failed = card(2, "b", picture=Picture("", word))
        block = Query(word, Picture("q.jpg"), (shown, failed), 0.1, word)
        other = Query(word, Picture("", word), (failed,), 0.1, word)
        return page_html(Page(word, "lead", BAR, [block, other], [(word, word)]))

    harmless, hostile = Read(page("harmless")), Read(page(name))
    assert hostile.tags == harmless.tags
    assert [key for key, _ in hostile.attributes] == [key for key, _ in harmless.attributes]
    assert "".join(hostile.words).count(name) == "".join(harmless.words).count("harmless") > 5


def test_page_asks_for_nothing_outside() -> None:
    html = page_html(Page("T", "lead", BAR, [query("a", "b")]))
    page = Read(html)
    assert page.tags.count("script") == 1 and "link" not in page.tags
    assert "http:" not in html and "https:" not in html
    hashed = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
    policy = "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline' 'self'; "
    policy += f"connect-src 'self'; script-src 'sha256-{hashed}'"
    assert ("content", policy) in page.attributes
    assert f"<script>{SCRIPT}</script>" in html
    assert ("lang", "en") in page.attributes
    images = page.tags.count("img")
    assert images == [key for key, _ in page.attributes].count("alt") == 3
    assert page.attributes.count(("loading", "lazy")) == images


def test_page_without_queries_says_so() -> None:
    assert "There is nothing to show." in page_html(Page("T", "", BAR))


def test_navigation_links_only_pages_that_exist() -> None:
    assert navigation_html(1, 1) == ""
    first = navigation_html(1, 3)
    assert "Previous" not in first and 'href="page-002.html">Next' in first
    assert 'href="page-003.html">Last' in first
    last = navigation_html(3, 3)
    assert 'href="index.html">First' in last and "Next" not in last and "Page 3 of 3" in last
    assert page_name(1) == "index.html" and page_name(12) == "page-012.html"
