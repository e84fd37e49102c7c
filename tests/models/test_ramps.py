"""Ramps: segments that cover the term once, priced, billed, earned and renewed for themselves."""

from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.catalog import Catalog
from models.deal_file import DealFile, LineRequest, check_deal_file
from models.errors import InvalidInputError
from models.periods import Interval, add_months
from models.pricing import PricedLine, PricingRequest, price
from models.quoting import Quote, QuoteRequest, make_quote
from models.recognition import earned, obligations, reallocate, revenue_by_month
from models.renewal import next_term_file
from tests.models.cpq import ONCE, SEAT, catalog, configured, line, product, reasons

START = date(2026, 1, 1)
END = date(2027, 1, 1)


def shop(*products: dict[str, Any]) -> Catalog:
    entries = [
        {
            "sku": one["sku"],
            "charge": charge["key"],
            "unit": "300.00" if charge["type"] == "one_time" else "50.00",
        }
        for one in products
        for charge in one["charges"]
    ]
    book = {"name": "list", "currency": "USD", "valid_from": "2026-01-01", "entries": entries}
    return catalog(*products, price_books=[book])


CRM = shop(product("CRM"))


def priced(sold: Catalog, *lines: LineRequest, **changes: Any) -> tuple[PricedLine, ...]:
    found = configured(sold, *lines)
    assert found.problems == ()
    request = PricingRequest(currency="USD", priced_on=START, term_months=12, **changes)
    return price(sold, found.lines, request)


def quoted(sold: Catalog, *lines: LineRequest, **changes: Any) -> Quote:
    request = QuoteRequest(
        deal="1",
        number="Q-1-1",
        entity="E",
        customer="C",
        seller="s",
        catalog_version="1",
        price_book="list",
        quoted_on=START,
        valid_until=START,
        starts_on=START,
        term_months=12,
        payment_terms_days=30,
    )
    return make_quote(request, priced(sold, *lines, **changes))


def segment(**fields: Any) -> dict[str, Any]:
    return fields


TO_TWENTY = line(
    "CRM", 10, ramp=[segment(), segment(from_on=date(2026, 3, 16), quantity=Decimal(20))]
)


def test_each_segment_is_priced_under_a_reference_of_its_own() -> None:
    """10 seats at 50.00, then 20; the later one says from when."""
    found = priced(CRM, TO_TWENTY)

    assert [(one.reference, str(one.net.decimal)) for one in found] == [
        ("1/seat", "500.00"),
        ("1/seat#2", "1000.00"),
    ]
    assert [one.name for one in found] == ["CRM", "CRM, from 2026-03-16"]


def test_a_period_is_split_where_the_ramp_steps() -> None:
    """March: 500.00 x 15/31 = 241.94 and 1,000.00 x 16/31 = 516.13, billed on its own day."""
    plan = quoted(CRM, TO_TWENTY).plan

    march = [one for one in plan if one.period.start.month == 3]
    assert [
        (one.reference, one.period.start.day, one.period.days, str(one.amount.decimal), one.bill_on)
        for one in march
    ] == [
        ("1/seat", 1, 15, "241.94", date(2026, 3, 1)),
        ("1/seat#2", 16, 16, "516.13", date(2026, 3, 16)),
    ]
    assert [str(one.amount.decimal) for one in plan if one.period.start.month == 4] == ["1000.00"]


def test_the_contract_value_counts_each_segment_for_its_days() -> None:
    """2 x 500.00 + 241.94 + 516.13 + 9 x 1,000.00; ARR is that of the first day."""
    quote = quoted(CRM, TO_TWENTY)

    assert str(quote.total.decimal) == "10758.07"
    assert (quote.total, str(quote.arr.decimal)) == (quote.list_total, "6000.00")


