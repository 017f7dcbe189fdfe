"""The report's HTML from plain values: everything a file or a person named is escaped here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from tf_happywhale.catalogue.individuals import NEW_INDIVIDUAL
from tf_happywhale.review.style import STYLE

POLICY = "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline' 'self'"
NUMBERS = ("none", "one", "two", "three", "four", "five")
FIN = (
    '<svg viewBox="0 0 120 80" aria-hidden="true" fill="none" stroke="currentColor" '
    'stroke-width="3" stroke-dasharray="6 6" stroke-linecap="round">'
    '<path d="M22 64C38 56 52 36 58 14C76 20 84 40 82 64"/><path d="M8 66H112"/></svg>'
)
READING = (
    "Each block shows one photograph to identify beside the individuals of the catalogue that "
    "look most like it, the best first. "
    "The longer the bar and the higher the score, the more alike the two pictures are to the "
    "model; the queries whose first two scores are nearly equal come first, because there it was "
    "least sure and needs your eyes most. "
    "“Nobody in the catalogue” says that this animal may be one that you have not catalogued yet."
)


@dataclass(frozen=True)
class Picture:
    """What stands in a picture's place: `source` for <img>, or else the `reason` for none."""

    source: str
    reason: str = ""


@dataclass(frozen=True)
class Candidate:
    """One card: an individual, or `new_individual` (which has no picture)."""

    rank: int
    individual_id: str
    species: str
    score: float
    reference_image: str
    picture: Picture | None


@dataclass(frozen=True)
class Query:
    """One block: the query's picture, its candidates by rank, and the answer ("" = unknown)."""

    image: str
    picture: Picture
    candidates: tuple[Candidate, ...]
    p_new: float
    answer: str


def text(value: str) -> str:
    """Escaped for HTML text and attributes."""
    return escape(value, quote=True)


def name_of(individual_id: str) -> str:
    """The words that stand for an individual, escaped."""
    if individual_id == NEW_INDIVIDUAL:
        return "Nobody in the catalogue"
    return f"<bdi>{text(individual_id)}</bdi>"


def chance_of_new(p_new: float) -> str:
    """p_new (0 to 1) as a sentence; empty where it is not known."""
    if math.isnan(p_new):
        return ""
    percent = f"{p_new * 100:.0f}%"
    if p_new < 0.005:
        percent = "Less than 1%"
    elif p_new > 0.995:
        percent = "More than 99%"
    return f"{percent} likely to be a new individual."


def verdict_html(query: Query) -> str:
    """Where the right answer stands, in symbol and words; empty where it is not known."""
    if not query.answer:
        return ""
    for candidate in query.candidates:
        if candidate.individual_id == query.answer:
            kind = "found-first" if candidate.rank == 1 else "found-later"
            return f'<span class="pill {kind}">✓ found at rank {candidate.rank}</span>'
    shown = len(query.candidates)
    number = NUMBERS[shown] if shown < len(NUMBERS) else str(shown)
    new = query.answer == NEW_INDIVIDUAL
    is_whom = "a new individual" if new else f"<bdi>{text(query.answer)}</bdi>"
    return f'<span class="pill not-found">✗ not among the {number}: it is {is_whom}</span>'


def picture_html(picture: Picture | None, alt: str) -> str:
    """A picture in its frame, or why there is none; None draws the outline of nobody's fin."""
    if picture is None:
        inside = FIN
    elif picture.source:
        inside = f'<img src="{text(picture.source)}" alt="{text(alt)}" loading="lazy">'
    else:
        inside = f'<p class="no-picture">No picture. {text(picture.reason)}</p>'
    return f'<div class="picture">{inside}</div>'


def candidate_html(candidate: Candidate, answer: str, low: float, high: float) -> str:
    """One card; the bar runs from score `low` (empty) to `high` (full)."""
    right = bool(answer) and candidate.individual_id == answer
    nobody = candidate.individual_id == NEW_INDIVIDUAL
    alt = f"{candidate.individual_id}, reference image {candidate.reference_image}"
    details = candidate.species.replace("_", " ")
    file = candidate.reference_image
    known = math.isfinite(candidate.score)
    share = (candidate.score - low) / (high - low) if known else 0.0
    return "".join(
        [
            f'<li class="candidate{" right" * right}{" nobody" * nobody}">',
            picture_html(None if nobody else candidate.picture, alt),
            f'<span class="rank" title="rank">{candidate.rank}</span>',
            f'<p class="who">{name_of(candidate.individual_id)}</p>',
            f'<p class="detail"><bdi>{text(details)}</bdi></p>' if details and not nobody else "",
            '<p class="detail">a new individual</p>' if nobody else "",
            f'<p class="score"><span class="bar"><span style="width:{_percent(share)}"></span>'
            f"</span><b>{f'{candidate.score:.3f}' if known else 'no score'}</b></p>",
            f'<p class="detail"><span class="file" title="{text(file)}"><bdi>{text(file)}</bdi>'
            "</span></p>"
            if file
            else "",
            '<p class="mark">✓ right</p>' if right else "",
            "</li>",
        ]
    )


def query_html(query: Query, low: float, high: float) -> str:
    """One block of the page."""
    sentences = [chance_of_new(query.p_new), _difference(query)]
    cards = "".join(candidate_html(card, query.answer, low, high) for card in query.candidates)
    return (
        f'<article class="query"><header><h2><bdi>{text(query.image)}</bdi></h2>'
        f"{verdict_html(query)}</header>"
        f'<figure class="asked">{picture_html(query.picture, f"The query {query.image}")}'
        f"<figcaption><strong>Who is this?</strong> {' '.join(filter(None, sentences))}"
        f'</figcaption></figure><ol class="candidates">{cards}</ol></article>\n'
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
) -> str:
    """A whole page; `lead` and `navigation` are HTML already, all else is text; the figures'
    `reason` is what they show."""
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
<meta http-equiv="Content-Security-Policy" content="{text(POLICY)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{text(title)}</title>
<style>{STYLE}</style>
</head>
<body>
<header>
<h1>{text(title)}</h1>
<p class="lead">{lead}</p>
{f'<dl class="summary">{rows}</dl>' if rows else ""}
{f'<section class="figures">{plots}</section>' if plots else ""}
<section class="reading"><h2>How to read this page</h2><p>{READING}</p></section>
</header>
{navigation}
<main>
{blocks or '<p class="lead">There is no query to show.</p>'}
</main>
{navigation}
</body>
</html>
"""


def page_name(number: int) -> str:
    """File name of a page, counted from 1."""
    return "index.html" if number == 1 else f"page-{number:03d}.html"


def navigation_html(number: int, pages: int) -> str:
    """Links to the first, previous, next and last page; empty where there is but one."""
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


def _difference(query: Query) -> str:
    if len(query.candidates) < 2:
        return ""
    gap = abs(query.candidates[0].score - query.candidates[1].score)
    if not math.isfinite(gap):
        return ""
    return f"The first two scores differ by {f'{gap:.3f}' if gap >= 0.0005 else 'less than 0.001'}."


def _percent(share: float) -> str:
    return f"{100 * min(max(share, 0.0), 1.0):.1f}%"
