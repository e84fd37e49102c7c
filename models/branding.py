"""Branding: how an entity's documents look, refused while it is set and never when one is drawn."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal

from models.errors import Problem
from models.reading import text_at, value_at
from models.value import Value
from models.words import LANGUAGES

DEFAULT_ACCENT = "#0F5C6E"
"""The accent of an entity that set none."""

LEAST_CONTRAST = Decimal("4.5")
"""What WCAG 2.1 (1.4.3, AA) asks of text against its background, here white paper."""

_COLOR = re.compile(r"#[0-9A-Fa-f]{6}", re.ASCII)
_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)
_LONGEST_FOOTER = 160
_LONGEST_TERMS = 12_000
_WEIGHTS = (Decimal("0.2126"), Decimal("0.7152"), Decimal("0.0722"))


class Brand(Value):
    """An entity's looks and standing words.

    `logo` is the SHA-256 under which the picture lies in the document store, so that a document
    drawn again has the same bytes. `accent` is `#RRGGBB`. `footer` is one line on every page.
    `terms` are paragraphs for offers and order forms, by language (`de`).
    """

    logo: str = ""
    accent: str = ""
    footer: str = ""
    terms: Mapping[str, tuple[str, ...]] = {}

    def terms_in(self, language: str) -> tuple[str, ...]:
        """Return the terms in a language, else in English, else in the first one written."""
        for code in (language[:2], "en", *sorted(self.terms)):
            if code in self.terms:
                return self.terms[code]
        return ()


def contrast_with_white(color: str) -> Decimal:
    """Return the WCAG 2.1 contrast ratio of `#RRGGBB` with white: 1 for white, 21 for black."""
    parts = (Decimal(int(color[at : at + 2], 16)) / 255 for at in (1, 3, 5))
    light = sum(
        (weight * _linear(part) for weight, part in zip(_WEIGHTS, parts, strict=True)), Decimal(0)
    )
    return Decimal("1.05") / (light + Decimal("0.05"))


def brand_problems(data: Mapping[str, object]) -> Iterator[Problem]:
    """Yield everything wrong with the `brand` of an entity as it was written."""
    brand = value_at(data, "brand")
    if not isinstance(brand, Mapping):
        return
    yield from _accent_problems(text_at(data, "brand.accent"))
    logo = text_at(data, "brand.logo")
    if logo and not _HASH.fullmatch(logo):
        yield Problem(
            field="brand.logo",
            reason="is not the SHA-256 of a stored picture",
            remedy="name a PNG or JPEG file and import the entity by `q2c entity import`",
        )
    if len(text_at(data, "brand.footer")) > _LONGEST_FOOTER:
        yield Problem(
            field="brand.footer",
            reason=f"is longer than {_LONGEST_FOOTER} characters, and a page has one line for it",
            remedy="shorten it",
        )
    yield from _terms_problems(brand.get("terms"))


def _accent_problems(accent: str) -> Iterator[Problem]:
    if not accent:
        return
    if not _COLOR.fullmatch(accent):
        remedy = "write it in quotes as '#0F5C6E'"
        yield Problem(field="brand.accent", reason="is not a color", remedy=remedy)
        return
    contrast = contrast_with_white(accent)
    if contrast < LEAST_CONTRAST:
        yield Problem(
            field="brand.accent",
            reason=f"has a contrast of {str(contrast)[:3]} to white paper, and text needs 4.5",
            remedy="take a darker color",
        )


def _terms_problems(terms: object) -> Iterator[Problem]:
    if not isinstance(terms, Mapping):
        return
    for language in terms:
        if language not in LANGUAGES:
            yield Problem(
                field=f"brand.terms.{language}",
                reason="is not a language of our documents",
                remedy=f"write {', '.join(LANGUAGES)}",
            )
    if len(str(terms)) > _LONGEST_TERMS:
        yield Problem(
            field="brand.terms",
            reason=f"are longer than {_LONGEST_TERMS} characters, and every invoice keeps a copy",
            remedy="print the essential ones and name where the others can be read",
        )


def _linear(part: Decimal) -> Decimal:
    """Undo the gamma of sRGB."""
    if part <= Decimal("0.04045"):
        return part / Decimal("12.92")
    return ((part + Decimal("0.055")) / Decimal("1.055")) ** Decimal("2.4")
