"""Small parts of a page, as HTML: pictures, rows of pictures, names, buttons.

Everything that a file or a person named is escaped here or in `block_html` and `page_html`.
"""

from __future__ import annotations

from html import escape

from tf_happywhale.catalogue.animals.individuals import NEW_INDIVIDUAL
from tf_happywhale.review.block import Named, Picture, words

FIN = (
    '<svg viewBox="0 0 120 80" aria-hidden="true" fill="none" stroke="currentColor" '
    'stroke-width="3" stroke-dasharray="6 6" stroke-linecap="round">'
    '<path d="M22 64C38 56 52 36 58 14C76 20 84 40 82 64"/><path d="M8 66H112"/></svg>'
)


def name_html(individual_id: str) -> str:
    """Return the name of an individual."""
    if individual_id == NEW_INDIVIDUAL:
        return "Nobody in the catalogue"
    return f"<bdi>{escape(individual_id)}</bdi>"


def picture_html(picture: Picture | None, alt: str) -> str:
    """Return a picture in its frame, or the reason why there is none; for None, a dashed fin."""
    if picture is None:
        inside = FIN
    elif picture.source:
        inside = f'<img src="{escape(picture.source)}" alt="{escape(alt)}" loading="lazy">'
    else:
        inside = f'<p class="no-picture">No picture. {escape(picture.reason)}</p>'
    return f'<div class="picture">{inside}</div>'


def strip_html(pictures: Named, label: str) -> str:
    """Return small pictures in a row, each with its file's name; empty if there are none."""
    if not pictures:
        return ""
    items = "".join(
        f'<li title="{escape(words(name))}">{picture_html(picture, words(name))}</li>'
        for name, picture in pictures
    )
    return f'<ul class="strip" aria-label="{escape(label)}">{items}</ul>'


def button_html(
    decision: str, individual_id: str, label: str, rank: str = "", spoken: str = ""
) -> str:
    """Return a button that decides. `label` is HTML; a screen reader says the text `spoken`."""
    aria = f' aria-label="{escape(spoken)}"' if spoken else ""
    return (
        f'<button type="button" data-decision="{decision}" data-id="{escape(individual_id)}" '
        f'data-rank="{rank}" aria-pressed="false"{aria}>{label}</button>'
    )