def test_revenue_follows_the_quantity_and_not_the_agreed_prices() -> None:
    """Half price in the first half and full price after it are one price earned by the day."""
    steps = [
        segment(unit_price=Decimal(25)),
        segment(from_month=6, unit_price=Decimal(75)),
    ]
    promises = obligations(quoted(CRM, line("CRM", ramp=steps)))

    assert [(one.reference, one.period.start) for one in promises] == [
        ("1", START),
        ("1#2", date(2026, 7, 1)),
    ]
    # 6 x 25.00 + 6 x 75.00 = 600.00, shared by list prices into two equal halves.
    assert [str(one.allocated.decimal) for one in promises] == ["300.00", "300.00"]
    assert str(earned(promises[0], date(2026, 7, 1)).decimal) == "300.00"
    assert earned(promises[1], date(2026, 7, 1)).is_zero


def test_a_fee_belongs_to_the_whole_ramp() -> None:
    """The set-up is due once, with the first segment, and earned over the whole term."""
    sold = shop(product("CRM", charges=[ONCE, SEAT]))
    quote = quoted(sold, line("CRM", 2, ramp=[segment(), segment(from_month=6, quantity=4)]))

    assert [one.reference for one in quote.lines] == ["1/once", "1/seat", "1/seat#2"]
    promises = {one.reference: one for one in obligations(quote)}
    assert promises["1#fee"].period == Interval(start=START, end=END)
    assert sum(one.allocated.minor for one in promises.values()) == quote.total.minor
    assert set(reallocate([*promises.values()], "1", quote.total)) == set()


def test_the_next_term_begins_where_the_ramp_ended() -> None:
    """20 seats at the last price; the steps are not climbed again."""
    steps = [segment(), segment(from_month=6, quantity=Decimal(20), unit_price=Decimal(45))]
    file = DealFile(lines=(line("CRM", 10, ramp=steps),), term_months=12, currency="USD")

    following = next_term_file(file, quoted(CRM, *file.lines).lines, END)

    assert [(one.quantity, one.unit_price, one.ramp) for one in following.lines] == [
        (Decimal(20), Decimal(45), ())
    ]


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        (
            [segment(until_month=3), segment(from_month=4)],
            ["lines[0].ramp[1]: leaves a gap of 30 days before it"],
        ),
        (
            [segment(until_month=6), segment(from_month=3)],
            ["lines[0].ramp[1]: overlaps what comes before it by 91 days"],
        ),
        (
            [segment(from_month=1)],
            ["lines[0].ramp[0]: leaves a gap of 31 days before it"],
        ),
        (
            [segment(until_month=11)],
            ["lines[0].ramp[0]: ends before the end of the term"],
        ),
        (
            [segment(), segment(from_month=6, until_on=date(2027, 2, 1))],
            ["lines[0].ramp[1]: reaches beyond the end of the term"],
        ),
        (
            [segment(), segment(from_month=13), segment(quantity=Decimal(0))],
            [
                "lines[0].ramp[1].from_month: 13 is not between 0 and the term's 12 months",
                "lines[0].ramp[2]: has no beginning",
                "lines[0].ramp[2].quantity: 0 must be more than 0",
            ],
        ),
        (
            [segment(), segment(from_month=3, from_on=date(2026, 4, 1))],
            ["lines[0].ramp[1].from_on: is given beside from_month"],
        ),
        (
            [segment(until_month=0), segment(from_month=0)],
            ["lines[0].ramp[0]: ends before it begins, or holds no day"],
        ),
    ],
)
def test_gaps_and_overlaps_of_a_ramp_are_refused(
    steps: list[dict[str, Any]], said: list[str]
) -> None:
    """Every day of the term has one quantity and one price."""
    file = DealFile(lines=(line("CRM", ramp=steps),), starts_on=START, term_months=12)

    found = [f"{one.field}: {one.reason}" for one in check_deal_file(file)]

    assert [one for one in found if one.startswith("lines")] == said


