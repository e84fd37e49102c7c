"""Recognition: the price is shared over the promises and earned by the day or at the transfer."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.catalog import ProductKind
from models.charges import Cadence, ChargeModel, ChargeType
from models.errors import ParkedError
from models.money import Money
from models.periods import Interval
from models.pricing import PricedLine
from models.quoting import Quote
from models.recognition import (
    Obligation,
    Satisfaction,
    earned,
    next_recognition_on,
    obligations,
    revenue_by_month,
)

OVER_TIME, POINT_IN_TIME = Satisfaction.OVER_TIME, Satisfaction.POINT_IN_TIME


def usd(minor: int) -> Money:
    return Money(minor=minor, currency="USD")


def jpy(minor: int) -> Money:
    return Money(minor=minor, currency="JPY")


def line(reference: str, ssp: int, **changes: Any) -> PricedLine:
    number, _, charge = reference.partition("/")
    fields: dict[str, Any] = {
        "reference": reference,
        "number": number,
        "sku": f"SKU-{number}",
        "charge": charge,
        "name": f"Product {reference}",
        "kind": ProductKind.GOOD,
        "unit": "unit",
        "charge_type": ChargeType.ONE_TIME,
        "model": ChargeModel.PER_UNIT,
        "tax_category": "standard",
        "department": "operations",
        "quantity": Decimal(1),
        "list_unit": Decimal(1),
        "unit_price": Decimal(1),
        "list_amount": usd(ssp),
        "net": usd(ssp),
        "once_discount": usd(0),
        "ssp": usd(ssp),
    }
    return PricedLine(**(fields | changes))


def subscription(
    reference: str, ssp: int, cadence: Cadence | None = Cadence.MONTHLY, **changes: Any
) -> PricedLine:
    fields: dict[str, Any] = {
        "kind": ProductKind.SUBSCRIPTION,
        "charge_type": ChargeType.RECURRING,
        "cadence": cadence,
    }
    return line(reference, ssp, **(fields | changes))


def quote(total: int, *lines: PricedLine, **changes: Any) -> Quote:
    fields: dict[str, Any] = {
        "deal": "1001",
        "number": "Q-1001",
        "version": 1,
        "term": 1,
        "entity": "E1",
        "customer": "C1",
        "seller": "P1",
        "currency": "USD",
        "catalog_version": "1",
        "price_book": "list",
        "quoted_on": date(2025, 12, 1),
        "valid_until": date(2025, 12, 31),
        "starts_on": date(2026, 1, 1),
        "ends_on": date(2027, 1, 1),
        "term_months": 12,
        "payment_terms_days": 30,
        "lines": lines,
        "plan": (),
        "total": usd(total),
    }
    zeros = ("list_total", "one_time", "acv", "arr", "mrr")
    return Quote(**(fields | dict.fromkeys(zeros, usd(0)) | changes))


def service(minor: int, start: date, end: date) -> Obligation:
    return Obligation(
        reference="1",
        name="Service",
        satisfaction=OVER_TIME,
        ssp=usd(minor),
        allocated=usd(minor),
        period=Interval(start=start, end=end),
    )


def good(minor: int, transferred_on: date | None) -> Obligation:
    promise = service(minor, date(2026, 1, 1), date(2027, 1, 1))
    changes = {"satisfaction": POINT_IN_TIME, "transferred_on": transferred_on}
    return promise.model_copy(update=changes)


STRIPE = service(31_00, date(2026, 1, 15), date(2026, 2, 15))


def test_the_price_is_allocated_by_relative_standalone_price() -> None:
    """ASC 606 and IFRS 15, Illustrative Example 33: 50, 25 and 75 sold together for 100."""
    bundle = quote(100_00, line("1/a", 50_00), line("2/b", 25_00), line("3/c", 75_00))

    shares = [promise.allocated for promise in obligations(bundle)]

    assert shares == [usd(33_33), usd(16_67), usd(50_00)]


def test_example_33_in_whole_units() -> None:
    """As published: 33, 17 and 50."""
    prices = {f"{number}/a": jpy(ssp) for number, ssp in enumerate((50, 25, 75), start=1)}
    lines = [
        line(reference, 0).model_copy(update={"ssp": ssp}) for reference, ssp in prices.items()
    ]
    bundle = quote(0, *lines).model_copy(update={"currency": "JPY", "total": jpy(100)})

    shares = [promise.allocated.minor for promise in obligations(bundle)]

    assert shares == [33, 17, 50]


def test_a_published_allocation_of_three_orders() -> None:
    """Oracle documentation, derived allocation: 8 015.00 over SSPs 1 800, 8 200 and 4 350."""
    lines = line("1/a", 1800_00), line("2/a", 8200_00), line("3/a", 4350_00)

    shares = [promise.allocated for promise in obligations(quote(8015_00, *lines))]

    assert shares == [usd(1005_37), usd(4580_00), usd(2429_63)]


def test_goods_and_one_time_services_are_satisfied_at_their_transfer() -> None:
    """ASC 606-10-25-30; the day of transfer is not known yet."""
    training = line("2/day", 100, kind=ProductKind.SERVICE)

    promises = obligations(quote(200, line("1/unit", 100), training))

    assert [promise.satisfaction for promise in promises] == [POINT_IN_TIME, POINT_IN_TIME]
    assert [promise.transferred_on for promise in promises] == [None, None]


def test_subscriptions_are_satisfied_by_the_day_over_the_term() -> None:
    """ASC 606-10-25-27(a): the customer receives and consumes the benefit as we perform."""
    (promise,) = obligations(quote(1200_00, subscription("1/seat", 100_00)))

    assert promise.satisfaction is OVER_TIME
    assert promise.period == Interval(start=date(2026, 1, 1), end=date(2027, 1, 1))


@pytest.mark.parametrize(
    ("cadence", "ssp", "expected"),
    [
        (Cadence.MONTHLY, 100_00, 1200_00),
        (Cadence.QUARTERLY, 300_00, 1200_00),
        (Cadence.YEARLY, 1200_00, 1200_00),
    ],
)
def test_a_recurring_standalone_price_counts_for_every_period(
    cadence: Cadence, ssp: int, expected: int
) -> None:
    """The share of a subscription is that of its whole term."""
    (promise,) = obligations(quote(1000_00, subscription("1/seat", ssp, cadence)))

    assert promise.ssp == usd(expected)


def test_the_last_period_counts_as_far_as_it_is_served() -> None:
    """Semantics 4: the last period is cut at the contract's end; 15 of 31 days of March."""
    cut = {"starts_on": date(2026, 2, 1), "ends_on": date(2026, 3, 16)}

    (promise,) = obligations(quote(100_00, subscription("1/seat", 31_00), **cut))

    assert promise.ssp == usd(31_00 + 15_00)


