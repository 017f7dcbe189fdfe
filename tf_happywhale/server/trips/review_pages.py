"""The pages that `identify` wrote for a trip, as the server gives them away."""

from __future__ import annotations

import re
from html import escape, unescape
from pathlib import Path

KINDS = {
    ".html": "text/html", ".jpg": "image/jpeg", ".png": "image/png", ".webp": "image/webp",
}  # fmt: skip
META = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">')
OWN = re.compile(
    r"default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline' 'self'; "
    r"(connect-src 'self'; )?script-src 'sha256-[A-Za-z0-9+/]{43}='"
)
NOTHING = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'"
FRAMES = "form-action 'none'; base-uri 'none'; frame-ancestors 'self'"


def file_inside(folder: Path, path: str) -> Path | None:
    """Return a file of a folder; None: it is not there, of another kind, or outside.

    Args:
        folder: the folder, which may be missing.
        path: the part of an address, with `/`.
    """
    if "\0" in path or "\\" in path or any(part.startswith(".") for part in path.split("/")):
        return None
    try:
        file, real = (folder / path.lstrip("/")).resolve(), folder.resolve()
        fits = file.is_relative_to(real) and file.is_file()
    except (OSError, ValueError, RuntimeError):  # a name that is too long, a loop of links
        return None
    return file if fits and file.suffix in KINDS else None


def served_html(html: str, trip: str) -> str:
    """Return a review page with what its script needs to know of the server: where the decisions
    of the trip are kept, and the address of the trip."""
    from tf_happywhale.review.page_html import BODY  # not when the server starts

    trip = escape(trip)
    there = f'data-decisions="/v1/trips/{trip}/decisions" data-home="/#/trip/{trip}"'
    return html.replace(BODY, f"<body {there}{BODY.removeprefix('<body')}", 1)


def served_curation(html: str) -> str:
    """Return the curators' page with buttons in place of the commands that it suggests."""
    script = '<script type="module" src="/static/curation.js"></script>'
    return html.replace("</head>", f"{script}</head>", 1)


def policy_of(html: str) -> str:
    """Return the content-security policy of a page, for the header: the page's own, which names its
    script. A page that this program did not write runs no script."""
    found = META.search(html)
    own = unescape(found[1]) if found else ""
    return f"{own if OWN.fullmatch(own) else NOTHING}; {FRAMES}"
