"""Renewal: dates counted back from the notice day, and the next term at the agreed price."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.catalog import ProductKind
from models.charges import Cadence, ChargeModel, ChargeType
from models.deal_file import (
    DealFile,
    Discount,
    LineRequest,
    OptionRequest,
    PriceBasis,
    RenewalTerms,
)
from models.errors import InvalidInputError
from models.money import Money
from models.plan import term_end
from models.pricing import PricedLine
from models.renewal import (
    RenewalDecision,
    RenewalOutcome,
    last_unit_prices,
    next_term_file,
    outcome,
    renewal_calendar,
    renewal_file,
    sold_once,
)

NEXT = date(2027, 3, 1)
TEN_PERCENT = Discount(percent=Decimal(10))


def test_counts_back_from_the_last_notice_day() -> None:
    """Semantics 14: -60, -30, -15 and -5 days from end minus notice, 1 Mar 2027 minus 30."""
    dates = renewal_calendar(date(2026, 3, 1), date(2027, 3, 1), 30)

    assert dates.last_notice_on == date(2027, 1, 30)
    assert dates.quote_on == date(2026, 12, 1)
    assert dates.offer_on == date(2026, 12, 31)
    assert dates.alarm_on == date(2027, 1, 15)
    assert dates.last_reminder_on == date(2027, 1, 25)
    assert dates.ends_on == date(2027, 3, 1)


def test_a_short_term_starts_with_what_is_already_late() -> None:
    """A term of one month with 14 days' notice: nothing is dated before it begins."""
    dates = renewal_calendar(date(2026, 3, 1), date(2026, 4, 1), 14)

    assert dates.last_notice_on == date(2026, 3, 18)
    assert dates.quote_on == dates.offer_on == date(2026, 3, 1)
    assert dates.alarm_on == date(2026, 3, 3)
    assert dates.last_reminder_on == date(2026, 3, 13)


@given(
    start=st.dates(date(2000, 1, 1), date(2100, 1, 1)),
    days=st.integers(min_value=1, max_value=2000),
    notice=st.integers(min_value=0, max_value=3000),
)
def test_the_order_of_the_dates_is_kept(start: date, days: int, notice: int) -> None:
    """However short the term and long the notice, nothing comes before its beginning."""
    end = date.fromordinal(start.toordinal() + days)

    dates = renewal_calendar(start, end, notice)

    in_order = [
        start,
        dates.quote_on,
        dates.offer_on,
        dates.alarm_on,
        dates.last_reminder_on,
        dates.last_notice_on,
        end,
    ]
    assert in_order == sorted(in_order)


def test_refuses_a_term_that_cannot_be() -> None:
    """Both problems at once."""
    with pytest.raises(InvalidInputError) as refused:
        renewal_calendar(date(2026, 3, 1), date(2026, 3, 1), -1)

    assert [problem.field for problem in refused.value.problems] == ["ends_on", "notice_days"]


@pytest.mark.parametrize(
    ("auto_renew", "decision", "reminded", "expected"),
    [
        (True, "renew", True, "renew"),
        (True, "renew", False, "renew"),
        (False, "renew", True, "renew"),
        (False, "renew", False, "renew"),
        (True, "decline", True, "expire"),
        (True, "decline", False, "expire"),
        (False, "decline", True, "expire"),
        (False, "decline", False, "expire"),
        (True, None, True, "renew"),
        (True, None, False, "ask"),
        (False, None, True, "expire"),
        (False, None, False, "expire"),
    ],
)
def test_silence_renews_only_if_agreed_and_reminded_in_time(
    auto_renew: bool,  # noqa: FBT001
    decision: str | None,
    reminded: bool,  # noqa: FBT001
    expected: str,
) -> None:
    """Semantics 14 and 17, the whole table: a missed reminder never binds the customer."""
    said = None if decision is None else RenewalDecision(decision)

    result = outcome(RenewalTerms(auto_renew=auto_renew), said, reminded_in_time=reminded)

    assert result is RenewalOutcome(expected)


FILE = DealFile(
    number="1001",
    term_months=12,
    starts_on=date(2026, 3, 1),
    lines=(
        LineRequest(product="SEAT", quantity=Decimal(20), discount=TEN_PERCENT),
        LineRequest(product="SETUP"),
        LineRequest(
            product="SUITE",
            quantity=Decimal(2),
            options=(
                OptionRequest(product="TRAINING"),
                OptionRequest(product="SUPPORT", quantity=Decimal(3), discount=TEN_PERCENT),
                OptionRequest(product="CHAT", quantity=Decimal(0)),
            ),
        ),
    ),
    header_discount=TEN_PERCENT,
    renewal=RenewalTerms(uplift_percent=Decimal(5), term_months=24),
)

