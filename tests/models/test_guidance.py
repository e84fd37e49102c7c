"""Guidance: figures from the past with their support, and none where there is too little."""

from decimal import Decimal

import pytest

from models.guidance import Distribution, PastOffer, band_of, distribution, guidance


def offer(discount: str, *, won: bool | None = True, quantity: int = 20) -> PastOffer:
    return PastOffer(quantity=Decimal(quantity), discount_percent=Decimal(discount), won=won)


@pytest.mark.parametrize(
    ("quantity", "band"),
    [
        ("0.5", ("0", "10")),
        ("9.99", ("0", "10")),
        ("10", ("10", "50")),
        ("49", ("10", "50")),
        ("5000", ("5000", None)),
    ],
)
def test_bands_are_half_open_and_leave_no_gap(quantity: str, band: tuple[str, str | None]) -> None:
    """Where one ends the next begins."""
    low, high = band_of(Decimal(quantity))

    assert (str(low), None if high is None else str(high)) == band


def test_win_rate_and_quarter_points_come_with_their_support() -> None:
    """Three of five won; of 0, 5, 10, 20, 40 the quarter points are 5, 10 and 20."""
    past = [
        offer("0", won=False),
        offer("5"),
        offer("10", won=False),
        offer("20"),
        offer("40"),
        offer("99", won=None),
        offer("99", quantity=500),
    ]

    found = guidance("SEAT", Decimal(30), past)

    assert (found.support, found.won, found.lost, found.open_offers) == (5, 3, 2, 1)
    assert found.win_rate_percent == Decimal("60.0")
    assert found.discounts == Distribution(
        least=Decimal(0),
        lower_quarter=Decimal("5.00"),
        median=Decimal("10.00"),
        upper_quarter=Decimal("20.00"),
        most=Decimal(40),
    )
    assert found.won_discounts is None


def test_losses_are_counted_by_their_code() -> None:
    """The commonest first; one without a code, or won, is in no count."""
    codes = ("price", "timing", "price", "")
    lost = [offer("5", won=False).model_copy(update={"loss_reason": code}) for code in codes]
    won = offer("5").model_copy(update={"loss_reason": "price"})

    found = guidance("SEAT", Decimal(30), [*lost, won])

    assert list(found.loss_reasons.items()) == [("price", 2), ("timing", 1)]


def test_too_few_decided_offers_are_not_enough() -> None:
    """Open ones are no evidence."""
    found = guidance("SEAT", Decimal(30), [offer("10")] * 4 + [offer("10", won=None)] * 9)

    assert found.reason == "not enough: 4 similar offers were decided, 5 needed"
    assert (found.win_rate_percent, found.discounts) == (None, None)


def test_a_quarter_point_between_two_values_is_linear() -> None:
    """Of 10 and 20: 12.5, 15 and 17.5."""
    found = distribution([Decimal(20), Decimal(10)])

    assert found is not None
    quarters = (found.lower_quarter, found.median, found.upper_quarter)
    assert quarters == (Decimal("12.50"), Decimal("15.00"), Decimal("17.50"))
    assert distribution([]) is None
