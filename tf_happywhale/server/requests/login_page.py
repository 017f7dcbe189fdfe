"""The page that asks for the token."""

from __future__ import annotations

from html import escape

from starlette.responses import HTMLResponse

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>tf_happywhale</title>
<meta name="viewport" content="width=device-width">
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:32rem;margin:3rem auto;padding:0 1rem}}
input,button{{font:inherit;padding:.4rem;max-width:100%}}</style>
<main><h1>tf_happywhale</h1>
<p role="status">{problem}</p>
<p>Open the address that the program printed when it was started, or type its token here. It is in
the file <code>token</code> of the home folder.</p>
<form action="/"><label>Token <input name="token" type="password" required autofocus
autocomplete="current-password"></label> <button>Open</button></form></main></html>"""


def login_page(problem: str) -> HTMLResponse:
    """Return the page, with status 401; `problem`: what was wrong, or empty."""
    headers = {"Content-Security-Policy": POLICY, "WWW-Authenticate": "Bearer"}
    return HTMLResponse(PAGE.format(problem=escape(problem)), 401, headers)
