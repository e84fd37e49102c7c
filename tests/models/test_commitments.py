"""Commitments: minimum and cap of a bill, pools drawn in their order, and true-ups on a quote."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.catalog import Catalog, Product, ProductKind
from models.charges import Cadence, Charge, ChargeModel, ChargeType, Timing
from models.commitments import Pool, draw_down, pool_sold, share_cap, shortfall, within_bounds
from models.configuration import ConfiguredLine
from models.deal_file import DealFile, Discount, LineRequest
from models.errors import InvalidInputError
from models.money import Money
from models.periods import Interval
from models.price_books import Commitment, CommitmentSpan, DrawDown, PriceBook, PriceBookEntry
from models.pricing import PricedLine, PricingRequest, price
from models.quoting import QuoteRequest, billing_plan, discount_percent, make_quote
from models.recognition import obligations
from models.renewal import last_unit_prices

D = Decimal
TODAY = date(2026, 1, 15)
START = date(2026, 2, 1)


def usd(minor: int) -> Money:
    return Money(minor=minor, currency="USD")


@pytest.mark.parametrize(
    ("spent", "missing"), [("0", "1000"), ("999.995", "0.005"), ("1000", "0"), ("1200", "0")]
)
def test_what_is_missing_from_a_commitment_is_due(spent: str, missing: str) -> None:
    """Exactly; the line rounds it."""
    assert shortfall(D(spent), D(1000)) == D(missing)


def test_a_cap_takes_off_what_is_beyond_it_in_all() -> None:
    """160 were billed, 22 more come, 170 is the most: 12 off, from the last tier first."""
    found = within_bounds(D(22), already=D(160), maximum=D(170))

    assert (found.gross, found.discount, found.amount) == (D(22), D(12), D(10))
    assert share_cap({3: D(15), 4: D(7)}, found.discount) == {4: D(7), 3: D(5)}


def test_a_cap_that_was_passed_before_leaves_nothing() -> None:
    """It never gives back what was billed."""
    found = within_bounds(D(22), already=D(200), maximum=D(170))

    assert (found.amount, found.total) == (D(0), D(0))


def test_a_minimum_is_what_all_bills_together_come_to() -> None:
    """100 were billed, 30 more come, 1000 are committed."""
    found = within_bounds(D(30), already=D(100), minimum=D(1000))

    assert (found.amount, found.true_up, found.total) == (D(30), D(870), D(900))


def pool(key: str, balance: int, priority: int = 0, until: date | None = None) -> Pool:
    return Pool(key=key, balance=D(balance), priority=priority, valid_until=until)


def test_pools_are_drawn_by_priority_then_by_their_end() -> None:
    """The promotional pool first, then the one that lapses first, then the rest."""
    pools = [
        pool("late", 100, 1),
        pool("early", 100, 1, until=date(2026, 6, 1)),
        pool("promotion", 50),
    ]

    found = draw_down(D(180), pools, TODAY)

    assert found.pools == {"promotion": D(50), "early": D(100), "late": D(30)}
    assert (found.beyond, found.overage) == (D(0), D(0))


@pytest.mark.parametrize(("credit", "balance"), [(None, "2000"), ("1100", "2200")])
def test_a_spend_commitment_sold_is_a_pool_of_its_period(credit: str | None, balance: str) -> None:
    """Two of 1,000, each good for what was paid or for what the price book adds to it."""
    terms = DrawDown.model_validate({"credit": credit, "priority": 1, "overage_percent": 120})
    entry = PriceBookEntry(sku="POOL", charge="run", unit=D(1000), draw_down=terms)
    year = Interval(start=START, end=date(2027, 2, 1))

    found = pool_sold("1/run", D(2), entry, year)

    assert (found.balance, found.priority, found.overage_percent) == (D(balance), 1, D(120))
    assert [found.is_open_on(day) for day in (TODAY, START, year.end)] == [False, True, False]


def test_an_entry_without_a_price_fills_no_pool() -> None:
    """Nothing was paid, and nothing is promised."""
    with pytest.raises(ValueError, match="The price of POOL/run says nothing to draw from"):
        pool_sold(
            "1/run",
            D(1),
            PriceBookEntry(sku="POOL", charge="run"),
            Interval(start=START, end=date(2027, 2, 1)),
        )


def test_a_pool_that_has_ended_or_not_begun_is_not_drawn() -> None:
    """Its last day is the one before `valid_until`."""
    pools = [
        pool("ended", 100, until=TODAY),
        pool("next year", 100).model_copy(update={"valid_from": date(2027, 1, 1)}),
    ]

    assert draw_down(D(10), pools, TODAY).beyond == D(10)


def test_what_is_beyond_the_pools_costs_the_overage_rate() -> None:
    """120 % of 30; a pool that is already empty still says what beyond it costs."""
    rate = {"overage_percent": D(120)}

    full = pool("A", 100).model_copy(update=rate)
    empty = pool("A", 0).model_copy(update=rate)

    assert draw_down(D(130), [full], TODAY).overage == D(36)
    assert draw_down(D(30), [empty], TODAY).overage == D(36)
    assert draw_down(D(30), [], TODAY).overage == D(30)


amounts = st.decimals(min_value=0, max_value=10**6, places=3)
pools_drawn = st.lists(
    st.builds(
        Pool,
        key=st.uuids().map(str),
        balance=amounts,
        priority=st.integers(0, 3),
        valid_until=st.sampled_from([None, date(2026, 1, 1), date(2027, 1, 1)]),
    ),
    max_size=5,
)


@given(spend=amounts, pools=pools_drawn)
def test_spend_is_drawn_or_beyond_and_no_pool_gives_more_than_it_has(
    spend: Decimal, pools: list[Pool]
) -> None:
    """Nothing is lost between the pools, and beyond begins where all are empty."""
    found = draw_down(spend, pools, TODAY)
    balances = {one.key: one.balance for one in pools}
    open_ones = sum(one.balance for one in pools if one.is_open_on(TODAY))

    assert sum(found.pools.values(), found.beyond) == spend
    assert all(part <= balances[key] for key, part in found.pools.items())
    assert found.beyond == max(spend - open_ones, D(0))


@given(first=amounts, second=amounts, pools=pools_drawn)
def test_two_draws_take_what_one_would(first: Decimal, second: Decimal, pools: list[Pool]) -> None:
    """Spend that comes in two parts finds the pools as the whole would leave them."""
    once = draw_down(first + second, pools, TODAY)
    before = draw_down(first, pools, TODAY)
    left = [
        one.model_copy(update={"balance": one.balance - before.pools.get(one.key, D(0))})
        for one in pools
    ]
    after = draw_down(second, left, TODAY)

    keys = {one.key for one in pools}
    assert {key: once.pools.get(key, 0) for key in keys} == {
        key: before.pools.get(key, 0) + after.pools.get(key, 0) for key in keys
    }


@given(amount=amounts, already=amounts, minimum=amounts, more=amounts)
def test_a_bill_within_bounds_reaches_its_minimum_and_not_more_than_its_maximum(
    amount: Decimal, already: Decimal, minimum: Decimal, more: Decimal
) -> None:
    """Unless what was billed before is beyond it already."""
    found = within_bounds(amount, already=already, minimum=minimum, maximum=minimum + more)

    assert already + found.total >= minimum
    assert already + found.total <= max(minimum + more, already)
    assert found.gross == found.amount + found.discount


SEAT = Charge(key="seat", name="Seat", type=ChargeType.RECURRING, cadence=Cadence.MONTHLY)
CRM = Product(sku="CRM", name="CRM", kind=ProductKind.SUBSCRIPTION, charges=(SEAT,))


def quoted(
    commitment: Commitment | None,
    quantity: int = 4,
    months: int = 12,
    header: Discount | None = None,
    item: Product = CRM,
) -> tuple[PricedLine, ...]:
    """Price some seats at 20.00 a month under a commitment."""
    entry = PriceBookEntry(sku="CRM", charge="seat", unit=D(20), cost=D(5), commitment=commitment)
    book = PriceBook(name="Standard", currency="USD", valid_from=TODAY, entries=(entry,))
    line = ConfiguredLine(number="1", product=item, quantity=D(quantity), path="lines[0]")
    request = PricingRequest(
        currency="USD", priced_on=TODAY, term_months=months, header_discount=header
    )
    return price(Catalog(version="1", price_books=(book,)), [line], request)


PER_PERIOD = Commitment(amount=D(100))
PER_TERM = Commitment(amount=D(1000), span=CommitmentSpan.TERM)


def test_a_line_short_of_its_commitment_gets_a_true_up_of_its_own() -> None:
    """4 x 20 = 80 a month of 100 committed: 20 at each month's end."""
    seat, true_up = quoted(PER_PERIOD)

    assert (seat.net, true_up.net) == (usd(80_00), usd(20_00))
    assert (true_up.reference, true_up.true_up_of) == ("1/seat/true-up", "1/seat")
    assert true_up.name == "CRM: true-up to 100.00 USD per period"
    assert (true_up.timing, true_up.billed_quantity) == (Timing.IN_ARREARS, D(1))
    assert true_up.waterfall[-1].output == D(20)
    assert {step.rule for step in true_up.waterfall} == {
        "100.00 USD committed per period, 80.00 USD reached"
    }


