"""Branding: colors that can be read, and problems while they are set."""

from decimal import Decimal
from typing import Any

import pytest

from models.branding import Brand, contrast_with_white
from models.errors import InvalidInputError
from models.parties import parse_entity
from models.words import LANGUAGES

ENTITY: dict[str, Any] = {
    "number": "US01",
    "legal_name": "Example Software Inc.",
    "address": {"line1": "1 Main Street", "city": "Springfield", "region": "CA", "country": "US"},
    "tax_id": "12-3456789",
    "email": "billing@example.com",
    "bank": {"holder": "Example Software Inc.", "bank": "First Bank", "account": "000123456789"},
    "currency": "USD",
    "time_zone": "America/Los_Angeles",
}


def problems_of(**changes: Any) -> list[tuple[str, str]]:
    with pytest.raises(InvalidInputError) as refused:
        parse_entity({**ENTITY, **changes})
    return [(problem.field, problem.reason) for problem in refused.value.problems]


@pytest.mark.parametrize(
    ("color", "contrast"),
    [("#FFFFFF", "1.00"), ("#000000", "21.00"), ("#767676", "4.54"), ("#777777", "4.48")],
)
def test_contrast_is_that_of_the_web_guidelines(color: str, contrast: str) -> None:
    """The figures are those WCAG 2.1 (1.4.3) is usually explained with; #767676 just passes."""
    assert contrast_with_white(color).quantize(Decimal("0.01")) == Decimal(contrast)


def test_a_good_brand_is_taken() -> None:
    """Everything is optional."""
    brand = {
        "accent": "#8C1E5A",
        "footer": "Board: Ida Petersen",
        "terms": {"de": ["Es gelten unsere AGB."], "en": ["Our general terms apply."]},
        "logo": "ab" * 32,
    }

    entity = parse_entity({**ENTITY, "brand": brand, "language": "de"})

    assert entity.brand.accent == "#8C1E5A"
    assert entity.brand.terms_in("de-AT") == ("Es gelten unsere AGB.",)
    assert entity.brand.terms_in("fr") == ("Our general terms apply.",)
    assert parse_entity(ENTITY).brand == Brand()


@pytest.mark.parametrize(
    ("brand", "field", "reason"),
    [
        ({"accent": "teal"}, "brand.accent", "is not a color"),
        ({"accent": "#FFF"}, "brand.accent", "is not a color"),
        ({"accent": "#FFD400"}, "brand.accent", "has a contrast of 1.4 to white paper"),
        ({"logo": "logo.png"}, "brand.logo", "is not the SHA-256 of a stored picture"),
        ({"footer": "x" * 161}, "brand.footer", "is longer than 160 characters"),
        ({"terms": {"nl": ["Voorwaarden"]}}, "brand.terms.nl", "is not a language"),
        ({"terms": {"en": ["x" * 12_001]}}, "brand.terms", "are longer than 12000 characters"),
        ({"colour": "#000000"}, "brand.colour", "is not a known field"),
    ],
)
def test_a_bad_brand_is_refused_while_it_is_set(brand: Any, field: str, reason: str) -> None:
    """Never later, when an invoice is due."""
    ((found, why),) = problems_of(brand=brand)

    assert found == field
    assert why.startswith(reason)


def test_all_problems_of_a_brand_come_at_once() -> None:
    """Whoever corrects a file wants to do it once."""
    found = problems_of(
        language="xx", brand={"accent": "red", "logo": "a.png", "footer": "y" * 200}
    )

    assert [field for field, _ in found] == [
        "language",
        "brand.accent",
        "brand.logo",
        "brand.footer",
    ]


def test_a_language_without_documents_is_refused_with_those_that_there_are() -> None:
    """An entity that asks for Klingon learns what it can have."""
    with pytest.raises(InvalidInputError) as refused:
        parse_entity({**ENTITY, "language": "tlh"})

    (problem,) = refused.value.problems
    assert problem.reason == "is not a language our documents are written in"
    assert all(language in problem.remedy for language in LANGUAGES)
