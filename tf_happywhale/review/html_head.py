"""The head of a page: its title, its style sheet, and the policy that says what it may load."""

from __future__ import annotations

from functools import cache
from html import escape
from importlib.resources import files


@cache
def page_file(name: str) -> str:
    """Return the text of `style.css` or `review.js`, which are part of this package."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


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