def test_a_line_that_reaches_its_commitment_has_none() -> None:
    """5 x 20 are what was committed."""
    assert [line.reference for line in quoted(PER_PERIOD, quantity=5)] == ["1/seat"]


def test_the_true_up_is_planned_at_the_end_of_each_period() -> None:
    """February's seats are billed on its first day, what is missing on the first of March."""
    plan = billing_plan(quoted(PER_PERIOD, months=2), START, date(2026, 4, 1))

    assert [(one.reference, one.bill_on, one.amount) for one in plan] == [
        ("1/seat", date(2026, 2, 1), usd(80_00)),
        ("1/seat", date(2026, 3, 1), usd(80_00)),
        ("1/seat/true-up", date(2026, 3, 1), usd(20_00)),
        ("1/seat/true-up", date(2026, 4, 1), usd(20_00)),
    ]


def test_a_commitment_over_the_term_is_trued_up_at_its_end() -> None:
    """12 x 80 = 960 of 1000."""
    lines = quoted(PER_TERM)
    plan = billing_plan(lines, START, date(2027, 2, 1))

    (last,) = [one for one in plan if one.reference == "1/seat/true-up"]
    assert (last.bill_on, last.amount) == (date(2027, 2, 1), usd(40_00))
    assert (last.period.start, last.period.end) == (START, date(2027, 2, 1))
    assert sum(one.amount.minor for one in plan) == 1000_00


