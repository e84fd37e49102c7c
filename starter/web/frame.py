"""The frame of every page: head, heading and what a browser may load, which is our style alone."""

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from starter.web.markup import Content, Html, joined, tag

_STYLE = Path(__file__).with_name("style.css")

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}
"""What goes with every page: nothing from elsewhere, nothing kept, the address told to nobody."""


@cache
def style() -> str:
    """Return the style sheet of all pages."""
    return _STYLE.read_text(encoding="utf-8")


@cache
def _style_version() -> str:
    return hashlib.sha256(style().encode()).hexdigest()[:12]


def page(title: str, *body: Content, language: str = "en", refresh: int = 0) -> Html:
    """Return a whole page; with `refresh` it loads itself again after so many seconds."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("meta", http_equiv="refresh", content=refresh) if refresh else None,
        tag("title", title),
        tag("link", rel="stylesheet", href=f"/q/style.css?{_style_version()}"),
    )
    return joined(Html("<!doctype html>\n"), tag("html", head, tag("body", *body), lang=language))


def notice_page(title: str, text: str, *more: Content, language: str = "en") -> Html:
    """Return a page that says one thing."""
    card = tag("section", tag("h1", title), tag("p", text), *more, class_="card notice")
    return page(title, tag("main", card, class_="narrow"), language=language)
