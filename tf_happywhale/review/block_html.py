"""A block of the page as HTML: one query beside its candidates."""

from __future__ import annotations

import json
import math
from html import escape

from tf_happywhale.catalogue.animals.animal_key import split_key
from tf_happywhale.catalogue.animals.individuals import NEW_INDIVIDUAL
from tf_happywhale.review.block import Query, words
from tf_happywhale.review.candidate_html import candidate_html
from tf_happywhale.review.group_html import animals, members_html, nearest_html
from tf_happywhale.review.html_parts import button_html, picture_html, strip_html

NUMBERS = ("none", "one", "two", "three", "four", "five")


def query_html(query: Query, bar: tuple[float, float], unfolded: bool = False) -> str:
    """Return one block.

    Args:
        query: the block.
        bar: the scores at which a bar is empty and full.
        unfolded: show what the scores are based on at once.
    """
    cards = "".join(candidate_html(card, query.answer, bar) for card in query.candidates)
    together = ""
    if query.more or query.encounter:
        together = f'<span class="pill">{1 + len(query.more)} photographs</span>'
    if query.group and query.group != query.name:
        together += f'<span class="pill group"><bdi>{escape(query.group)}</bdi></span>'
    alerts = "".join(
        f'<span class="pill warning">⚠ {escape(what)}</span>' for what in query.warnings
    )
    return (
        f'<article class="query" tabindex="-1" {_facts(query)}><header><h2>'
        f"<bdi>{escape(query.name)}</bdi></h2>{together}{verdict_html(query)}{alerts}"
        '<span class="decision pill"></span></header>'
        f'{_asked(query)}<ol class="candidates">{cards}</ol>{_why(query, unfolded)}</article>\n'
    )


def chance_of_new(p_new: float) -> str:
    """Return p_new (0 to 1) as a sentence; empty if it is not known."""
    if math.isnan(p_new):
        return ""
    percent = f"{p_new * 100:.0f}%"
    if p_new < 0.005:
        percent = "Less than 1%"
    elif p_new > 0.995:
        percent = "More than 99%"
    return f"{percent} likely to be a new individual."


def verdict_html(query: Query) -> str:
    """Return the rank of the right answer, with a symbol; empty if the answer is not known."""
    if not query.answer:
        return ""
    for candidate in query.candidates:
        if candidate.individual_id == query.answer:
            kind = "found-first" if candidate.rank == 1 else "found-later"
            return f'<span class="pill {kind}">✓ found at rank {candidate.rank}</span>'
    shown = len(query.candidates)
    number = NUMBERS[shown] if shown < len(NUMBERS) else str(shown)
    new = query.answer == NEW_INDIVIDUAL
    who = "a new individual" if new else f"<bdi>{escape(query.answer)}</bdi>"
    return f'<span class="pill not-found">✗ not among the {number}: it is {who}</span>'


def _facts(query: Query) -> str:
    """Return the attributes that the page's script reads."""
    images = [query.image, *(image for image, _ in query.more)]
    named = animals(images, query.boxes, query.contents)
    facts = {
        "images": json.dumps(images, ensure_ascii=False),
        "animals": json.dumps(named, ensure_ascii=False),
        "group": query.group,
        "name": query.name,
        "encounter": query.encounter,
        "sure": query.sure,
        "species": query.species,
    }
    return " ".join(f'data-{name}="{escape(value)}"' for name, value in facts.items())


def _asked(query: Query) -> str:
    """Return the photograph to identify, with what is asked and the buttons that answer it."""
    sentences = filter(None, [chance_of_new(query.p_new), _difference(query)])
    name = words(query.image, query.of)
    members = strip_html(query.more, "Other photographs of the encounter")
    if query.group and query.more:
        members = members_html(query)
    seen = f'<span class="detail"> <bdi>{escape(query.seen)}</bdi></span>' if query.seen else ""
    return (
        f'<figure class="asked">{picture_html(query.picture, f"The query {name}")}'
        f"{_whole(query)}"
        f"{members}"
        f"<figcaption><strong>Who is this?</strong> {' '.join(sentences)}{seen}"
        f'</figcaption><p class="decide">'
        + button_html("new", NEW_INDIVIDUAL, "<kbd>n</kbd> New")
        + button_html("skip", "", "<kbd>s</kbd> Skip")
        + '<button type="button" data-search="1"><kbd>/</kbd> Another id</button></p>'
        f"{nearest_html(query)}</figure>"
    )


def _whole(query: Query) -> str:
    if query.whole is None:
        return ""
    photograph, number = split_key(query.image)
    alt = f"The whole photograph {photograph}, in which this animal is number {number}"
    return f'<div class="whole">{picture_html(query.whole, alt)}</div>'


def _why(query: Query, unfolded: bool) -> str:
    if not query.why:
        return ""
    figures = "".join(
        f'<figure><img src="{escape(picture.source)}" alt="{escape(caption)}" loading="lazy">'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
        for caption, picture in query.why
    )
    return (
        f'<details class="why{" matched" * unfolded}"{" open" * unfolded}><summary>'
        "What are the scores based on? <kbd>w</kbd></summary>"
        f'<div class="figures">{figures}</div></details>'
    )


def _difference(query: Query) -> str:
    if len(query.candidates) < 2:
        return ""
    gap = abs(query.candidates[0].score - query.candidates[1].score)
    if not math.isfinite(gap):
        return ""
    return f"The first two scores differ by {f'{gap:.3f}' if gap >= 0.0005 else 'less than 0.001'}."
