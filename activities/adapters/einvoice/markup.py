"""What both syntaxes share: how elements are made and read, and how numbers and days are written.

Files of strangers are read without entities, document types and network.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias

from lxml import etree

from models.errors import InvalidInputError, Problem
from models.money import Money
from models.periods import Interval

Element: TypeAlias = Any
"""An element of the library, which has no types."""

MOST_BYTES = 20_000_000
"""What may be read of a stranger's file."""

_WIDEST = 40


class Maker:
    """Makes elements by their prefixed names, such as `ram:ID`."""

    def __init__(self, namespaces: Mapping[str, str]) -> None:
        self._namespaces = namespaces

    def root(self, name: str, default: str = "") -> Element:
        """Return the first element, on which every namespace is declared."""
        declared: dict[str | None, str] = dict(self._namespaces.items())
        if default:
            declared[None] = default
            return etree.Element(f"{{{default}}}{name}", nsmap=declared)
        return etree.Element(self._full(name), nsmap=declared)

    def group(self, parent: Element, *path: str) -> Element:
        """Add an element below another, with those between, and return the last."""
        for name in path:
            parent = etree.SubElement(parent, self._full(name))
        return parent

    def text(self, parent: Element, name: str, content: str, **attributes: str) -> None:
        """Add an element with text; nothing for empty text."""
        if content:
            made = etree.SubElement(parent, self._full(name), attributes)
            made.text = printable(content)

    def _full(self, name: str) -> str:
        prefix, _, local = name.partition(":")
        return f"{{{self._namespaces[prefix]}}}{local}"


class Reader:
    """Reads by path, and keeps what could not be read instead of stopping at the first."""

    def __init__(self, namespaces: Mapping[str, str]) -> None:
        self._namespaces = dict(namespaces)
        self.problems: list[Problem] = []

    def all(self, parent: Element | None, path: str) -> Iterator[Element]:
        """Yield the elements at a path."""
        if parent is not None:
            yield from parent.iterfind(path, self._namespaces)

    def first(self, parent: Element | None, path: str) -> Element | None:
        """Return the first element at a path."""
        return next(self.all(parent, path), None)

    def text(self, parent: Element | None, path: str) -> str:
        """Return the text of the first element at a path; empty if there is none."""
        found = self.first(parent, path)
        return (found.text or "").strip() if found is not None else ""

    def needed(self, parent: Element | None, path: str, field: str) -> str:
        """Return the text at a path; its absence is a problem."""
        found = self.text(parent, path)
        if not found:
            self.problems.append(Problem(field=field, reason=f"is missing ({path})"))
        return found

    def number(self, parent: Element | None, path: str, field: str) -> Decimal | None:
        """Return the number at a path, or None."""
        written = self.text(parent, path)
        if not written:
            return None
        try:
            number = Decimal(written)
        except InvalidOperation:
            number = Decimal("NaN")
        if number.is_finite() and abs(number.adjusted()) < _WIDEST and len(written) < _WIDEST:
            return number
        self.problems.append(Problem(field=field, reason=f"{written[:_WIDEST]!r} is no number"))
        return None

    def money(self, parent: Element | None, path: str, field: str, currency: str) -> Money:
        """Return the amount at a path, nothing where there is none; it must fit the currency."""
        number = self.number(parent, path, field) or Decimal(0)
        amount = Money.from_decimal(number, currency)
        if amount.decimal != number:
            reason = f"{number} is finer than the minor unit of {currency} (BR-DEC)"
            self.problems.append(Problem(field=field, reason=reason))
        return amount

    def finish(self) -> None:
        """Raise `InvalidInputError` with everything that could not be read, if anything."""
        if self.problems:
            raise InvalidInputError(self.problems)

    def day(self, written: str, field: str) -> date | None:
        """Return a day written as 20260131 or 2026-01-31; None for none."""
        if not written:
            return None
        try:
            return date.fromisoformat(written)
        except ValueError:
            self.problems.append(Problem(field=field, reason=f"{written!r} is no day"))
            return None


def period_of(start: date | None, last: date | None) -> Interval | None:
    """Return the half-open period of a first and a last day; None if one is not known."""
    if start is None or last is None or not start <= last < date.max:
        return None
    return Interval(start=start, end=last + timedelta(days=1))


def printed(root: Element) -> bytes:
    """Return a document as bytes; equal documents give equal bytes."""
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def parsed(content: bytes) -> Element:
    """Return the first element of a stranger's document.

    Raises `InvalidInputError` for what is no XML, has a document type or is too big.
    """
    if len(content) > MOST_BYTES:
        raise _unreadable(f"has more than {MOST_BYTES:,} bytes")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True
    )
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise _unreadable(f"is no XML ({error.msg})") from error
    if root.getroottree().docinfo.doctype:
        raise _unreadable("has a document type, which a structured invoice never has")
    return root


def plain(number: Decimal) -> str:
    """Return a number without exponent and needless zeros: 1.5, 40, -2."""
    written = f"{number:f}"
    return written.rstrip("0").rstrip(".") if "." in written else written


def amount(money: Money) -> str:
    """Return an amount in major units with all decimals of its currency."""
    return f"{money.decimal:f}"


def printable(text: str) -> str:
    """Return text without the control characters that XML 1.0 forbids."""
    return "".join(sign for sign in text if sign in "\t\n\r" or _is_allowed(sign))


def _is_allowed(sign: str) -> bool:
    code = ord(sign)
    return 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000


def _unreadable(reason: str) -> InvalidInputError:
    return InvalidInputError([Problem(field="file", reason=reason)])