PRICES = {"1": Decimal("81.00"), "3.2": Decimal(40)}


def test_the_next_term_costs_the_last_price_and_the_uplift() -> None:
    """Semantics 14: 81.00 + 5 % = 85.05 after discounts; what was sold once is dropped."""
    renewed = renewal_file(FILE, PRICES, NEXT)

    assert renewed.lines == (
        LineRequest(
            product="SEAT",
            quantity=Decimal(20),
            unit_price=Decimal("85.05"),
            price_is_final=True,
        ),
        LineRequest(
            product="SUITE",
            quantity=Decimal(2),
            options=(
                OptionRequest(
                    product="SUPPORT",
                    quantity=Decimal(3),
                    unit_price=Decimal(42),
                    price_is_final=True,
                ),
                OptionRequest(product="CHAT", quantity=Decimal(0)),
            ),
        ),
    )
    assert renewed.header_discount is None
    assert (renewed.starts_on, renewed.term_months) == (NEXT, 24)
    assert (renewed.number, renewed.renewal) == ("1001", FILE.renewal)


def test_the_next_term_is_as_long_as_the_last_if_nothing_else_was_agreed() -> None:
    """A renewal term is only written down if it differs."""
    same = FILE.model_copy(update={"renewal": RenewalTerms()})

    assert renewal_file(same, PRICES, NEXT).term_months == 12


def test_list_prices_apply_where_they_were_agreed_for_the_renewal() -> None:
    """Price basis LIST: no agreed price, no discount, no uplift on top."""
    terms = RenewalTerms(price_basis=PriceBasis.LIST, uplift_percent=Decimal(5))
    agreed = LineRequest(product="SEAT", unit_price=Decimal(70), discount=TEN_PERCENT)
    file = FILE.model_copy(update={"renewal": terms, "lines": (agreed, *FILE.lines[1:])})

    renewed = renewal_file(file, PRICES, NEXT)

    assert renewed.lines[0] == LineRequest(product="SEAT")
    assert renewed.lines[1].options[0] == OptionRequest(product="SUPPORT", quantity=Decimal(3))
    assert len(renewed.lines) == 2


def test_a_bundle_of_which_nothing_runs_on_is_dropped() -> None:
    """Keeping a component out is no reason to renew what it was kept out of."""
    renewed = renewal_file(FILE, {"1": Decimal(81)}, NEXT)

    assert [line.product for line in renewed.lines] == ["SEAT"]


def test_a_bundle_sold_once_leaves_its_running_options_as_lines() -> None:
    """A machine is not sold again because its service runs on: 3 in each of 2 machines are 6."""
    renewed = renewal_file(FILE, PRICES, NEXT, sold_once={"3"})

    assert [(line.product, line.quantity, line.unit_price) for line in renewed.lines] == [
        ("SEAT", Decimal(20), Decimal("85.05")),
        ("SUPPORT", Decimal(6), Decimal(42)),
    ]


def priced(  # noqa: PLR0913
    number: str,
    sku: str,
    net: int,
    quantity: str,
    charge_type: str = "recurring",
    *,
    model: str = "per_unit",
    charge: str = "fee",
    list_unit: str = "0",
    list_minor: int = 0,
) -> PricedLine:
    """A priced line of the term that ends; components are numbered under their line."""
    return PricedLine(
        reference=f"{number}/{charge}",
        number=number,
        parent=number.rpartition(".")[0] or None,
        sku=sku,
        charge=charge,
        name=sku,
        kind=ProductKind.SUBSCRIPTION,
        unit="unit",
        charge_type=ChargeType(charge_type),
        model=ChargeModel(model),
        cadence=Cadence.MONTHLY,
        tax_category="standard",
        department="operations",
        quantity=Decimal(quantity),
        list_unit=Decimal(list_unit),
        unit_price=Decimal(99),
        list_amount=Money(minor=list_minor, currency="USD"),
        net=Money(minor=net, currency="USD"),
        once_discount=Money.zero("USD"),
        ssp=Money.zero("USD"),
    )


SOLD = (
    priced("1", "SEAT", 1620_00, "20"),
    priced("1", "SEAT", 50_00, "1", "one_time", charge="activation"),
    priced("2", "SETUP", 500_00, "1", "one_time"),
    priced("3.1", "SUPPORT", 240_00, "6"),
    priced("3.2", "BACKUP", 90_00, "4"),
    priced("3.3", "TRAINING", 100_00, "2", "one_time"),
)


