"""How an offer shows what usage costs, in the reader's numbers."""

from decimal import Decimal
from typing import Any

import pytest

from activities.formats import formats_for
from activities.usage_words import usage_estimate, usage_prices
from models.charges import Cadence, ChargeModel
from models.meters import Meter
from models.money import Money
from models.price_books import PriceBookEntry
from models.usage_terms import UsageTerms


def terms(model: ChargeModel, factor: str = "1", estimated: str = "0", **price: Any) -> UsageTerms:
    return UsageTerms(
        meter=Meter(key="calls", name="Calls", unit="call"),
        cadence=Cadence.MONTHLY,
        model=model,
        entry=PriceBookEntry.model_validate({"sku": "A", "charge": "c", **price}),
        factor=Decimal(factor),
        estimated=Decimal(estimated),
        estimate=Money(minor=125_00, currency="EUR"),
    )


@pytest.mark.parametrize(
    ("asked", "lines"),
    [
        (terms(ChargeModel.PER_UNIT, unit="0.0025"), ["0.0025 / call"]),
        (terms(ChargeModel.PER_UNIT, "0.9", unit="0.10"), ["0.09 / call"]),
        (terms(ChargeModel.PACKAGE, unit="9", package_size="1000"), ["9.00 / 1,000 call"]),
        (terms(ChargeModel.PERCENTAGE, percent="2.5"), ["2.5%"]),
        (
            terms(
                ChargeModel.GRADUATED,
                tiers=[{"up_to": "1000", "unit": "0.10"}, {"unit": "0.05", "flat": "5"}],
            ),
            ["≤ 1,000 call: 0.10", "> 1,000 call: 0.05 + 5.00"],
        ),
        (terms(ChargeModel.VOLUME, tiers=[{"unit": "0"}]), ["> 0 call: 0.00"]),
        (
            terms(ChargeModel.FORMULA, formula="quantity / 2"),
            ["formula: quantity / 2, with quantity = 1"],
        ),
    ],
)
def test_prices_are_shown_tier_by_tier(asked: UsageTerms, lines: list[str]) -> None:
    """After everything that comes off."""
    found = [
        each.replace("\N{NO-BREAK SPACE}", " ") for each in usage_prices(formats_for("en"), asked)
    ]

    assert found == lines


def test_an_estimate_is_shown_where_somebody_expects_something() -> None:
    """In the language of the reader; nothing else is promised."""
    german = formats_for("de")
    phrase = "Schätzung: {amount} für {quantity}"

    shown = usage_estimate(german, terms(ChargeModel.PER_UNIT, estimated="1500", unit="1"), phrase)

    assert shown.replace("\N{NO-BREAK SPACE}", " ") == "Schätzung: 125,00 € für 1.500 call"
    assert usage_estimate(german, terms(ChargeModel.PER_UNIT, unit="1"), phrase) == ""
