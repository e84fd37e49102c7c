"""Rating: what usage comes to, how pools meet it, and what is billed of it; with laws."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.catalog import Catalog, Product, ProductKind
from models.charges import Cadence, Charge, ChargeModel, ChargeType
from models.commitments import Pool
from models.configuration import configure
from models.deal_file import DealFile, Discount, LineRequest
from models.meters import Meter
from models.money import Money
from models.price_books import Commitment, CommitmentSpan, PriceBook, PriceBookEntry, Tier
from models.pricing import PricedLine, PricingRequest, price
from models.quoting import Quote, QuoteRequest, make_quote
from models.rating import (
    BilledBefore,
    Rated,
    Settlement,
    UsageBill,
    period_true_up,
    rate,
    settle,
    term_true_up,
    usage_bill,
    usage_periods,
)
from models.usage import Measured
from models.usage_terms import UsageTerms

START = date(2026, 1, 31)
CALLS = Meter(key="calls", name="Calls", unit="call")
TIERS = (Tier(up_to=Decimal(1000), unit=Decimal("0.10")), Tier(unit=Decimal("0.05")))


def usd(minor: int) -> Money:
    return Money(minor=minor, currency="USD")


def terms(model: ChargeModel = ChargeModel.GRADUATED, **price: Any) -> UsageTerms:
    given = price or {"tiers": TIERS}
    return UsageTerms(
        meter=CALLS,
        cadence=Cadence.MONTHLY,
        model=model,
        entry=PriceBookEntry.model_validate({"sku": "API", "charge": "calls", **given}),
        estimate=usd(0),
    )


def rated(quantity: str, model: ChargeModel = ChargeModel.GRADUATED, **price: Any) -> Money:
    return rate(terms(model, **price), Measured(quantity=Decimal(quantity)), "USD").amount


@pytest.mark.parametrize(
    ("model", "price", "amount"),
    [
        (ChargeModel.GRADUATED, {}, 125_00),
        (ChargeModel.VOLUME, {"tiers": TIERS}, 75_00),
        (ChargeModel.PER_UNIT, {"unit": "0.0333"}, 49_95),
        (ChargeModel.PACKAGE, {"unit": "9", "package_size": "1000"}, 18_00),
        (ChargeModel.FLAT, {"unit": "7"}, 7_00),
        (ChargeModel.STAIRSTEP, {"tiers": [{"up_to": "10", "flat": "1"}, {"flat": "60"}]}, 60_00),
        (ChargeModel.FORMULA, {"formula": "quantity * unit / 100", "unit": "3"}, 45_00),
        (ChargeModel.PER_UNIT, {"unit": "0.01", "minimum": "20"}, 20_00),
        (ChargeModel.PER_UNIT, {"unit": "1", "maximum": "99"}, 99_00),
    ],
)
def test_usage_is_rated_by_every_charge_model(
    model: ChargeModel, price: dict[str, Any], amount: int
) -> None:
    """1,500 calls; the amount is rounded once."""
    assert rated("1500", model, **price) == usd(amount)


def test_what_is_taken_off_is_a_factor_on_the_whole() -> None:
    """20 % off 125.00, after the tiers."""
    reduced = terms().model_copy(update={"factor": Decimal("0.8")})
    found = rate(reduced, Measured(quantity=Decimal(1500)), "USD")

    assert found.amount == usd(100_00)
    assert found.rule == "graduated: 1000 x 0.1 + 500 x 0.05, x 0.8"


def test_a_part_of_a_period_owes_a_part_of_its_commitment() -> None:
    """14 of 28 days of 100.00 are 50.00; over the term the whole is compared."""
    period = Commitment(amount=Decimal(100))
    term = Commitment(amount=Decimal(100), span=CommitmentSpan.TERM)

    assert period_true_up(period, usd(20_00), (14, 28)) == usd(30_00)
    assert period_true_up(period, usd(120_00), (28, 28)) == usd(0)
    assert period_true_up(term, usd(0), (28, 28)) == usd(0)
    assert (term_true_up(term, usd(70_00)), term_true_up(period, usd(0))) == (usd(30_00), usd(0))
    assert (period_true_up(None, usd(0), (1, 1)), term_true_up(None, usd(0))) == (usd(0), usd(0))


def test_beyond_the_pools_usage_costs_what_the_last_of_them_says() -> None:
    """80.00 against a pool of 50.00 with 120 % beyond it: 36.00 are billed."""
    pool = Pool(key="a", balance=Decimal(50), overage_percent=Decimal(120))

    found = settle(usd(80_00), Settlement(), [pool], START)

    assert (dict(found.drawn), found.beyond) == ({"a": 50_00}, 30_00)
    assert found.percent == Decimal(120)
    assert found.billable("USD") == usd(36_00)


def test_less_usage_gives_back_what_was_beyond_and_then_the_last_pool() -> None:
    """From 100.00 down to 25.00: 40.00 beyond, then 30.00 of b, then 5.00 of a."""
    before = Settlement(drawn={"a": 30_00, "b": 30_00}, beyond=40_00)

    found = settle(usd(25_00), before, [], START)

    assert (dict(found.drawn), found.beyond) == ({"a": 25_00}, 0)


_MINOR = st.integers(0, 10**9)
_POOLS = st.lists(
    st.builds(
        lambda place, cents: Pool(key=f"p{place}", balance=Decimal(cents).scaleb(-2)),
        st.integers(0, 3),
        _MINOR,
    ),
    max_size=4,
    unique_by=lambda pool: pool.key,
)


@given(st.lists(_MINOR, min_size=1, max_size=6), _POOLS)
def test_what_is_drawn_and_beyond_is_always_the_usage(totals: list[int], pools: list[Pool]) -> None:
    """However often a period is rated again, up or down: nothing is met twice or lost."""
    found = Settlement()
    for total in totals:
        left = [
            pool.model_copy(
                update={"balance": pool.balance - Decimal(found.drawn.get(pool.key, 0)).scaleb(-2)}
            )
            for pool in pools
        ]
        found = settle(usd(total), found, left, START)
        assert found.total == total
        assert found.beyond >= 0
        for pool in pools:
            drawn = Decimal(found.drawn.get(pool.key, 0)).scaleb(-2)
            assert 0 <= drawn <= pool.balance


def priced(**changes: Any) -> PricedLine:
    charge = Charge(
        key="calls",
        name="Calls",
        type=ChargeType.USAGE,
        model=ChargeModel.GRADUATED,
        meter="calls",
        cadence=changes.pop("cadence", None),
    )
    product = Product(sku="API", name="API", kind=ProductKind.SUBSCRIPTION, charges=(charge,))
    entry = PriceBookEntry(sku="API", charge="calls", tiers=TIERS, cost=Decimal("0.01"))
    book = PriceBook(name="b", currency="USD", valid_from=date(2020, 1, 1), entries=(entry,))
    catalog = Catalog(version="1", products=(product,), price_books=(book,), meters=(CALLS,))
    header = changes.pop("header_discount", None)
    line = LineRequest.model_validate({"product": "API", **changes})
    configured = configure(catalog, DealFile(lines=(line,), term_months=12))
    assert configured.problems == ()
    request = PricingRequest(currency="USD", priced_on=START, header_discount=header)
    (found,) = price(catalog, configured.lines, request)
    return found


def quoted(line: PricedLine, months: int = 3) -> Quote:
    return make_quote(
        QuoteRequest(
            deal="1",
            number="Q-1",
            entity="E",
            customer="C",
            seller="s",
            catalog_version="1",
            price_book="b",
            quoted_on=START,
            valid_until=START,
            starts_on=START,
            term_months=months,
            payment_terms_days=30,
        ),
        [line],
    )


def test_a_quote_says_the_price_and_an_estimate_and_counts_neither() -> None:
    """TCV is what is agreed; what will be used is not. A header discount leaves usage alone."""
    off = Discount(percent=Decimal(10), reason="loyal")
    line = priced(expected_usage={"calls": Decimal(1500)}, discount=off, header_discount=off)
    quote = quoted(line)

    assert line.usage is not None
    assert (line.usage.estimate, line.usage.factor, line.net) == (
        usd(112_50),
        Decimal("0.9"),
        usd(0),
    )
    assert line.usage.words == "graduated: 1000 x 0.1 + 500 x 0.05, x 0.9"
    assert (quote.total, quote.arr, quote.list_total, quote.plan) == (usd(0), usd(0), usd(0), ())
    assert [(step.step.value, step.output) for step in line.waterfall][-1] == (
        "net",
        Decimal("112.50"),
    )


def test_periods_are_counted_from_the_anchor_and_take_events_thirty_days_more() -> None:
    """31 January, 28 February, 31 March: months never drift."""
    found = [
        (one.period.start.isoformat(), one.period.end.isoformat(), one.final_on.isoformat())
        for one in usage_periods(quoted(priced()))
    ]

    assert found == [
        ("2026-01-31", "2026-02-28", "2026-03-30"),
        ("2026-02-28", "2026-03-31", "2026-04-30"),
        ("2026-03-31", "2026-04-30", "2026-05-30"),
    ]


def test_a_quarter_is_accounted_for_at_each_first_of_a_month() -> None:
    """So that a month's revenue is complete when the month is closed."""
    (quarter,) = usage_periods(quoted(priced(cadence=Cadence.QUARTERLY)))
    days = [date(2026, 1, 31), date(2026, 2, 1), date(2026, 3, 15), date(2026, 4, 30)]

    assert [quarter.boundary(day) for day in days] == [
        None,
        date(2026, 2, 1),
        date(2026, 3, 1),
        date(2026, 4, 30),
    ]
    assert quarter.next_after(date(2026, 4, 30), date(2026, 7, 31)) is None
    assert [quarter.next_after(day, quarter.period.end) for day in days] == [
        date(2026, 2, 1),
        date(2026, 3, 1),
        date(2026, 4, 1),
        date(2026, 5, 30),
    ]


