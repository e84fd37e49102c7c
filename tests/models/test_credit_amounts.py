"""Credit amounts: a part of what was billed, with its discount and its tax."""

from decimal import Decimal

import pytest

from models.consumption import consumption_invoice
from models.credit_amounts import BilledAmount, credit_amounts, creditable, refundable
from models.money import Money
from models.promotions import Gift
from models.stacking import Reduction, off_total
from tests.models.test_proration import days


def eur(minor: int) -> Money:
    return Money(minor=minor, currency="EUR")


def test_a_discount_goes_back_with_what_it_was_given_for() -> None:
    """Half of 100.00 takes half of the 10.00 off with it; tax is on what is left."""
    billed = BilledAmount(listed=eur(100_00), off=eur(10_00), tax_percent=(Decimal(19),))

    credit = credit_amounts([(billed, eur(50_00))])

    assert (credit.net, credit.off, credit.tax) == (eur(45_00), eur(5_00), eur(8_55))
    assert credit.total == eur(53_55)


def test_more_than_was_billed_is_not_credited() -> None:
    """Nor is nothing."""
    billed = BilledAmount(listed=eur(100), off=eur(0))

    with pytest.raises(ValueError, match="more than"):
        credit_amounts([(billed, eur(101))])
    with pytest.raises(ValueError, match="nothing"):
        credit_amounts([])


def test_credit_and_refund_have_their_limits() -> None:
    """What is left of the invoice, and what was paid."""
    assert creditable(eur(100), eur(70), eur(50)) == eur(30)
    assert creditable(eur(100), eur(120), eur(50)) == eur(0)
    assert refundable(eur(20), eur(30)) == eur(20)


def test_reductions_never_take_more_than_there_is() -> None:
    """80.00 and 50.00 off 100.00 leave nothing."""
    reductions = [
        Reduction(source=index, name=name, amount=Decimal(name))
        for index, name in enumerate(["80", "50"])
    ]

    assert off_total(reductions, eur(100_00)) == eur(100_00)
    assert off_total([], eur(100_00)) == eur(0)


def test_a_gift_needs_its_threshold() -> None:
    """40.00 are not 100.00; 120.00 are."""
    gift = Gift(product="cap", threshold=eur(100_00))

    assert gift.total({"cap": eur(40_00)}) == eur(40_00)
    assert gift.total({"coat": eur(80_00), "cap": eur(40_00)}) == eur(80_00)
    assert gift.total({"coat": eur(180_00)}) == eur(180_00)


def test_consumption_is_billed_for_the_days_it_ran() -> None:
    """It ran 10 days of January; after its end no invoice follows."""
    runs = days("2026-01-22", "2026-02-01")

    made = consumption_invoice(runs, runs.end, runs.start, Decimal(2), eur(1_50))

    assert (made.days, made.quantity, made.amount, made.next_on) == (
        10,
        Decimal(20),
        eur(30_00),
        None,
    )
