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
from tf_happywhale.review.html_parts import head_html, page_script
from tf_happywhale.review.toolbar_html import toolbar_html

BODY = "<body data-report="  # where a server says that it keeps the decisions
READING = (
    "Each block shows one photograph to identify, or all photographs of one encounter. Beside it "
    "are the individuals of the catalogue that look most like it, the best match first. If a "
    "photograph shows several animals, each animal has its own block, with the whole photograph "
    "below it. The higher the score and the longer the bar, the more alike the model finds the two "
    "pictures. Photographs whose first two scores are nearly equal come first: there the model was "
    "least sure, and your eyes are needed most. “Nobody in the catalogue” means that this animal "
    "may be new to you."
)
DECIDING = (
    'Press a button to say who it is. <span id="how-kept">This browser keeps your decisions; '
    "“Export decisions.csv” saves them as a file in your downloads.</span> Click or touch a "
    "picture to see it large beside the photograph."
)
KEYS = (
    "Keys: <kbd>1</kbd> to <kbd>5</kbd> choose a candidate, <kbd>n</kbd> says that it is a new "
    "individual, <kbd>s</kbd> skips, <kbd>u</kbd> undoes the decision, <kbd>/</kbd> searches for "
    "another id, <kbd>j</kbd> and <kbd>k</kbd> move to the next and the previous block, "
    "<kbd>z</kbd> enlarges the pictures, <kbd>w</kbd> shows what the scores are based on, if the "
    "pages were made with it. In a group of new animals <kbd>x</kbd> goes to its next picture, "
    "which <kbd>Enter</kbd> takes out or puts back, and <kbd>a</kbd> to <kbd>c</kbd> say that it "
    "is the same animal as another group."
)
GROUPS = (
    "A block that is named new_1 or similar shows pictures that are probably one new animal. "
    "“Not it” takes a picture out; “Same as” joins two groups; “New” says that all that is left is "
    'one new animal, which then gets one id. <span id="regroup">After that run the same command '
    "again, with identify.decisions=decisions.csv: the other pictures are grouped around your "
    "decisions.</span>"
)
CLOSER = """<dialog id="closer" aria-label="The query beside a picture of a candidate">
<div><figure><figcaption></figcaption></figure><figure><figcaption></figcaption></figure></div>
<p><button type="button" data-step="-1">← Previous</button>
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
        individuals: species of all individuals that can be searched, by individual_id.
        report: the name under which the browser keeps the decisions.
        notes: sentences below the lead.
        reading: how what the scores are based on is read, which is then shown at once.
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
    notes: Sequence[str] = ()
    reading: str = ""


@cache
def policy() -> str:
    """Return what a page may load: pictures beside it, its own style, and its own script, which
    asks the server that the page came from, if there is one."""
    digest = base64.b64encode(hashlib.sha256(page_script().encode()).digest()).decode()
    return (
        "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline' 'self'; "
        f"connect-src 'self'; script-src 'sha256-{digest}'"
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
    unfolded = bool(page.reading)
    blocks = "".join(query_html(query, page.bar, unfolded) for query in page.queries)
    notes = "".join(f"<p>{escape(note)}</p>" for note in page.notes)
    reading = f"<p>{escape(page.reading)}</p>" if page.reading else ""
    groups = f"<p>{GROUPS}</p>" if any(query.group for query in page.queries) else ""
    return f"""{head_html(page.title, policy())}
{BODY}"{escape(page.report)}">
<header>
<h1>{escape(page.title)}</h1>
<p class="lead">{page.lead}</p>
{f'<section class="notes" aria-label="What to expect">{notes}</section>' if notes else ""}
{f'<dl class="summary">{rows}</dl>' if rows else ""}
{f'<section class="figures">{plots}</section>' if plots else ""}
<details class="reading" open><summary>How to read this page</summary><p>{READING}</p>
{reading}{groups}
<p class="scripted">{DECIDING}</p><p class="scripted keys">{KEYS}</p></details>
</header>
{toolbar_html(page.queries, page.individuals)}
{page.navigation}
<main>
{blocks or '<p class="lead">There is nothing to show.</p>'}
<p class="lead" id="nothing" hidden>No photograph matches these filters. Change them above.</p>
</main>
{page.navigation}
{CLOSER}
<script>{page_script()}</script>
</body>
</html>
"""


def page_name(number: int) -> str:
    """Return the file name of a page, counted from 1."""
    return "index.html" if number == 1 else f"page-{number:03d}.html"


def navigation_html(number: int, pages: int) -> str:
    """Return links to the first, previous, next and last page; empty if there is only one."""
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