def test_components_are_found_by_product_not_by_number() -> None:
    """The quote counts SUPPORT as 3.1, its seller wrote it second: 3.2."""
    assert last_unit_prices(FILE, SOLD) == {"1": Decimal(81), "3.2": Decimal(40)}
    assert sold_once(SOLD) == {"2", "3.3"}


def test_a_preset_component_keeps_its_price_too() -> None:
    """The catalogue added two BACKUP per SUITE at 22.50; without an option the list would apply."""
    renewed = next_term_file(FILE, SOLD, NEXT)

    assert [line.product for line in renewed.lines] == ["SEAT", "SUITE"]
    assert renewed.lines[0].unit_price == Decimal("85.05")
    assert [(o.product, o.quantity, o.unit_price) for o in renewed.lines[1].options] == [
        ("SUPPORT", Decimal(3), Decimal(42)),
        ("CHAT", Decimal(0), None),
        ("BACKUP", Decimal(2), Decimal("23.625")),
    ]


@pytest.mark.parametrize(
    ("line", "price"),
    [
        (priced("1", "SEAT", 90_00, "20", model="flat"), "90"),
        (priced("1", "SEAT", 90_00, "20", model="graduated"), "4.5"),
        (
            priced("1", "SEAT", 90_00, "25", model="package", list_unit="50", list_minor=150_00),
            "30",
        ),
    ],
)
def test_the_last_price_is_for_what_the_model_counts(line: PricedLine, price: str) -> None:
    """A flat charge as a whole, a package by the block (3 of 50.00, sold at 90.00: 30.00 each)."""
    assert last_unit_prices(FILE, [line]) == {"1": Decimal(price)}


def test_a_product_with_several_recurring_charges_runs_on_at_list_price() -> None:
    """One agreed price could not say which of them it is for."""
    lines = [
        priced("1", "SEAT", 10_00, "20"),
        priced("1", "SEAT", 20_00, "20", charge="hosting"),
    ]

    prices = last_unit_prices(FILE, lines)

    assert prices == {"1": None}
    assert renewal_file(FILE, prices, NEXT).lines[0] == LineRequest(
        product="SEAT", quantity=Decimal(20)
    )


@given(
    prices=st.lists(st.none() | st.decimals("0.01", "1000", places=2), min_size=1, max_size=5),
    uplift=st.integers(min_value=0, max_value=20),
)
def test_nothing_that_runs_on_is_lost_or_keeps_a_discount(
    prices: list[Decimal | None], uplift: int
) -> None:
    """Each line with a recurring price is in the next term, no other, each discounted once."""
    lines = tuple(LineRequest(product=f"P{n}", discount=TEN_PERCENT) for n in range(len(prices)))
    terms = RenewalTerms(uplift_percent=Decimal(uplift))
    file = DealFile(lines=lines, renewal=terms, header_discount=TEN_PERCENT)
    recurring = {str(n): price for n, price in enumerate(prices, start=1) if price is not None}

    renewed = renewal_file(file, recurring, NEXT)

    assert [line.product for line in renewed.lines] == [f"P{int(n) - 1}" for n in recurring]
    assert all(line.discount is None for line in renewed.lines)
    assert [line.unit_price for line in renewed.lines] == [
        price * (100 + uplift) / 100 for price in recurring.values()
    ]


@pytest.mark.parametrize(
    ("anchor", "months", "starts", "ends"),
    [
        ("2026-01-31", 1, "2026-02-28", "2026-03-31"),
        ("2026-08-31", 6, "2027-02-28", "2027-08-31"),
        ("2028-02-29", 12, "2031-02-28", "2032-02-29"),
    ],
)
def test_a_later_term_ends_on_the_day_of_the_first_terms_start(
    anchor: str, months: int, starts: str, ends: str
) -> None:
    """Semantics 4: computed from the anchor, never from the date before, also across terms."""
    days = (date.fromisoformat(day) for day in (starts, anchor))
    start, first = days

    assert term_end(start, months, first) == date.fromisoformat(ends)


def test_the_next_term_is_counted_from_the_first_terms_start() -> None:
    """Whatever term it is, the anchor stays the same."""
    second = next_term_file(FILE, (), date(2027, 2, 28), date(2026, 8, 31))
    third = next_term_file(second, (), date(2027, 8, 31), date(2027, 2, 28))

    assert second.anchor_on == third.anchor_on == date(2026, 8, 31)
