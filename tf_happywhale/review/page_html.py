"""A whole page of the report from plain values; its script and its style are in it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from tf_happywhale.catalogue.animals.individuals import NEW_INDIVIDUAL
from tf_happywhale.review.cards import Picture, Query, query_html, text
from tf_happywhale.review.style import STYLE

READING = (
    "Each block shows one photograph to identify, or one encounter's, beside the individuals of "
    "the catalogue that look most like it, the best first. If a photograph shows several "
    "animals, each has a block of its own, with the whole photograph under it. "
    "The longer the bar and the higher the score, the more alike the two pictures are to the "
    "model; the queries whose first two scores are nearly equal come first, because there it was "
    "least sure and needs your eyes most. "
    "“Nobody in the catalogue” says that this animal may be one that you have not catalogued yet."
)
DECIDING = (
    "Say who it is with the buttons; what you decide is kept in this browser, “Export” saves it "
    "as decisions.csv. Touch or click a picture to look at it closely beside the query."
)
KEYS = (
    "Keys: <kbd>1</kbd> to <kbd>5</kbd> choose a candidate, "
    "<kbd>n</kbd> a new individual, <kbd>s</kbd> skips, <kbd>u</kbd> takes back, <kbd>/</kbd> "
    "searches another id, <kbd>j</kbd> and <kbd>k</kbd> go to the next and back, <kbd>z</kbd> "
    "looks closely, <kbd>w</kbd> unfolds what the scores rest on, where that was drawn."
)
CLOSER = """<dialog id="closer" aria-label="The query beside a picture of a candidate">
<div><figure><figcaption></figcaption></figure><figure><figcaption></figcaption></figure></div>
<p><button type="button" data-step="-1">← Before</button>
<button type="button" data-step="1">Next →</button>
<button type="button" data-close="1" autofocus>Close</button></p></dialog>"""
SURE = {"least": "the least sure third", "middle": "the middle third", "most": "the surest third"}


@cache
def script() -> str:
    """The page's own script."""
    return (Path(__file__).parent / "review.js").read_text(encoding="utf-8")


@cache
def policy() -> str:
    """What a page may load: pictures beside it, its own style, and this very script."""
    digest = base64.b64encode(hashlib.sha256(script().encode()).digest()).decode()
    return (
        "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline' 'self'; "
        f"script-src 'sha256-{digest}'"
    )


def page_html(
    title: str,
    lead: str,
    summary: list[tuple[str, str]],
    navigation: str,
    queries: list[Query],
    low: float,
    high: float,
    figures: Sequence[Picture] = (),
    individuals: Mapping[str, str] | None = None,
    report: str = "",
) -> str:
    """A whole page; `lead` and `navigation` are HTML already, all else is text.

    Args:
        title: the heading.
        lead: a line under it.
        summary: (name, value) rows.
        navigation: links to the other pages.
        queries: the blocks.
        low, high: scores at which a bar is empty and full.
        figures: their `reason` is what they show.
        individuals: species of everybody who can be searched, by individual_id.
        report: under which name the browser keeps the decisions.
    """
    rows = "".join(
        f"<div><dt>{text(name)}</dt><dd>{text(value)}</dd></div>" for name, value in summary
    )
    plots = "".join(
        f'<img src="{text(figure.source)}" alt="{text(figure.reason)}" loading="lazy">'
        for figure in figures
    )
    blocks = "".join(query_html(query, low, high) for query in queries)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{text(policy())}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{text(title)}</title>
<style>{STYLE}</style>
</head>
<body data-report="{text(report)}">
<header>
<h1>{text(title)}</h1>
<p class="lead">{lead}</p>
{f'<dl class="summary">{rows}</dl>' if rows else ""}
{f'<section class="figures">{plots}</section>' if plots else ""}
<details class="reading" open><summary>How to read this page</summary><p>{READING}</p>
<p class="scripted">{DECIDING}</p><p class="scripted keys">{KEYS}</p></details>
</header>
{toolbar_html(queries, individuals or {})}
{navigation}
<main>
{blocks or '<p class="lead">There is no query to show.</p>'}
<p class="lead" id="nothing" hidden>No query is like that: show others above.</p>
</main>
{navigation}
{CLOSER}
<script>{script()}</script>
</body>
</html>
"""


def toolbar_html(queries: Sequence[Query], individuals: Mapping[str, str]) -> str:
    """What stays in sight: how far one is, filters, the search of an id, the export."""
    species = sorted({query.species for query in queries} - {""})
    kinds = {kind: kind.replace("_", " ") for kind in species}
    everybody = individuals or {
        card.individual_id: card.species for query in queries for card in query.candidates
    }
    options = "".join(
        f'<option value="{text(who)}">{text(kind.replace("_", " "))}</option>'
        for who, kind in sorted(everybody.items())
        if who != NEW_INDIVIDUAL
    )
    states = {"undecided": "undecided", "decided": "decided", "skipped": "skipped"}
    return f"""<section class="toolbar scripted" aria-label="Deciding">
<p class="far"><progress id="progress-bar" max="{max(1, len(queries))}" value="0"
aria-label="decided"></progress> <span id="progress"></span></p>
{_select("state", "Show", states)}
{_select("sure", "How sure", SURE)}
{_select("species", "Species", kinds)}
<label>Search an id <input id="search" list="individuals" autocomplete="off" spellcheck="false"
autocapitalize="off"></label><datalist id="individuals">{options}</datalist>
<p id="status" role="status" aria-live="polite"></p>
<button type="button" id="export" disabled>Export decisions.csv</button>
</section>"""


def page_name(number: int) -> str:
    """File name of a page, counted from 1."""
    return "index.html" if number == 1 else f"page-{number:03d}.html"


def navigation_html(number: int, pages: int) -> str:
    """Links to the first, previous, next and last page; empty if there is but one."""
    if pages <= 1:
        return ""
    links = [("First", 1, number > 2), ("Previous", number - 1, number > 1)]
    after = [("Next", number + 1, number < pages), ("Last", pages, number < pages - 1)]
    return (
        '<nav aria-label="Pages">'
        + "".join(f'<a href="{page_name(to)}">{word}</a>' for word, to, shown in links if shown)
        + f"<span>Page {number} of {pages}</span>"
        + "".join(f'<a href="{page_name(to)}">{word}</a>' for word, to, shown in after if shown)
        + "</nav>"
    )


def _select(name: str, label: str, options: Mapping[str, str]) -> str:
    inside = "".join(
        f'<option value="{text(value)}">{text(words)}</option>' for value, words in options.items()
    )
    hidden = "" if options else " hidden"
    return (
        f'<label{hidden}>{label} <select id="{name}"><option value="">all</option>{inside}</select>'
        "</label>"
    )
