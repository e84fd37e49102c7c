"""HTML from Python: every text is escaped unless it is HTML already, so nothing can be smuggled in.

Names of attributes are Python names: `class_` for class, `for_` for for, `aria_label` for
aria-label. An attribute that is True stands alone, one that is None or False is left out.
"""

from collections.abc import Iterable
from html import escape

_VOID = frozenset({"br", "hr", "input", "link", "meta"})


class Html(str):
    """A piece of HTML; everything else is text."""

    __slots__ = ()


Content = str | Html | None | Iterable["Content"]
"""What stands inside a tag: text, HTML, nothing, or several of them."""


def tag(name: str, /, *content: Content, **attributes: str | int | bool | None) -> Html:
    """Return an element with its content and attributes."""
    opening = f"<{name}{''.join(map(_attribute, attributes.items()))}>"
    if name in _VOID:
        return Html(opening)
    return Html(f"{opening}{joined(*content)}</{name}>")


def joined(*content: Content) -> Html:
    """Return several pieces behind each other."""
    return Html("".join(map(_piece, content)))


def _piece(content: Content) -> str:
    if content is None:
        return ""
    if isinstance(content, Html):
        return str(content)
    if isinstance(content, str):
        return escape(content)
    return "".join(map(_piece, content))


def _attribute(pair: tuple[str, str | int | bool | None]) -> str:
    name, value = pair[0].rstrip("_").replace("_", "-"), pair[1]
    if value is None or value is False:
        return ""
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'