def test_a_setup_fee_is_part_of_its_subscription() -> None:
    """ASC 606-10-55-51: a nonrefundable upfront fee transfers nothing by itself."""
    setup = line("1/setup", 300_00, kind=ProductKind.SUBSCRIPTION)

    promises = obligations(
        quote(1500_00, setup, subscription("1/seat", 100_00), line("2/unit", 500_00))
    )

    assert [promise.reference for promise in promises] == ["1", "2"]
    assert [promise.name for promise in promises] == ["Product 1/seat", "Product 2/unit"]
    assert [promise.ssp for promise in promises] == [usd(1500_00), usd(500_00)]
    assert [promise.allocated for promise in promises] == [usd(1125_00), usd(375_00)]
    assert promises[0].satisfaction is OVER_TIME


def test_a_subscription_paid_at_once_is_still_earned_over_the_term() -> None:
    """How a service is paid does not change how it is consumed."""
    prepaid = line("1/fee", 1200_00, kind=ProductKind.SUBSCRIPTION)

    (promise,) = obligations(quote(1200_00, prepaid))

    assert promise.satisfaction is OVER_TIME


def test_components_of_a_bundle_are_promises_of_their_own() -> None:
    """ASC 606-10-25-19: the bundle is a way to sell, its parts are distinct."""
    promises = obligations(
        quote(300, line("1.1/unit", 100, parent="1"), line("1.2/unit", 200, parent="1"))
    )

    assert [promise.reference for promise in promises] == ["1.1", "1.2"]