def bill(quantity: str, settlement: Settlement, *before: int) -> UsageBill | None:
    found = Rated(quantity=Decimal(quantity), events=1, amount=usd(settlement.total))
    billed = BilledBefore(amounts=tuple(map(usd, before)), count=len(before))
    return usage_bill(priced(), found, settlement, billed)


@given(st.integers(1, 10**8), st.integers(1, 10**6))
def test_quantity_times_price_is_the_amount_whatever_they_are(minor: int, units: int) -> None:
    """A check of every invoice (EN 16931 BR-CO-10 and its lines), also for odd averages."""
    found = bill(str(units), Settlement(beyond=minor))

    assert found is not None
    assert (
        Money.from_decimal(found.quantity * found.unit_price, "USD") == found.amount == usd(minor)
    )


@given(st.lists(_MINOR, min_size=1, max_size=8))
def test_all_bills_of_a_period_sum_to_what_it_comes_to(totals: list[int]) -> None:
    """First bill and corrections, in any direction."""
    billed: list[int] = []
    for total in totals:
        found = bill("5", Settlement(beyond=total), *billed)
        if found is not None:
            assert found.unit_price >= 0
            billed.append(found.amount.minor)
            assert found.quantity * found.unit_price == found.amount.decimal
        assert sum(billed) == total
        billed = [amount for amount in billed if amount]
