"""Pricing: the waterfall step by step, the choice of the price book, and what always holds."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.catalog import Catalog, Product, ProductKind
from models.charges import Cadence, Charge, ChargeModel, ChargeType
from models.configuration import ConfiguredLine
from models.deal_file import Discount, DiscountBasis
from models.errors import InvalidInputError
from models.money import Money
from models.price_books import PriceBook, PriceBookEntry, Tier
from models.pricing import PricedLine, PricingRequest, WaterfallStep, choose_price_book, price

TODAY = date(2026, 1, 15)
MONTHLY, QUARTERLY, YEARLY = Cadence.MONTHLY, Cadence.QUARTERLY, Cadence.YEARLY
ALWAYS = (
    WaterfallStep.LIST,
    WaterfallStep.AGREED,
    WaterfallStep.QUANTITY,
    WaterfallStep.LINE_DISCOUNT,
    WaterfallStep.ROUND,
    WaterfallStep.HEADER_DISCOUNT,
    WaterfallStep.NET,
)


def usd(minor: int) -> Money:
    return Money(minor=minor, currency="USD")


def charge(
    key: str = "unit", cadence: Cadence | None = None, model: ChargeModel = ChargeModel.PER_UNIT
) -> Charge:
    kind = ChargeType.RECURRING if cadence else ChargeType.ONE_TIME
    return Charge(key=key, name=key.title(), type=kind, cadence=cadence, model=model)


def product(sku: str, *charges: Charge) -> Product:
    return Product(
        sku=sku, name=f"The {sku}", kind=ProductKind.SERVICE, charges=charges or (charge(),)
    )


def entry(
    sku: str, unit: str | Decimal | None = None, key: str = "unit", **changes: Any
) -> PriceBookEntry:
    return PriceBookEntry(
        sku=sku, charge=key, unit=None if unit is None else Decimal(unit), **changes
    )


def book(
    *entries: PriceBookEntry,
    name: str = "Standard",
    currency: str = "USD",
    start: date = date(2025, 1, 1),
    end: date | None = None,
) -> PriceBook:
    return PriceBook(
        name=name, currency=currency, valid_from=start, valid_until=end, entries=entries
    )


def line(
    item: Product,
    quantity: str = "1",
    number: str = "1",
    unit_price: str | None = None,
    **discount: Any,
) -> ConfiguredLine:
    return ConfiguredLine(
        number=number,
        product=item,
        quantity=Decimal(quantity),
        unit_price=None if unit_price is None else Decimal(unit_price),
        discount=off(**discount) if discount else None,
        path=f"lines[{int(number) - 1}]",
    )


def off(
    basis: DiscountBasis = DiscountBasis.PER_PERIOD, reason: str = "", **value: str | Decimal
) -> Discount:
    values: dict[str, Any] = {name: Decimal(amount) for name, amount in value.items()}
    return Discount(basis=basis, reason=reason, **values)


def request(
    header: Discount | None = None,
    currency: str = "USD",
    name: str | None = None,
    term_months: int = 12,
    on: date = TODAY,
) -> PricingRequest:
    return PricingRequest(
        currency=currency,
        price_book=name,
        priced_on=on,
        term_months=term_months,
        header_discount=header,
    )


def priced(
    lines: Sequence[ConfiguredLine], *entries: PriceBookEntry, header: Discount | None = None
) -> tuple[PricedLine, ...]:
    catalog = Catalog(version="1", price_books=(book(*entries),))
    return price(catalog, lines, request(header))


def refused(
    lines: Sequence[ConfiguredLine], *entries: PriceBookEntry, header: Discount | None = None
) -> list[str]:
    with pytest.raises(InvalidInputError) as error:
        priced(lines, *entries, header=header)
    return [str(problem) for problem in error.value.problems]


def steps(priced_line: PricedLine) -> dict[str, tuple[str, str, str]]:
    return {
        step.step.value: (str(step.input), str(step.output), step.rule)
        for step in priced_line.waterfall
    }


def test_every_step_of_the_waterfall_is_on_record() -> None:
    """List 10, agreed 9.99, 3 pieces, 10 % off, rounded, 5 % off the quote."""
    item = product("A")

    (found,) = priced(
        [line(item, "3", unit_price="9.99", percent="10", reason="loyal")],
        entry("A", "10"),
        header=off(percent="5"),
    )

    assert steps(found) == {
        "list": ("10", "10", "price book Standard, USD"),
        "agreed": ("10", "9.99", "agreed price 9.99"),
        "quantity": ("9.99", "29.97", "3 x 9.99"),
        "line_discount": ("29.97", "26.973", "10 % off: loyal"),
        "round": ("26.973", "26.97", "half up to units of USD"),
        "header_discount": ("26.97", "25.62", "1.35 USD of 5 % off the quote"),
        "net": ("25.62", "25.62", "billed once"),
    }
    assert list(steps(found)) == [step.value for step in ALWAYS]
    assert (found.list_amount, found.net, found.ssp) == (usd(30_00), usd(25_62), usd(30_00))
    assert (found.list_unit, found.unit_price) == (Decimal(10), Decimal("9.99"))


def test_a_line_carries_what_later_stages_need() -> None:
    """Reference, name and terms of the charge; standalone price and cost extended."""
    item = product("CRM", charge("seat", MONTHLY), charge("setup", model=ChargeModel.FLAT))

    seat, setup = priced(
        [line(item, "4")],
        entry("CRM", "10", "seat", ssp=Decimal(12), cost=Decimal("2.5")),
        entry("CRM", "99", "setup", ssp=Decimal(120), cost=Decimal(50)),
    )

    assert (seat.reference, setup.reference) == ("1/seat", "1/setup")
    assert (seat.name, setup.name) == ("The CRM: Seat", "The CRM: Setup")
    assert (seat.cadence, setup.cadence) == (MONTHLY, None)
    assert (seat.net, seat.ssp, seat.cost) == (usd(40_00), usd(48_00), usd(10_00))
    assert (setup.net, setup.ssp, setup.cost) == (usd(99_00), usd(120_00), usd(50_00))


def test_an_unknown_cost_stays_unknown() -> None:
    """Zero would be a margin of 100 %."""
    (found,) = priced([line(product("A"))], entry("A", "10"))

    assert found.cost is None


@pytest.mark.parametrize(
    ("model", "changes", "unit", "amount", "rule"),
    [
        (ChargeModel.FLAT, {}, "7", 7_00, "flat: 7"),
        (ChargeModel.PER_UNIT, {}, "7", 84_00, "12 x 7"),
        (
            ChargeModel.PACKAGE,
            {"package_size": Decimal(5)},
            "7",
            21_00,
            "3 packages of 5 x 7",
        ),
        (ChargeModel.GRADUATED, {}, "9.75", 117_00, "graduated: 10 x 10 + 2 x 8 + 1 flat"),
        (ChargeModel.VOLUME, {}, "8.083333333333333333333333333", 97_00, "volume: 12 x 8 + 1 flat"),
    ],
)
def test_each_charge_model_says_how_it_came_to_its_amount(
    model: ChargeModel, changes: dict[str, Any], unit: str, amount: int, rule: str
) -> None:
    """12 units; the unit price of tiers is their average."""
    tiers = (Tier(up_to=Decimal(10), unit=Decimal(10)), Tier(unit=Decimal(8), flat=Decimal(1)))

    (found,) = priced(
        [line(product("A", charge(model=model)), "12")], entry("A", "7", tiers=tiers, **changes)
    )

    assert (found.net, found.list_unit) == (usd(amount), Decimal(unit))
    assert steps(found)["quantity"][2] == rule


@pytest.mark.parametrize(
    ("model", "amount", "rule"),
    [
        (ChargeModel.FLAT, 6_00, "flat: 6"),
        (ChargeModel.PER_UNIT, 72_00, "12 x 6"),
        (ChargeModel.PACKAGE, 18_00, "3 packages of 5 x 6"),
        (ChargeModel.GRADUATED, 72_00, "12 x 6"),
        (ChargeModel.VOLUME, 72_00, "12 x 6"),
    ],
)
def test_an_agreed_price_takes_the_place_of_unit_or_tiers(
    model: ChargeModel, amount: int, rule: str
) -> None:
    """Once for a flat charge, per block for a package, else per unit."""
    terms: dict[str, Any] = {"tiers": (Tier(unit=Decimal(8)),), "package_size": Decimal(5)}

    (found,) = priced(
        [line(product("A", charge(model=model)), "12", unit_price="6")], entry("A", "7", **terms)
    )

    assert (found.net, found.unit_price) == (usd(amount), Decimal(6))
    assert steps(found)["quantity"][2] == rule


def test_no_units_in_tiers_show_the_first_tiers_price() -> None:
    """There is no average of nothing."""
    item = product("A", charge(model=ChargeModel.GRADUATED))

    (found,) = priced([line(item, "0")], entry("A", tiers=(Tier(unit=Decimal(8)),)))

    assert (found.list_unit, found.net) == (Decimal(8), usd(0))


def test_an_agreed_price_is_for_the_recurring_charge() -> None:
    """The setup fee of the same product stays at list."""
    item = product("CRM", charge("seat", MONTHLY), charge("setup"))

    seat, setup = priced(
        [line(item, unit_price="8")], entry("CRM", "10", "seat"), entry("CRM", "99", "setup")
    )

    assert (seat.net, setup.net) == (usd(8_00), usd(99_00))


def test_a_line_percentage_is_off_every_charge_and_an_amount_off_the_recurring_one() -> None:
    """An amount taken twice would be more than was given."""
    item = product("CRM", charge("seat", MONTHLY), charge("setup"))
    entries = entry("CRM", "10", "seat"), entry("CRM", "99", "setup")

    by_percent = priced([line(item, percent="10")], *entries)
    by_amount = priced([line(item, amount="3")], *entries)
    once = priced([line(item, amount="3", basis=DiscountBasis.ONCE)], *entries)

    assert [found.net for found in by_percent] == [usd(9_00), usd(89_10)]
    assert [found.net for found in by_amount] == [usd(7_00), usd(99_00)]
    assert [found.net for found in once] == [usd(10_00), usd(99_00)]
    assert [found.once_discount for found in once] == [usd(3_00), usd(0)]
    assert steps(once[0])["line_discount"][2] == "3 off the first billing only"


def test_the_extension_is_rounded_once_half_up() -> None:
    """3 x 0.335 = 1.005 makes 1.01, not 3 x 0.34."""
    (found,) = priced([line(product("A"), "3")], entry("A", "0.335"))

    assert found.net == usd(1_01)


def test_currencies_keep_their_own_decimals() -> None:
    """Yen have none, Kuwaiti dinars three."""
    for currency, minor in (("JPY", 13), ("KWD", 12_500)):
        catalog = Catalog(version="1", price_books=(book(entry("A", "12.5"), currency=currency),))

        (found,) = price(catalog, [line(product("A"))], request(currency=currency))

        assert found.net == Money(minor=minor, currency=currency)


def test_a_header_percentage_is_rounded_once_for_each_group() -> None:
    """
    10 % of 3 x 0.33 = 0.99 is 0.10 for the group, shared 4, 3, 3; by line it would be 0.09.
    """
    lines = [line(product(sku), number=str(i + 1)) for i, sku in enumerate("ABC")]

    found = priced(lines, *(entry(sku, "0.33") for sku in "ABC"), header=off(percent="10"))

    assert [each.net for each in found] == [usd(29), usd(30), usd(30)]


def test_groups_of_a_header_percentage_are_one_time_and_each_cadence() -> None:
    """Each kind of invoice shows its own exact percentage: 0.33 + 0.33 twice, 0.33 once."""
    items = [
        product("A", charge("unit", MONTHLY)),
        product("B", charge("unit", MONTHLY)),
        product("C", charge("unit", YEARLY)),
        product("D"),
    ]
    lines = [line(item, number=str(i + 1)) for i, item in enumerate(items)]

    found = priced(lines, *(entry(sku, "0.33") for sku in "ABCD"), header=off(percent="10"))

    assert [each.net for each in found] == [usd(29), usd(30), usd(30), usd(30)]


def test_a_header_amount_once_is_shared_over_all_first_billings() -> None:
    """100 over 10, 20 and 30 is refused, 12 is shared 2, 4, 6 and leaves the nets alone."""
    items = [product("A", charge("unit", MONTHLY)), product("B"), product("C")]
    lines = [line(item, number=str(i + 1)) for i, item in enumerate(items)]
    entries = entry("A", "10"), entry("B", "20"), entry("C", "30")

    found = priced(lines, *entries, header=off(amount="12", basis=DiscountBasis.ONCE))

    assert [each.once_discount for each in found] == [usd(2_00), usd(4_00), usd(6_00)]
    assert [each.net for each in found] == [usd(10_00), usd(20_00), usd(30_00)]
    assert steps(found[0])["header_discount"][2] == (
        "2.00 USD off the first billing only, a share of 12"
    )
    assert refused(lines, *entries, header=off(amount="100", basis=DiscountBasis.ONCE)) == [
        "header_discount: 100.00 USD is more than the 60.00 USD it comes off (lower the discount)"
    ]


def test_a_header_amount_once_weighs_what_a_line_discount_left() -> None:
    """10 less 8 once leaves 2 beside 6: a header amount of 8 takes both to nothing."""
    lines = [
        line(product("A"), amount="8", basis=DiscountBasis.ONCE),
        line(product("B"), number="2"),
    ]

    found = priced(
        lines,
        entry("A", "10"),
        entry("B", "6"),
        header=off(amount="8", basis=DiscountBasis.ONCE),
    )

    assert [each.once_discount for each in found] == [usd(10_00), usd(6_00)]


def test_a_header_amount_per_period_comes_off_the_recurring_lines() -> None:
    """The one-time line is billed in one period only."""
    items = [product("A", charge("unit", MONTHLY)), product("B", charge("unit", MONTHLY))]
    lines = [line(item, number=str(i + 1)) for i, item in enumerate([*items, product("C")])]

    found = priced(
        lines, entry("A", "10"), entry("B", "20"), entry("C", "30"), header=off(amount="1")
    )

    assert [each.net for each in found] == [usd(9_67), usd(19_33), usd(30_00)]


def test_a_header_amount_comes_off_one_time_lines_where_nothing_recurs() -> None:
    """A one-off sale has one billing; per period and once are the same there."""
    found = priced([line(product("A"))], entry("A", "30"), header=off(amount="5"))

    assert found[0].net == usd(25_00)


def test_a_header_amount_per_period_needs_one_period() -> None:
    """50 a month and 50 a quarter are not the same discount."""
    items = [product("A", charge("unit", MONTHLY)), product("B", charge("unit", QUARTERLY))]
    lines = [line(item, number=str(i + 1)) for i, item in enumerate(items)]

    assert refused(lines, entry("A", "10"), entry("B", "20"), header=off(amount="5")) == [
        (
            "header_discount.basis: is per period, but the lines are billed monthly and quarterly "
            "(discount the lines, or use a percentage or an amount once)"
        )
    ]


def test_discounts_never_take_a_line_below_zero() -> None:
    """All such lines are listed at once; down to zero is allowed."""
    lines = [
        line(product("A"), number="1", amount="10.01"),
        line(product("B"), number="2", amount="10.01", basis=DiscountBasis.ONCE),
        line(product("C"), number="3", amount="10"),
        line(product("D"), number="4", percent="100"),
    ]

    assert refused(lines, *(entry(sku, "10") for sku in "ABCD")) == [
        "lines[0].discount: takes 1/unit below zero: it costs 10 (lower the discount)",
        "lines[1].discount: takes 2/unit below zero: it costs 10 (lower the discount)",
    ]


def test_discounts_of_line_and_quote_together_stay_above_zero() -> None:
    """9 off once fits into 10, but not into the 5 that half price leaves."""
    lines = [line(product("A"), amount="9", basis=DiscountBasis.ONCE)]

    assert refused(lines, entry("A", "10"), header=off(percent="50")) == [
        "lines[0].discount: takes 1/unit below zero: it costs 10 (lower the discount)"
    ]


def test_all_missing_prices_are_listed() -> None:
    """A usage charge and an incomplete entry among them."""
    usage = Charge(key="calls", name="Calls", type=ChargeType.USAGE)
    lines = [
        line(product("A"), number="1"),
        line(product("B", charge(), usage), number="2"),
        line(product("C"), number="3"),
    ]

    assert refused(lines, entry("B", "1"), entry("C")) == [
        (
            "lines[0].product: A/unit has no price in Standard (USD) "
            "(choose another price book or add the price)"
        ),
        "lines[1].product: B has the usage charge calls, which names no meter",
        (
            "lines[2].product: the price of C/unit in Standard is incomplete: unit is missing for "
            "a per_unit charge (give the price)"
        ),
    ]


def test_recurring_charges_are_not_priced_for_a_one_off_sale() -> None:
    """There is no period the price would be for."""
    catalog = Catalog(version="1", price_books=(book(entry("A", "1")),))

    with pytest.raises(InvalidInputError, match="a one-off sale has no periods"):
        price(catalog, [line(product("A", charge("unit", MONTHLY)))], request(term_months=0))


BOOKS = (
    book(name="Standard", start=date(2025, 1, 1), end=date(2026, 1, 1)),
    book(name="Standard", start=date(2026, 1, 1)),
    book(name="Europe", currency="EUR"),
    book(name="Partner", currency="EUR", start=date(2026, 7, 1)),
)


@pytest.mark.parametrize(
    ("asked", "name", "start"),
    [
        (request(on=date(2025, 12, 31)), "Standard", date(2025, 1, 1)),
        (request(on=date(2026, 1, 1)), "Standard", date(2026, 1, 1)),
        (request(currency="EUR"), "Europe", date(2025, 1, 1)),
        (
            request(currency="EUR", name="Partner", on=date(2026, 7, 1)),
            "Partner",
            date(2026, 7, 1),
        ),
    ],
)
def test_the_price_book_is_found_by_name_currency_and_day(
    asked: PricingRequest, name: str, start: date
) -> None:
    """Without a name, the only one in that currency in force on the day."""
    found = choose_price_book(Catalog(version="1", price_books=BOOKS), asked)

    assert (found.name, found.valid_from) == (name, start)


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        (
            request(name="Partnr"),
            "price_book: there is no price book Partnr (did you mean Partner?)",
        ),
        (
            request(name="Europe"),
            "price_book: there is no price book Europe in USD (there is EUR)",
        ),
        (
            request(currency="GBP"),
            "price_book: there is no price book in GBP (there is EUR, USD)",
        ),
        (
            request(currency="EUR", name="Partner"),
            (
                "price_book: no price book Partner in EUR is in force on 2026-01-15 "
                "(there is Partner from 2026-07-01)"
            ),
        ),
        (
            request(currency="EUR", on=date(2026, 7, 1)),
            "price_book: 2 price books in EUR are in force (name one of Europe, Partner)",
        ),
    ],
)
def test_a_price_book_that_cannot_be_chosen_is_explained(
    asked: PricingRequest, problem: str
) -> None:
    """The remedy names what there is."""
    with pytest.raises(InvalidInputError) as error:
        choose_price_book(Catalog(version="1", price_books=BOOKS), asked)

    assert [str(each) for each in error.value.problems] == [problem]


Wish: TypeAlias = tuple[Decimal, int, Decimal, Cadence | None]

cents = st.decimals(min_value=0, max_value=10_000, places=3)
percents = st.decimals(min_value=0, max_value=100, places=2)
wishes = st.lists(
    st.tuples(cents, st.integers(0, 50), percents, st.sampled_from([None, *Cadence])),
    min_size=1,
    max_size=6,
)


def quote_of(wanted: list[Wish], header: Discount | None = None) -> tuple[PricedLine, ...]:
    """Price one line for each wish: unit price, quantity, percent off, cadence."""
    items = [product(str(i), charge("unit", wish[3])) for i, wish in enumerate(wanted)]
    lines = [
        line(items[i], str(wish[1]), number=str(i + 1), percent=str(wish[2]))
        for i, wish in enumerate(wanted)
    ]
    return priced(lines, *(entry(str(i), wish[0]) for i, wish in enumerate(wanted)), header=header)


@given(wanted=wishes, percent=percents)
def test_the_waterfall_chains_without_gaps(wanted: list[Wish], percent: Decimal) -> None:
    """What goes into a step is what came out of the one before, from list to net."""
    for found in quote_of(wanted, off(percent=percent)):
        assert all(before.output == after.input for before, after in pairwise(found.waterfall))
        assert [step.step for step in found.waterfall] == list(ALWAYS)
        assert found.waterfall[-1].output == found.net.decimal


@given(wanted=wishes, percent=percents)
def test_a_header_percentage_sums_to_itself_in_each_group(
    wanted: list[Wish], percent: Decimal
) -> None:
    """No cent is lost in sharing it out, and none is taken from an empty line."""
    before, after = quote_of(wanted), quote_of(wanted, off(percent=percent))

    for cadence in (None, *Cadence):
        was = sum(each.net.minor for each in before if each.cadence is cadence)
        now = sum(each.net.minor for each in after if each.cadence is cadence)
        assert was - now == usd(was).times(percent / 100).minor
    assert all(each.net.minor >= 0 for each in after)


@given(wanted=wishes, share=st.integers(0, 100))
def test_a_header_amount_once_sums_to_itself(wanted: list[Wish], share: int) -> None:
    """Whatever the lines, the quote gives exactly what was promised."""
    total = sum(each.net.minor for each in quote_of(wanted))
    amount = usd(total * share // 100).decimal

    found = quote_of(wanted, off(amount=amount, basis=DiscountBasis.ONCE))

    assert sum(each.once_discount.minor for each in found) == total * share // 100
    assert all(each.once_discount <= each.net for each in found)


@given(wanted=wishes, other=wishes)
def test_another_line_never_changes_a_lines_net(wanted: list[Wish], other: list[Wish]) -> None:
    """Without a header discount each line stands for itself."""
    alone, together = quote_of(wanted), quote_of([*wanted, *other])

    assert [each.net for each in together[: len(wanted)]] == [each.net for each in alone]


@given(wanted=wishes)
def test_the_unit_price_agreed_again_gives_the_same_amount(wanted: list[Wish]) -> None:
    """A renewal at the last price costs what the last term cost."""
    items = [product(str(i), charge("unit", wish[3])) for i, wish in enumerate(wanted)]
    entries = [entry(str(i), wish[0]) for i, wish in enumerate(wanted)]
    lines = [line(item, "7", number=str(i + 1)) for i, item in enumerate(items)]
    first = priced(lines, *entries)

    again = priced(
        [
            each.model_copy(update={"unit_price": was.unit_price})
            for each, was in zip(lines, first, strict=True)
        ],
        *entries,
    )

    assert [each.net for each in again] == [each.net for each in first]