def test_a_promise_without_a_standalone_price_gets_nothing() -> None:
    """Relative to zero, nothing is a share."""
    promises = obligations(quote(100_01, line("1/a", 0), line("2/b", 100)))

    assert [promise.allocated for promise in promises] == [usd(0), usd(100_01)]


def test_usage_takes_no_share_of_the_fixed_price() -> None:
    """ASC 606-10-32-40: the variable amount belongs to the usage itself."""
    calls = subscription("2/call", 1_00, charge_type=ChargeType.USAGE, cadence=None)

    promises = obligations(quote(100_00, subscription("1/seat", 100_00), calls))

    assert [promise.allocated for promise in promises] == [usd(100_00), usd(0)]


def test_a_price_that_nothing_can_share_is_a_question() -> None:
    """Guessing an allocation would be an estimate nobody made."""
    with pytest.raises(ParkedError, match=r"Quote Q-1001 .* 1\.00 USD but no standalone"):
        obligations(quote(100, line("1/a", 0)))


def test_a_free_contract_shares_nothing() -> None:
    """No price, no question."""
    assert [promise.allocated for promise in obligations(quote(0, line("1/a", 0)))] == [usd(0)]


def test_a_month_that_starts_on_the_fifteenth_earns_by_the_day() -> None:
    """Test vector 14, Stripe: 31 USD monthly from 15 January."""
    assert revenue_by_month(STRIPE) == (
        (date(2026, 1, 1), usd(17_00)),
        (date(2026, 2, 1), usd(14_00)),
    )


def test_an_upgrade_earns_each_plan_by_its_own_days() -> None:
    """Stripe documentation: 20 days of a 90 plan and 10 of a 120 plan in April."""
    old = service(90_00, date(2026, 4, 1), date(2026, 5, 1))
    new = service(40_00, date(2026, 4, 21), date(2026, 5, 1))

    assert earned(old, date(2026, 4, 21)) == usd(60_00)
    assert earned(new, date(2026, 5, 1)) == usd(40_00)


def test_a_year_and_a_half_by_the_day() -> None:
    """Tryton, account_deferral: 1 000 over 500 days leaves 270 after a year, in 17 months."""
    promise = service(1000_00, date(2026, 1, 1), date(2026, 1, 1) + timedelta(days=500))

    assert earned(promise, date(2027, 1, 1)) == usd(730_00)
    assert len(revenue_by_month(promise)) == 17


def test_months_are_differences_of_cumulative_amounts() -> None:
    """65 days of 100.00: 22/65 is 33.85 and 50/65 is 76.92, so February is 43.07."""
    promise = service(100_00, date(2019, 1, 10), date(2019, 3, 16))

    assert [amount for _, amount in revenue_by_month(promise)] == [
        usd(33_85),
        usd(43_07),
        usd(23_08),
    ]


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (date(2025, 1, 1), 0),
        (date(2026, 1, 15), 0),
        (date(2026, 1, 16), 1_00),
        (date(2026, 2, 14), 30_00),
        (date(2026, 2, 15), 31_00),
        (date(2030, 1, 1), 31_00),
    ],
)
def test_what_is_earned_counts_the_days_before(before: date, expected: int) -> None:
    """Half-open: the day `before` itself is not earned yet."""
    assert earned(STRIPE, before) == usd(expected)


def test_a_good_is_earned_on_the_day_of_its_transfer() -> None:
    """ASC 606-10-25-30: control passes at once or not at all."""
    router = good(500_00, date(2026, 1, 31))

    assert earned(router, date(2026, 1, 31)) == usd(0)
    assert earned(router, date(2026, 2, 1)) == usd(500_00)
    assert revenue_by_month(router) == ((date(2026, 1, 1), usd(500_00)),)


def test_a_good_that_is_not_transferred_earns_nothing() -> None:
    """However long it takes."""
    assert earned(good(500_00, None), date.max) == usd(0)
    assert revenue_by_month(good(500_00, None)) == ()


def test_a_service_without_days_is_earned_on_its_day() -> None:
    """A one-off sale has no term to spread over."""
    once = service(10_00, date(2026, 1, 31), date(2026, 1, 31))

    assert earned(once, date(2026, 1, 31)) == usd(0)
    assert revenue_by_month(once) == ((date(2026, 1, 1), usd(10_00)),)