def test_a_commitment_over_the_term_needs_whole_periods() -> None:
    """Fourteen months of quarters have no last quarter to add up."""
    quarterly = CRM.model_copy(
        update={"charges": (SEAT.model_copy(update={"cadence": Cadence.QUARTERLY}),)}
    )

    with pytest.raises(InvalidInputError) as error:
        quoted(PER_TERM, months=14, item=quarterly)

    assert [str(problem) for problem in error.value.problems] == [
        (
            "line 1: CRM commits to an amount over the term, and 14 months are no whole number of "
            "its periods (quarterly) (choose a term of whole periods, or a commitment per period)"
        )
    ]


def test_a_discount_cannot_take_a_quote_below_its_commitment() -> None:
    """6 x 20 = 120, half off is 60, and 40 are missing from 100: 20 less than list, not 60."""
    half = Discount(percent=D(50))
    lines = quoted(PER_PERIOD, quantity=6, header=half)

    assert [line.net for line in lines] == [usd(60_00), usd(40_00)]
    made = make_quote(quote_request(), lines)
    assert (made.list_total, made.total) == (usd(1440_00), usd(1200_00))
    assert discount_percent(made) == D("16.67")


def test_revenue_of_a_true_up_belongs_to_its_line() -> None:
    """One promise, earned over the term."""
    made = make_quote(quote_request(), quoted(PER_TERM))

    assert [(one.reference, one.allocated) for one in obligations(made)] == [("1", usd(1000_00))]


def test_the_next_term_starts_from_the_lines_own_price() -> None:
    """A true-up is what was missing, and no price of a seat."""
    file = DealFile(lines=(LineRequest(product="CRM", quantity=D(4)),))

    assert last_unit_prices(file, quoted(PER_PERIOD)) == {"1": D(20)}


def test_a_prepaid_spend_commitment_is_sold_like_any_charge() -> None:
    """Two pools of 20.00: what is paid, and what there is to draw."""
    prepaid = CRM.model_copy(
        update={"charges": (SEAT.model_copy(update={"model": ChargeModel.SPEND_COMMITMENT}),)}
    )

    (line,) = quoted(None, quantity=2, item=prepaid)

    assert line.net == usd(40_00)
    assert line.waterfall[2].rule == (
        "prepaid: 2 x 20, to draw down 40; beyond it at 100 % of the price"
    )


@given(
    quantity=st.integers(0, 20),
    amount=st.decimals(min_value=0, max_value=500, places=2),
    percent=st.integers(0, 100),
    span=st.sampled_from(CommitmentSpan),
)
def test_the_plan_never_comes_to_less_than_what_was_committed(
    quantity: int, amount: Decimal, percent: int, span: CommitmentSpan
) -> None:
    """Whatever the discount; and to no more than the greater of the two."""
    lines = quoted(
        Commitment(amount=amount, span=span), quantity, header=Discount(percent=D(percent))
    )
    plan = billing_plan(lines, START, date(2027, 2, 1))

    committed = Money.from_decimal(amount, "USD").minor * (
        12 if span is CommitmentSpan.PERIOD else 1
    )
    assert sum(one.amount.minor for one in plan) == max(committed, lines[0].net.minor * 12)


def quote_request() -> QuoteRequest:
    return QuoteRequest(
        deal="D-1",
        number="Q-1",
        entity="E-1",
        customer="C-1",
        seller="S-1",
        catalog_version="1",
        price_book="Standard",
        quoted_on=TODAY,
        valid_until=date(2026, 2, 15),
        starts_on=START,
        term_months=12,
        payment_terms_days=30,
    )
