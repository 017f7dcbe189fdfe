"""Parts of pages as HTML: the head, pictures, rows of pictures, names and buttons.

All text from files and persons is escaped.
"""

from __future__ import annotations

from functools import cache
from html import escape
from importlib.resources import files

from tf_happywhale.catalogue.animals.individuals import NEW_INDIVIDUAL
from tf_happywhale.review.block import Named, Picture, words

NOBODY = "Nobody in the catalogue"  # what the pages call `new_individual`
SCRIPTS = ("keep_in_browser.js", "keep_on_server.js", "served.js", "closer.js", "review.js")
FIN = (
    '<svg viewBox="0 0 120 80" aria-hidden="true" fill="none" stroke="currentColor" '
    'stroke-width="3" stroke-dasharray="6 6" stroke-linecap="round">'
    '<path d="M22 64C38 56 52 36 58 14C76 20 84 40 82 64"/><path d="M8 66H112"/></svg>'
)


@cache
def page_file(name: str) -> str:
    """Return the text of `style.css` or a script, which are part of this package."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


@cache
def page_script() -> str:
    """Return the script of the review pages: its files as one, so that a page is a single file."""
    return f'"use strict";\n(() => {{\n{"".join(map(page_file, SCRIPTS))}}})();\n'


def head_html(title: str, policy: str) -> str:
    """Return everything up to the end of `<head>`.

    Args:
        title: text.
        policy: the page's content-security policy, text.
    """
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>
{page_file("style.css")}</style>
</head>"""


def name_html(individual_id: str) -> str:
    """Return the name of an individual."""
    if individual_id == NEW_INDIVIDUAL:
        return NOBODY
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