@pytest.mark.parametrize(
    ("recognized_before", "expected"),
    [
        (date(2025, 11, 1), date(2026, 2, 1)),
        (date(2026, 1, 15), date(2026, 2, 1)),
        (date(2026, 2, 1), date(2026, 2, 15)),
        (date(2026, 2, 15), None),
        (date(2026, 3, 1), None),
    ],
)
def test_the_next_run_is_the_month_end_or_the_end_of_the_period(
    recognized_before: date, expected: date | None
) -> None:
    """Nothing is left open past the last day of service."""
    assert next_recognition_on([STRIPE], recognized_before) == expected


def test_the_longest_promise_decides_about_the_end() -> None:
    """A short promise is recognized with its month."""
    long = service(100_00, date(2026, 1, 1), date(2026, 4, 10))

    assert next_recognition_on([STRIPE, long], date(2026, 2, 1)) == date(2026, 3, 1)
    assert next_recognition_on([STRIPE, long], date(2026, 4, 1)) == date(2026, 4, 10)


def test_nothing_is_next_while_only_a_transfer_is_awaited() -> None:
    """A transfer has no date until it happens; then it is the next thing to recognize."""
    assert next_recognition_on([good(1, None)], date(2026, 1, 1)) is None
    assert next_recognition_on([good(1, date(2026, 1, 20))], date(2026, 1, 1)) == date(2026, 1, 21)


def test_a_transfer_reported_late_is_made_up_for() -> None:
    """Semantics 17: late is normal; what the books lack is due on the next first of a month."""
    reported_late = [good(500_00, date(2026, 1, 20))]
    recognized_before = date(2026, 2, 1)

    assert next_recognition_on(reported_late, recognized_before, usd(0)) == date(2026, 3, 1)
    assert next_recognition_on(reported_late, recognized_before, usd(500_00)) is None


DAYS = st.integers(0, 1500).map(lambda days: date(2024, 1, 1) + timedelta(days=days))
SERVICES = st.builds(
    lambda minor, start, days: service(minor, start, start + timedelta(days=days)),
    st.integers(0, 10**8),
    DAYS,
    st.integers(0, 1200),
)


@given(SERVICES)
def test_the_months_always_sum_to_the_allocated_price(promise: Obligation) -> None:
    """No cent is lost or earned twice, whatever the dates."""
    months = revenue_by_month(promise)

    assert sum(amount.minor for _, amount in months) == promise.allocated.minor
    assert [month for month, _ in months] == sorted({month for month, _ in months})
    assert all(month.day == 1 for month, _ in months)


@given(SERVICES, DAYS, DAYS)
def test_what_is_earned_never_falls(promise: Obligation, one: date, other: date) -> None:
    """Time only adds to what is earned, within the allocated price."""
    before, after = sorted([one, other])

    assert usd(0) <= earned(promise, before) <= earned(promise, after) <= promise.allocated


GOODS = st.builds(good, st.integers(0, 10**6), st.none() | DAYS)


@given(st.lists(SERVICES | GOODS, max_size=4), DAYS)
def test_runs_on_the_named_days_recognize_everything_dated(
    promises: list[Obligation], recognized_before: date
) -> None:
    """Each run lies later than the one before, and the last leaves nothing but transfers."""
    runs = 0
    while (next_on := next_recognition_on(promises, recognized_before)) is not None:
        assert next_on > recognized_before
        recognized_before, runs = next_on, runs + 1

    dated = [promise for promise in promises if promise.satisfied_before]
    assert all(earned(promise, recognized_before) == promise.allocated for promise in dated)
    assert runs <= 12 * 8


@given(st.integers(0, 10**8), st.lists(st.integers(0, 10**6), min_size=1).filter(any))
def test_the_shares_sum_to_the_price(total: int, ssps: list[int]) -> None:
    """ASC 606-10-32-28: the allocation exhausts the transaction price."""
    lines = [line(f"{number}/unit", ssp) for number, ssp in enumerate(ssps)]

    promises = obligations(quote(total, *lines))

    assert sum(promise.allocated.minor for promise in promises) == total
    assert all(p.allocated == usd(0) for p in promises if p.ssp == usd(0))
