"""Leakage: from list to net over the term, by cause; margins, floors and what approval asks."""

from decimal import Decimal
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from models.catalog import ProductKind
from models.deal_file import DiscountBasis
from models.leakage import (
    below_floor,
    discount_of,
    header_discount_percent,
    leakage,
    leakage_by_cause,
    line_margin,
    margin_by_kind,
    max_line_discount,
    services_total,
    waterfall_of,
)
from models.money import Money
from models.price_terms import PartnerTerms
from models.promotions import Duration
from models.quoting import Quote
from tests.models.engine_house import (
    contracted,
    entry,
    group,
    line,
    off,
    priced,
    product,
    promotion,
    quoted,
    usd,
)

SEAT = product("SEAT")
DAY = product("DAY", None, kind=ProductKind.SERVICE)


def a_quote(**request: Any) -> Quote:
    """Ten seats at 100 a month and five days at 200, 10 % off the seats."""
    lines = [
        line(SEAT, "10", discount=off("10"), group="A"),
        line(DAY, "5", number="2"),
    ]
    entries = (
        entry("SEAT", "100", cost=Decimal(40), floor=Decimal(80)),
        entry("DAY", "200", cost=Decimal(150)),
    )
    return quoted(priced(lines, *entries, **request))


def bars(quote: Quote, reference: str = "") -> list[tuple[str, int, int]]:
    return [(bar.name, bar.before.minor, bar.after.minor) for bar in waterfall_of(quote, reference)]


def test_bars_lead_from_list_to_net_over_the_term() -> None:
    """13,000 by list; 1,200 off the seats, then 5 % of 11,800."""
    quote = a_quote(header_discount=off("5"))

    assert bars(quote) == [
        ("list", 0, 13_000_00),
        ("line_discount", 13_000_00, 11_800_00),
        ("header_discount", 11_800_00, 11_210_00),
        ("net", 0, 11_210_00),
    ]
    assert quote.total == usd(11_210_00)


def test_a_line_has_bars_of_its_own() -> None:
    """The seats alone."""
    assert bars(a_quote(header_discount=off("5")), "1/unit") == [
        ("list", 0, 12_000_00),
        ("line_discount", 12_000_00, 10_800_00),
        ("header_discount", 10_800_00, 10_260_00),
        ("net", 0, 10_260_00),
    ]


def test_every_cause_has_its_bar() -> None:
    """Contract 20 %, partner 10 %, seller 10 %, group 50 %, half of the first month, 4 once."""
    quote = a_quote(
        terms=contracted("SEAT", percent=Decimal(20)),
        partner_name="P-1",
        partner=PartnerTerms(percent=Decimal(10), skus=("SEAT",)),
        groups=(group("A", off("50")),),
        promotions=(
            promotion(percent=Decimal(50), duration=Duration.ONCE, targets={"skus": ["SEAT"]}),
        ),
        header_discount=off(amount="4", basis=DiscountBasis.ONCE),
    )

    found = {name: amount.minor for name, amount in leakage_by_cause(quote).items()}

    assert found == {
        "contracted": 2_400_00,
        "partner": 960_00,
        "line_discount": 864_00,
        "group_discount": 3_888_00,
        "introductory": 162_00,
        "once": 4_00,
    }
    assert leakage(quote) == usd(sum(found.values()))


def test_what_a_contract_and_an_agreed_price_take_is_told_apart() -> None:
    """From 100 to 80 by contract and to 70 by agreement: 20 and 10 of each of twelve months."""
    (found,) = priced(
        [line(SEAT, unit_price=Decimal(70))],
        entry("SEAT", "100"),
        terms=contracted("SEAT", percent=Decimal(20)),
    )

    causes = leakage_by_cause(quoted([found]))

    assert causes == {"contracted": usd(240_00), "agreed": usd(120_00)}


def test_a_price_above_list_raises_its_bar() -> None:
    """Leakage is negative then."""
    (found,) = priced([line(SEAT, unit_price=Decimal(110))], entry("SEAT", "100"))
    quote = quoted([found])

    assert leakage(quote) == usd(-120_00)
    assert bars(quote)[1] == ("agreed", 1_200_00, 1_320_00)


def test_discounts_of_lines_and_header_are_told_apart() -> None:
    """10 % off the seats and 5 % off everything make 14.5 % for the seats."""
    quote = a_quote(header_discount=off("5"))

    assert max_line_discount(quote) == Decimal("14.50")
    assert header_discount_percent(quote) == Decimal("5.00")
    assert [discount_of(each) for each in quote.lines] == [Decimal("14.50"), Decimal("5.00")]


def test_a_header_amount_once_counts_as_header_discount() -> None:
    """118 of 11,800."""
    quote = a_quote(header_discount=off(amount="118", basis=DiscountBasis.ONCE))

    assert header_discount_percent(quote) == Decimal("1.00")


def test_services_and_margins_are_those_of_the_plan() -> None:
    """Seats: 10,800 less 4,800; days: 1,000 less 750."""
    quote = a_quote()

    assert services_total(quote) == usd(1_000_00)
    assert margin_by_kind(quote) == {
        ProductKind.SERVICE: Decimal("25.00"),
        ProductKind.SUBSCRIPTION: Decimal("55.56"),
    }
    assert line_margin(quote, quote.lines[1]) == Decimal("25.00")


def test_a_kind_with_an_unknown_cost_has_no_margin() -> None:
    """A guess would approve itself."""
    (found,) = priced([line(SEAT)], entry("SEAT", "100"))

    assert margin_by_kind(quoted([found])) == {ProductKind.SUBSCRIPTION: None}


def test_below_its_floor_a_line_is_named_with_what_is_missing() -> None:
    """10 seats at 90 are 900 a month; 15 % off is 765, and the floor 800."""
    quote = a_quote(header_discount=off("15"))

    assert [(one.reference, one.total, one.floor) for one in below_floor(quote)] == [
        ("1/unit", usd(9_180_00), usd(9_600_00))
    ]
    assert below_floor(a_quote(header_discount=off("11"))) == ()


def test_free_months_count_towards_the_floor() -> None:
    """Two of twelve months free leave 9,000 where 9,600 is the floor."""
    quote = a_quote(promotions=(promotion(free_months=2),))

    assert [one.total for one in below_floor(quote)] == [usd(9_000_00)]


percents = st.decimals(min_value=0, max_value=100, places=2)


@settings(max_examples=50, deadline=None)
@given(
    quantities=st.lists(st.integers(1, 50), min_size=1, max_size=4),
    contract=percents,
    seller=percents,
    header=percents,
    months=st.integers(1, 14),
)
def test_bars_chain_from_the_list_total_to_the_total(
    quantities: list[int], contract: Decimal, seller: Decimal, header: Decimal, months: int
) -> None:
    """To the cent, whatever is rounded on the way."""
    lines = [
        line(SEAT, str(each), number=str(index + 1), discount=off(seller))
        for index, each in enumerate(quantities)
    ]
    found = priced(
        lines,
        entry("SEAT", "33.337"),
        terms=contracted("SEAT", percent=contract),
        header_discount=off(header),
        promotions=(promotion(percent=Decimal(7), duration=Duration.PERIODS, periods=2),),
        term_months=months,
    )
    quote = quoted(found, months)

    drawn = waterfall_of(quote)

    assert drawn[0].after == quote.list_total
    assert drawn[-1].after == quote.total
    assert all(one.after == two.before for one, two in pairwise(drawn[:-1]))
    assert drawn[-2].after == quote.total
    assert Money.total(leakage_by_cause(quote).values(), "USD") == leakage(quote)
