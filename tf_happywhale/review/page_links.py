"""The names of a report's pages, and the links between them."""

from __future__ import annotations


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