def test_dates_need_a_term_that_starts_on_a_day_and_months_do_not() -> None:
    """Without a start nobody can tell whether dates cover the term."""
    steps = [segment(), segment(from_month=6)]
    dated = [segment(), segment(from_on=date(2026, 7, 1))]

    def said(ramp: list[dict[str, Any]], **changes: Any) -> list[str]:
        file = DealFile(lines=(line("CRM", ramp=ramp),), **{"term_months": 12, **changes})
        return [one.reason for one in check_deal_file(file) if one.field.startswith("lines")]

    assert said(steps) == []
    assert said(dated) == ["is a date, and the deal file does not say when the term starts"]
    assert said(steps, term_months=0) == ["needs a term, and a one-off sale has none"]


def test_only_what_recurs_has_a_ramp() -> None:
    """A box that is sold once does not change later, and mistakes name their segment."""
    sold = catalog(product("BOX", charges=[ONCE]), product("CRM", maximum_quantity=15))
    steps = [segment(), segment(from_month=6, quantity=Decimal(20))]

    found = configured(sold, line("BOX", ramp=steps), line("CRM", ramp=steps))

    assert reasons(found) == [
        "lines[0].ramp: BOX has no recurring charge, so nothing of it changes later",
        "lines[1].ramp[1].quantity: 20 of CRM is more than the maximum",
    ]


def test_a_header_amount_per_period_cannot_be_shared_over_a_ramp() -> None:
    """In no period all segments run; a percentage and an amount once can be shared."""
    with pytest.raises(InvalidInputError, match="do not run in every period"):
        priced(CRM, TO_TWENTY, header_discount={"amount": "10.00"})

    tenth = quoted(CRM, TO_TWENTY, header_discount={"percent": "10"})
    once = quoted(CRM, TO_TWENTY, header_discount={"amount": "100.00", "basis": "once"})
    assert [str(one.net.decimal) for one in tenth.lines] == ["450.00", "900.00"]
    assert str(once.total.decimal) == "10658.07"


@st.composite
def ramps(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Draw boundaries of a term of a year, by months and by days, with a quantity for each."""
    months = sorted(draw(st.sets(st.integers(1, 11), max_size=4)))
    days = sorted(draw(st.sets(st.dates(date(2026, 1, 2), date(2026, 12, 31)), max_size=3)))
    starts: list[tuple[date, dict[str, Any]]] = [(START, {})]
    starts += [(add_months(START, month), {"from_month": month}) for month in months]
    taken = {day for day, _ in starts}
    starts += [(day, {"from_on": day}) for day in days if day not in taken]
    quantities = st.integers(1, 99)
    return [
        {**bounds, "quantity": Decimal(draw(quantities))}
        for _, bounds in sorted(starts, key=lambda pair: pair[0])
    ]


@given(steps=ramps(), cadence=st.sampled_from(["monthly", "quarterly", "yearly"]))
def test_the_plan_of_a_ramp_covers_every_day_of_the_term_once(
    steps: list[dict[str, Any]], cadence: str
) -> None:
    """No day is billed twice or left out, whatever the steps and the billing period."""
    sold = shop(product("CRM", charges=[{**SEAT, "cadence": cadence}]))
    file = DealFile(lines=(line("CRM", ramp=steps),), starts_on=START, term_months=12)
    assert not [one for one in check_deal_file(file) if one.field.startswith("lines")]

    quote = quoted(sold, *file.lines)

    periods = sorted((one.period for one in quote.plan), key=lambda period: period.start)
    assert periods[0].start == START
    assert periods[-1].end == END
    assert all(one.end == two.start for one, two in pairwise(periods))
    assert sum(one.amount.minor for one in quote.plan) == quote.total.minor


@given(steps=ramps())
def test_the_revenue_of_a_ramp_is_its_price(steps: list[dict[str, Any]]) -> None:
    """Every cent of the contract is earned by the end, each promise within its own days."""
    quote = quoted(CRM, line("CRM", ramp=steps))

    promises = obligations(quote)

    assert sum(one.allocated.minor for one in promises) == quote.total.minor
    for one in promises:
        months = revenue_by_month(one)
        assert sum(amount.minor for _, amount in months) == one.allocated.minor
        assert earned(one, one.period.start).is_zero
