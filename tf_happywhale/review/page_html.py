"""A whole page of the report as HTML; its script and its style sheet are in it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from html import escape

from tf_happywhale.review.block import Picture, Query
from tf_happywhale.review.block_html import query_html
from tf_happywhale.review.html_head import head_html, page_file
from tf_happywhale.review.toolbar_html import toolbar_html

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


@dataclass(frozen=True)
class Page:
    """What a page shows. `lead` and `navigation` are HTML, everything else is text.

    Attributes:
        title: the heading.
        lead: a line below it.
        bar: the scores at which a bar is empty and full.
        queries: the blocks.
        summary: (name, value) rows.
        navigation: links to the other pages.
        figures: their `reason` is their caption.
        individuals: species of everybody who can be searched, by individual_id; if it is empty,
            the candidates on the page can be searched.
        report: the name under which the browser keeps the decisions.
    """

    title: str
    lead: str
    bar: tuple[float, float]
    queries: Sequence[Query] = ()
    summary: Sequence[tuple[str, str]] = ()
    navigation: str = ""
    figures: Sequence[Picture] = ()
    individuals: Mapping[str, str] = field(default_factory=dict)
    report: str = ""


@cache
def policy() -> str:
    """Return what a page may load: pictures beside it, its own style, and its own script."""
    digest = base64.b64encode(hashlib.sha256(page_file("review.js").encode()).digest()).decode()
    return (
        "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline' 'self'; "
        f"script-src 'sha256-{digest}'"
    )


def page_html(page: Page) -> str:
    """Return the whole page."""
    rows = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>"
        for name, value in page.summary
    )
    plots = "".join(
        f'<img src="{escape(figure.source)}" alt="{escape(figure.reason)}" loading="lazy">'
        for figure in page.figures
    )
    blocks = "".join(query_html(query, page.bar) for query in page.queries)
    return f"""{head_html(page.title, policy())}
<body data-report="{escape(page.report)}">
<header>
<h1>{escape(page.title)}</h1>
<p class="lead">{page.lead}</p>
{f'<dl class="summary">{rows}</dl>' if rows else ""}
{f'<section class="figures">{plots}</section>' if plots else ""}
<details class="reading" open><summary>How to read this page</summary><p>{READING}</p>
<p class="scripted">{DECIDING}</p><p class="scripted keys">{KEYS}</p></details>
</header>
{toolbar_html(page.queries, page.individuals)}
{page.navigation}
<main>
{blocks or '<p class="lead">There is no query to show.</p>'}
<p class="lead" id="nothing" hidden>No query is like that: show others above.</p>
</main>
{page.navigation}
{CLOSER}
<script>{page_file("review.js")}</script>
</body>
</html>
"""
