"""Quoting: the billing plan to the day, the figures of the quote, and the hash of its content."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.catalog import ProductKind
from models.charges import BillOn, Cadence, ChargeModel, ChargeType, Timing
from models.errors import InvalidInputError
from models.money import Money
from models.periods import add_months
from models.pricing import PricedLine
from models.quoting import (
    Bound,
    PlannedCharge,
    Quote,
    QuoteRequest,
    billing_plan,
    content_hash,
    discount_percent,
    is_open_at,
    is_valid_on,
    make_quote,
    margin_percent,
    term_end,
    validity,
)

MONTHLY, QUARTERLY, YEARLY = Cadence.MONTHLY, Cadence.QUARTERLY, Cadence.YEARLY
START = date(2026, 1, 31)


def usd(minor: int) -> Money:
    return Money(minor=minor, currency="USD")


def line(
    net: int,
    cadence: Cadence | None = None,
    *,
    number: str = "1",
    listed: int | None = None,
    once: int = 0,
    cost: int | None = None,
    **changes: Any,
) -> PricedLine:
    kind = ChargeType.RECURRING if cadence else ChargeType.ONE_TIME
    values: dict[str, Any] = {
        "reference": f"{number}/unit",
        "number": number,
        "sku": "A",
        "charge": "unit",
        "name": "Apple",
        "kind": ProductKind.SERVICE,
        "unit": "unit",
        "charge_type": kind,
        "model": ChargeModel.PER_UNIT,
        "cadence": cadence,
        "tax_category": "standard",
        "department": "operations",
        "quantity": Decimal(1),
        "list_unit": Decimal(1),
        "unit_price": Decimal(1),
        "list_amount": usd(net if listed is None else listed),
        "net": usd(net),
        "once_discount": usd(once),
        "ssp": usd(net),
        "cost": None if cost is None else usd(cost),
    }
    return PricedLine(**{**values, **changes})


def request(**changes: Any) -> QuoteRequest:
    values: dict[str, Any] = {
        "deal": "1001",
        "number": "Q-1001-1",
        "version": 1,
        "term": 1,
        "entity": "US01",
        "customer": "C-1",
        "seller": "sam",
        "catalog_version": "7",
        "price_book": "Standard",
        "quoted_on": date(2026, 1, 15),
        "valid_until": date(2026, 2, 14),
        "starts_on": START,
        "term_months": 12,
        "payment_terms_days": 30,
    }
    return QuoteRequest(**{**values, **changes})


def shown(plan: Iterable[PlannedCharge]) -> list[tuple[str, str, str | None, int]]:
    return [
        (
            str(c.period.start),
            str(c.period.end),
            str(c.bill_on) if c.bill_on else None,
            c.amount.minor,
        )
        for c in plan
    ]


def test_periods_are_counted_from_the_sticky_anchor() -> None:
    """31 January is followed by 28 February and 31 March."""
    plan = billing_plan([line(10_00, MONTHLY)], START, date(2026, 4, 30))

    assert shown(plan) == [
        ("2026-01-31", "2026-02-28", "2026-01-31", 10_00),
        ("2026-02-28", "2026-03-31", "2026-02-28", 10_00),
        ("2026-03-31", "2026-04-30", "2026-03-31", 10_00),
    ]


def test_the_last_period_is_prorated_by_days_of_the_full_period() -> None:
    """16 of the 30 days from 31 March to 30 April: 31.00 x 16 / 30 = 16.53."""
    plan = billing_plan([line(31_00, MONTHLY)], START, date(2026, 4, 16))

    assert shown(plan)[-1] == ("2026-03-31", "2026-04-16", "2026-03-31", 16_53)


def test_arrears_are_billed_at_the_end_of_each_period() -> None:
    """The last one at the end of the term."""
    plan = billing_plan(
        [line(30_00, QUARTERLY, timing=Timing.IN_ARREARS)], date(2026, 1, 1), date(2026, 5, 16)
    )

    assert shown(plan) == [
        ("2026-01-01", "2026-04-01", "2026-04-01", 30_00),
        ("2026-04-01", "2026-05-16", "2026-05-16", 14_84),
    ]


def test_one_time_charges_are_billed_on_delivery_or_at_the_start() -> None:
    """The date of a delivery is not known when it is quoted."""
    plan = billing_plan(
        [line(50_00), line(60_00, number="2", bill_on=BillOn.SIGNATURE)], START, date(2027, 1, 31)
    )

    assert shown(plan) == [
        ("2026-01-31", "2026-02-01", None, 50_00),
        ("2026-01-31", "2026-02-01", "2026-01-31", 60_00),
    ]


def test_a_discount_once_comes_off_the_first_billing_only() -> None:
    """Each charge also says how far it lies below list."""
    plan = billing_plan([line(10_00, MONTHLY, listed=12_00, once=4_00)], START, date(2026, 3, 31))

    assert [charge.amount for charge in plan] == [usd(6_00), usd(10_00)]
    assert [charge.discount for charge in plan] == [usd(6_00), usd(2_00)]


def test_a_price_above_list_is_no_negative_discount() -> None:
    """The discount of a charge is never below nothing."""
    plan = billing_plan([line(12_00, MONTHLY, listed=10_00)], START, date(2026, 2, 28))

    assert plan[0].discount == usd(0)


def test_a_discount_once_must_fit_into_the_first_billing() -> None:
    """A year cut to six months bills 100 x 181 / 365 = 49.59, less than the 60 given."""
    lines = [line(100_00, YEARLY, once=60_00), line(1_00, number="2", once=1_00)]

    with pytest.raises(InvalidInputError) as refused:
        billing_plan(lines, date(2026, 1, 1), date(2026, 7, 1))

    assert [str(problem) for problem in refused.value.problems] == [
        (
            "line 1: 60.00 USD off once is more than the first billing "
            "(lower the discount or take it off each period)"
        )
    ]


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2026, 1, 31), 0, date(2026, 2, 1)),
    ],
)
def test_a_term_ends_months_after_its_start_and_a_one_off_after_a_day(
    start: date, months: int, end: date
) -> None:
    """The end is the first day no longer in the term."""
    assert term_end(start, months) == end


def test_a_quote_states_its_totals() -> None:
    """
    100 monthly, 300 quarterly, 600 yearly and 50 once over 18 months.

    The second year is cut at 1 July: 600 x 181 / 365 = 297.53. Recurring: 1800 + 1800 + 897.53.
    """
    lines = [
        line(100_00, MONTHLY, number="1", listed=110_00),
        line(300_00, QUARTERLY, number="2"),
        line(600_00, YEARLY, number="3"),
        line(50_00, number="4", once=5_00),
    ]

    quote = make_quote(request(starts_on=date(2026, 1, 1), term_months=18), lines)

    assert quote.ends_on == date(2027, 7, 1)
    assert quote.total == usd(4542_53)
    assert quote.list_total == usd(4727_53)
    assert quote.one_time == usd(45_00)
    assert quote.acv == usd(2998_35)
    assert quote.arr == usd(3000_00)
    assert quote.mrr == usd(250_00)


def test_monthly_recurring_revenue_is_rounded_once_over_all_lines() -> None:
    """Two yearly lines of 1.00 make 0.1666... a month: 0.17, not 0.08 twice."""
    lines = [line(1_00, YEARLY, number="1"), line(1_00, YEARLY, number="2")]

    quote = make_quote(request(), lines)

    assert (quote.mrr, quote.arr) == (usd(17), usd(2_00))


def test_a_one_off_sale_has_no_recurring_figures() -> None:
    """It lasts one day and is billed once."""
    quote = make_quote(request(term_months=0), [line(50_00)])

    assert (quote.starts_on, quote.ends_on) == (START, START + timedelta(days=1))
    assert (quote.total, quote.one_time) == (usd(50_00), usd(50_00))
    assert (quote.acv, quote.arr, quote.mrr) == (usd(0), usd(0), usd(0))


def test_everything_that_cannot_be_quoted_is_listed() -> None:
    """A recurring line in a one-off sale, a usage charge, an offer that ends before it began."""
    lines = [
        line(1_00, MONTHLY),
        line(1_00, number="2", charge_type=ChargeType.USAGE),
    ]

    with pytest.raises(InvalidInputError) as refused:
        make_quote(request(term_months=0, valid_until=date(2026, 1, 14)), lines)

    assert [str(problem) for problem in refused.value.problems] == [
        "valid_until: 2026-01-14 is before the quote's own day 2026-01-15",
        (
            "line 1: Apple recurs, and a one-off sale has no periods "
            "(leave it out or give the deal a term)"
        ),
        (
            "line 2: Apple recurs, and a one-off sale has no periods "
            "(leave it out or give the deal a term)"
        ),
    ]


def test_a_quote_needs_a_line_and_a_term_that_is_not_negative() -> None:
    """There is nothing to accept."""
    with pytest.raises(InvalidInputError) as refused:
        make_quote(request(term_months=-1), [])

    assert [problem.field for problem in refused.value.problems] == ["lines", "term_months"]


def test_the_same_content_has_the_same_hash_whatever_its_number() -> None:
    """A version made again for the same content keeps its approvals."""
    first = make_quote(request(), [line(10_00, MONTHLY)])
    again = make_quote(
        request(
            number="Q-1001-2",
            version=2,
            quoted_on=date(2026, 1, 20),
            valid_until=date(2026, 2, 19),
        ),
        [line(10_00, MONTHLY)],
    )

    assert first.content_hash == again.content_hash
    assert len(first.content_hash) == 64


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        ({"customer": "C-2"}, [line(10_00, MONTHLY)]),
        ({"payment_terms_days": 31}, [line(10_00, MONTHLY)]),
        ({"starts_on": date(2026, 2, 1)}, [line(10_00, MONTHLY)]),
        ({"term_months": 13}, [line(10_00, MONTHLY)]),
        ({"note": "With a free coffee."}, [line(10_00, MONTHLY)]),
        ({}, [line(10_01, MONTHLY)]),
        ({}, [line(10_00, MONTHLY, quantity=Decimal(2))]),
        ({}, [line(10_00, MONTHLY, timing=Timing.IN_ARREARS)]),
        ({}, [line(10_00, MONTHLY), line(0, number="2")]),
    ],
)
def test_any_change_of_content_changes_the_hash(
    changes: dict[str, Any], lines: list[PricedLine]
) -> None:
    """Whoever approved one content did not approve another."""
    first = make_quote(request(), [line(10_00, MONTHLY)])

    assert make_quote(request(**changes), lines).content_hash != first.content_hash


def test_the_hash_survives_storage_and_does_not_mind_how_numbers_are_written() -> None:
    """10, 10.0 and 1E+1 are one quantity."""
    quote = make_quote(request(), [line(10_00, MONTHLY, quantity=Decimal(10))])
    rewritten = make_quote(request(), [line(10_00, MONTHLY, quantity=Decimal("10.0"))])
    scientific = make_quote(request(), [line(10_00, MONTHLY, quantity=Decimal("1E+1"))])
    stored = Quote.model_validate_json(quote.model_dump_json())

    assert quote.content_hash == rewritten.content_hash == scientific.content_hash
    assert content_hash(stored) == quote.content_hash


def test_rules_of_another_version_make_other_content() -> None:
    """The version is part of what was computed, even where it is the default."""
    quote = make_quote(request(), [line(10_00, MONTHLY)])

    assert content_hash(quote.model_copy(update={"rules_version": "2"})) != quote.content_hash


@pytest.mark.parametrize(
    ("day", "is_valid"),
    [("2026-01-14", False), ("2026-01-15", True), ("2026-02-14", True), ("2026-02-15", False)],
)
def test_a_quote_is_valid_through_its_last_day(day: str, *, is_valid: bool) -> None:
    """`valid_until` is included."""
    quote = make_quote(request(), [line(10_00)])

    assert is_valid_on(quote, date.fromisoformat(day)) is is_valid


@pytest.mark.parametrize(
    ("net", "listed", "once", "percent"),
    [
        (90_00, 100_00, 0, "10.00"),
        (100_00, 100_00, 5_00, "5.00"),
        (110_00, 100_00, 0, "-10.00"),
        (89_99, 99_99, 0, "10.00"),
        (0, 0, 0, "0"),
    ],
)
def test_the_discount_is_measured_against_list(
    net: int, listed: int, once: int, percent: str
) -> None:
    """The fourth is 10 % of 99.99, rounded to a cent: 10.001 % would ask for an approval."""
    quote = make_quote(request(), [line(net, listed=listed, once=once)])

    assert discount_percent(quote) == Decimal(percent)


def test_the_margin_counts_costs_over_the_whole_term() -> None:
    """12 x 100 + 300 once, costing 12 x 60 + 200: 580 of 1500."""
    lines = [line(100_00, MONTHLY, cost=60_00), line(300_00, number="2", cost=200_00)]

    assert margin_percent(make_quote(request(), lines)) == Decimal("38.67")


def test_the_margin_is_unknown_if_any_cost_is() -> None:
    """A guess would pass the floor."""
    lines = [line(100_00, MONTHLY, cost=60_00), line(300_00, number="2")]

    assert margin_percent(make_quote(request(), lines)) is None


@pytest.mark.parametrize(("cost", "margin"), [(0, 0), (1_00, -100)])
def test_giving_away_what_costs_something_is_no_margin(cost: int, margin: int) -> None:
    """It lies below any floor."""
    quote = make_quote(request(), [line(0, cost=cost)])

    assert margin_percent(quote) == Decimal(margin)


Wish: TypeAlias = tuple[int, Cadence | None, Timing]

nets = st.integers(0, 10**7)
lines_wanted = st.lists(
    st.tuples(nets, st.sampled_from([None, *Cadence]), st.sampled_from(list(Timing))),
    min_size=1,
    max_size=5,
)
days = st.dates(min_value=date(2020, 1, 1), max_value=date(2040, 12, 31))


def made(wanted: list[Wish]) -> list[PricedLine]:
    return [
        line(net, cadence, number=str(i + 1), timing=timing)
        for i, (net, cadence, timing) in enumerate(wanted)
    ]


@given(wanted=lines_wanted, start=days, months=st.integers(1, 60))
def test_the_plan_sums_to_the_total_and_covers_the_term_without_overlap(
    wanted: list[Wish], start: date, months: int
) -> None:
    """Every recurring day is billed once, and what is billed is the contract value."""
    quote = make_quote(request(starts_on=start, term_months=months), made(wanted))

    assert sum(charge.amount.minor for charge in quote.plan) == quote.total.minor
    for each in quote.lines:
        periods = [c.period for c in quote.plan if c.reference == each.reference]
        ends = [period.end for period in periods]
        assert [period.start for period in periods] == [start, *ends[:-1]]
        assert all(period.days > 0 for period in periods)
        if each.cadence:
            assert ends[-1] == add_months(start, months)


@given(wanted=lines_wanted, start=days, years=st.integers(1, 5))
def test_whole_years_bill_whole_periods(wanted: list[Wish], start: date, years: int) -> None:
    """A term of whole years cuts no period of months, whatever day it starts on."""
    billings = {
        Cadence.MONTHLY: 12,
        Cadence.QUARTERLY: 4,
        Cadence.HALF_YEARLY: 2,
        Cadence.YEARLY: 1,
    }
    lines = [each for each in made(wanted) if each.cadence in billings] or [line(1_00, YEARLY)]
    expected = sum(each.net.minor * billings[each.cadence or YEARLY] * years for each in lines)

    quote = make_quote(request(starts_on=start, term_months=12 * years), lines)

    assert quote.total.minor == expected
    assert quote.acv.minor == quote.arr.minor == expected // years


@given(wanted=lines_wanted, start=days, end_after=st.integers(1, 1500))
def test_the_plan_never_bills_beyond_its_end(
    wanted: list[Wish], start: date, end_after: int
) -> None:
    """Any end cuts the last period, and no part of it costs more than the whole."""
    ends_on = start + timedelta(days=end_after)
    lines = made(wanted)
    full = {each.reference: each.net for each in lines}

    for charge in billing_plan(lines, start, ends_on):
        assert charge.period.end <= ends_on
        assert usd(0) <= charge.amount <= full[charge.reference]
        assert charge.bill_on is None or start <= charge.bill_on <= ends_on


# Validity


def until(day: date, because: str) -> Bound:
    return Bound(last_on=day, because=because)


def test_an_offer_stands_for_its_days_or_until_its_earliest_bound() -> None:
    """30 days from 1 January are 31 January; prices that end on the 20th shorten it."""
    first = date(2026, 1, 1)
    prices = until(date(2026, 1, 20), "price book eur ends")
    start = until(date(2026, 3, 1), "the term starts")

    assert validity(first, 30, ()).last_on == date(2026, 1, 31)
    assert validity(first, 30, (start, prices)) == prices


def test_an_offer_beyond_its_own_bounds_is_refused_with_all_of_them() -> None:
    """Nothing can be offered at prices that ended, for a term that has begun."""
    bounds = (
        until(date(2025, 12, 1), "price book eur ends"),
        until(date(2025, 12, 24), "the term starts"),
    )

    with pytest.raises(InvalidInputError) as raised:
        validity(date(2026, 1, 1), 30, bounds)

    assert [problem.reason for problem in raised.value.problems] == [
        "price book eur ends on 2025-12-01, before this offer of 2026-01-01",
        "the term starts on 2025-12-24, before this offer of 2026-01-01",
    ]


@pytest.mark.parametrize(
    ("zone", "last_moment"),
    [
        ("Pacific/Auckland", "2026-01-31T10:59:59+00:00"),
        ("America/Los_Angeles", "2026-02-01T07:59:59+00:00"),
        ("", "2026-01-31T23:59:59+00:00"),
    ],
)
def test_the_last_day_ends_at_the_customers_midnight(zone: str, last_moment: str) -> None:
    """In January Auckland is 13 hours ahead of UTC and Los Angeles 8 behind."""
    offered = make_quote(request(), [line(10_00)]).model_copy(
        update={"valid_until": date(2026, 1, 31), "time_zone": zone}
    )
    moment = datetime.fromisoformat(last_moment)

    assert is_open_at(offered, moment)
    assert not is_open_at(offered, moment + timedelta(seconds=1))
