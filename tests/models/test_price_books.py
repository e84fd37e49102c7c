"""Price books: prices by attributes, in price units, by rule and derived from other books."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.catalog import Catalog, Product, ProductKind, check_catalog, parse_catalog
from models.charge_models import charge_amount
from models.charges import Cadence, Charge, ChargeModel, ChargeType
from models.chosen import Attribute
from models.configuration import ConfiguredLine
from models.derived_books import LineFacts, origin_of, ready_entry, resolve_book, unit_rate
from models.errors import InvalidInputError
from models.hints import price_hints
from models.money import Money, RoundingMode
from models.price_books import (
    BookDerivation,
    Commitment,
    DrawDown,
    PriceBook,
    PriceBookEntry,
    Tier,
    UnitRate,
)
from models.price_rules import PriceRule
from models.pricing import PricedLine, PricingRequest, price

D = Decimal
TODAY = date(2026, 1, 15)
YEAR = date(2026, 1, 1)


def entry(
    unit: str | None = None, sku: str = "A", charge: str = "unit", **more: Any
) -> PriceBookEntry:
    return PriceBookEntry(sku=sku, charge=charge, unit=unit, **more)


def book(*entries: PriceBookEntry, name: str = "Standard", **more: Any) -> PriceBook:
    return PriceBook(**{"currency": "USD", "valid_from": YEAR, **more}, name=name, entries=entries)


def product(
    sku: str = "A", model: ChargeModel = ChargeModel.PER_UNIT, *, recurring: bool = False
) -> Product:
    kind = ChargeType.RECURRING if recurring else ChargeType.ONE_TIME
    cadence = Cadence.MONTHLY if recurring else None
    charge = Charge(key="unit", name="Unit", type=kind, cadence=cadence, model=model)
    return Product(
        sku=sku,
        name=f"The {sku}",
        kind=ProductKind.SERVICE,
        charges=(charge,),
        attributes=tuple(Attribute(key=key) for key in ("region", "tier", "size")),
    )


def priced(
    *books: PriceBook,
    model: ChargeModel = ChargeModel.PER_UNIT,
    quantity: str = "3",
    name: str | None = None,
) -> PricedLine:
    line = ConfiguredLine(number="1", product=product(model=model), quantity=D(quantity))
    request = PricingRequest(currency=books[-1].currency, priced_on=TODAY, price_book=name)
    (found,) = price(Catalog(version="1", price_books=books), [line], request)
    return found


def rule_of(line: PricedLine, step: str) -> str:
    return next(each.rule for each in line.waterfall if each.step.value == step)


# Attributes


BY_REGION = book(
    entry("10"),
    entry("9", attributes={"region": "EU"}),
    entry("8", attributes={"region": "EU", "tier": "gold"}),
    entry("7", attributes={"region": "US"}),
)


@pytest.mark.parametrize(
    ("attributes", "unit"),
    [
        ({}, "10"),
        ({"region": "EU"}, "9"),
        ({"region": "EU", "tier": "silver"}, "9"),
        ({"region": "EU", "tier": "gold", "color": "red"}, "8"),
        ({"region": "US", "tier": "gold"}, "7"),
        ({"region": "ASIA"}, "10"),
    ],
)
def test_the_most_specific_price_wins(attributes: dict[str, str], unit: str) -> None:
    """A price without attributes is for everything that has none of its own."""
    found = BY_REGION.entry("A", "unit", attributes)

    assert found is not None
    assert found.unit == D(unit)


def test_without_a_price_for_its_attributes_there_is_none() -> None:
    """Nobody guesses what the others would pay."""
    only = book(entry("9", attributes={"region": "EU"}))

    assert only.entry("A", "unit", {"region": "US"}) is None
    assert only.entry("A", "unit") is None


def test_a_book_given_other_entries_finds_those() -> None:
    """What was looked up before is not remembered for them; and looking up changes no book."""
    first, same = book(entry("10")), book(entry("10"))
    assert first.entry("A", "unit") is not None

    other = first.model_copy(update={"entries": (entry("11"),)})

    found = other.entry("A", "unit")
    assert found is not None
    assert found.unit == D(11)
    assert first == same
    assert first.model_dump() == same.model_dump()


# Price units


CREDITS = book(
    entry("5", price_unit="credit"),
    price_units=(
        UnitRate(unit="credit", rate=D("0.015"), valid_from=YEAR, valid_until=TODAY),
        UnitRate(unit="credit", rate=D("0.0211"), valid_from=TODAY),
    ),
)


def test_a_price_unit_is_converted_at_the_rate_of_the_day_and_rounded_once() -> None:
    """3 x 5 credits at 0.0211 are 0.3165, so 0.32; by unit it would have been 3 x 0.11."""
    found = priced(CREDITS)

    assert (found.list_unit, found.net) == (D("0.1055"), Money(minor=32, currency="USD"))
    assert rule_of(found, "list") == "price book Standard, USD: 1 credit = 0.0211 USD"
    assert unit_rate(CREDITS, "credit", date(2026, 1, 14)).rate == D("0.015")


def test_everything_an_entry_says_in_its_unit_is_converted() -> None:
    """Tiers, bounds, commitments and pools; a percentage and a size are no amounts."""
    told = entry(
        "100",
        price_unit="credit",
        tiers=(Tier(up_to=D(10), unit=D(2), flat=D(30), percent=D(5)), Tier(unit=D(1))),
        package_size=D(10),
        minimum=D(50),
        commitment=Commitment(amount=D(1000)),
        draw_down=DrawDown(credit=D(200)),
        percent=D(3),
    )
    rate = UnitRate(unit="credit", rate=D("0.5"), valid_from=YEAR)

    found = ready_entry(book(price_units=(rate,)), told, LineFacts(priced_on=TODAY))

    assert (found.unit, found.minimum, found.package_size, found.percent) == (
        D(50),
        D(25),
        D(10),
        D(3),
    )
    assert found.tiers[0] == Tier(up_to=D(10), unit=D(1), flat=D(15), percent=D(5))
    assert found.commitment == Commitment(amount=D(500))
    assert found.draw_down.credit == D(100)


def test_a_formula_in_a_price_unit_is_converted_as_a_whole() -> None:
    """(3 x 5 + 1) credits at 0.0211 are 0.3376; its own prices are not converted once more."""
    told = entry("5", formula="quantity * unit + 1", price_unit="credit")
    found = priced(
        CREDITS.model_copy(update={"entries": (told,)}), model=ChargeModel.FORMULA, quantity="3"
    )

    assert found.net == Money(minor=34, currency="USD")


def test_a_price_unit_without_a_rate_that_day_is_a_problem_of_the_line() -> None:
    """The price book knew it once."""
    ended = CREDITS.model_copy(update={"price_units": CREDITS.price_units[:1]})

    with pytest.raises(InvalidInputError) as error:
        priced(ended)

    assert [str(problem) for problem in error.value.problems] == [
        (
            "line 1.product: the price of A/unit in Standard cannot be computed: price_unit credit "
            "has no rate in USD on 2026-01-15 in Standard (add the rate to the price book)"
        )
    ]


# Rules


@pytest.mark.parametrize(
    ("quantity", "unit", "origin"),
    [("9", "10", ""), ("10", "9.0", ": x 0.9 from 10 on"), ("100", "8.0", ": x 0.8 from 100 on")],
)
def test_the_first_rule_that_fits_is_a_factor_on_the_price(
    quantity: str, unit: str, origin: str
) -> None:
    """Their order is their rank; a rule for another product is passed over."""
    rules = (
        PriceRule(sku="B", factor=D(0)),
        PriceRule(sku="A", minimum_quantity=D(100), factor=D("0.8")),
        PriceRule(minimum_quantity=D(10), factor=D("0.9")),
    )

    found = priced(book(entry("10"), rules=rules), quantity=quantity)

    assert found.list_unit == D(unit)
    assert rule_of(found, "list") == f"price book Standard, USD{origin}"


# Derived books


STANDARD = book(entry("9.99"), entry("100", charge="setup"), entry("1", sku="B"))


def derived(by: BookDerivation, *own: PriceBookEntry, **more: Any) -> PriceBook:
    return book(*own, name="Partner", derived_from=by, **more)


def test_a_derived_book_lowers_every_price_but_its_own() -> None:
    """20 % off 9.99 and 1; the set-up has a price of its own."""
    partner = derived(BookDerivation(book="Standard", percent=D(-20)), entry("90", charge="setup"))

    found = resolve_book([STANDARD, partner], partner, TODAY)

    prices = {(each.sku, each.charge): each.unit for each in found.entries}
    assert prices == {
        ("A", "unit"): D("7.992"),
        ("A", "setup"): D(90),
        ("B", "unit"): D("0.8"),
    }


def test_a_derived_price_is_set_to_its_price_point() -> None:
    """9.99 + 10 % = 10.989, to the next 0.05 up."""
    by = BookDerivation(
        book="Standard", percent=D(10), price_point=D("0.05"), rounding=RoundingMode.CEILING
    )

    found = priced(STANDARD, derived(by), name="Partner")

    assert (found.list_unit, found.net) == (D("11.00"), Money(minor=33_00, currency="USD"))
    assert rule_of(found, "list") == "price book Partner, USD: from Standard + 10 % to 0.05"


def test_a_derived_book_in_another_currency_exchanges_exactly() -> None:
    """9.99 x 0.9213 = 9.203787 EUR; three of them are rounded once, to 27.61."""
    by = BookDerivation(book="Standard", currency="USD", exchange_rate=D("0.9213"))

    found = priced(STANDARD, derived(by, currency="EUR"))

    assert (found.list_unit, found.net) == (D("9.203787"), Money(minor=27_61, currency="EUR"))
    assert rule_of(found, "list") == "price book Partner, EUR: from Standard 1 USD = 0.9213"


def test_costs_and_bounds_stay_where_prices_go_down() -> None:
    """A discount for partners makes nothing cheaper to us; a percentage is a price."""
    told = entry("10", cost="4", floor="6", percent="3", tiers=(Tier(unit=D(10), percent=D(3)),))
    partner = derived(BookDerivation(book="Standard", percent=D(-50)))

    (found,) = resolve_book([book(told), partner], partner, TODAY).entries

    assert (found.unit, found.cost, found.floor, found.percent) == (D(5), D(4), D(6), D("1.5"))
    assert (found.tiers[0].unit, found.tiers[0].percent) == (D(5), D("1.5"))


def test_a_book_derived_from_a_derived_one_follows_both() -> None:
    """10 % off, then 10 % off: 100 is 81."""
    first = derived(BookDerivation(book="Standard", percent=D(-10)))
    second = book(name="Reseller", derived_from=BookDerivation(book="Partner", percent=D(-10)))

    found = resolve_book([STANDARD, first, second], second, TODAY).entry("A", "setup")

    assert found is not None
    assert (found.unit, origin_of(found)) == (D(81), "from Standard - 10 %; from Partner - 10 %")


def test_the_base_is_the_one_in_force_on_the_day_and_of_the_segment_if_there_is_one() -> None:
    """Last year's list is not what partners get a part of."""
    old = book(entry("1"), valid_from=date(2025, 1, 1), valid_until=YEAR)
    public = book(entry("3"), segment="public")
    partner = derived(BookDerivation(book="Standard"), segment="public")

    for books, unit in (([old, STANDARD], D("9.99")), ([old, STANDARD, public], D(3))):
        found = resolve_book([*books, partner], partner, TODAY).entry("A", "unit")
        assert found is not None
        assert found.unit == unit


def test_a_base_that_is_not_in_force_is_a_problem() -> None:
    """The remedy names the book to extend."""
    partner = derived(BookDerivation(book="Standard"))
    ended = STANDARD.model_copy(update={"valid_until": TODAY})

    with pytest.raises(InvalidInputError, match="Standard in USD, which is not in force on"):
        resolve_book([ended, partner], partner, TODAY)


@given(
    unit=st.decimals(min_value=0, max_value=10**4, places=2),
    percent=st.decimals(min_value=-99, max_value=200, places=1),
    point=st.sampled_from(["0.01", "0.05", "0.99", "5"]),
)
def test_a_price_point_is_a_multiple_near_the_derived_price(
    unit: Decimal, percent: Decimal, point: str
) -> None:
    """Never further away than half of it."""
    by = BookDerivation(book="Standard", percent=percent, price_point=D(point))
    partner = derived(by)

    (found,) = resolve_book([book(entry(str(unit))), partner], partner, TODAY).entries

    assert found.unit is not None
    assert found.unit % D(point) == 0
    assert abs(found.unit - unit * (100 + percent) / 100) * 2 <= D(point)


# Hints


def test_the_seller_is_told_where_more_costs_less() -> None:
    """Ten cost 100, eleven 88; with an agreed price there is nothing to tell."""
    tiers = (Tier(up_to=D(10), unit=D(10)), Tier(unit=D(8)))
    catalog = Catalog(version="1", price_books=(book(entry(tiers=tiers)),))
    line = ConfiguredLine(
        number="1", product=product(model=ChargeModel.VOLUME), quantity=D(10), path="lines[0]"
    )
    request = PricingRequest(currency="USD", priced_on=TODAY)
    agreed = line.model_copy(update={"unit_price": D(9)})

    assert [str(hint) for hint in price_hints(catalog, [line, agreed], request)] == [
        "lines[0].quantity: 11 of A cost 12.00 USD less than 10 (offer 11)"
    ]


# What a catalogue is refused for


def problems_of(model: ChargeModel, *books: PriceBook, recurring: bool = False) -> list[str]:
    catalog = Catalog(
        version="1", products=(product(model=model, recurring=recurring),), price_books=books
    )
    return [str(problem) for problem in check_catalog(catalog)]


TIERS = (Tier(up_to=D(10), unit=D(1)), Tier(unit=D(2)))

PLACE = "price_books[0].entries[0]"


@pytest.mark.parametrize(
    ("model", "prices", "problem"),
    [
        (ChargeModel.STAIRSTEP, {}, "tiers: is missing for a stairstep charge (list the tiers)"),
        (
            ChargeModel.STAIRSTEP,
            {"tiers": (Tier(up_to=D(5), unit=D(1)), Tier(flat=D(9)))},
            (
                "tiers[0].unit: is a price per unit, and a stairstep charge is flat within a band "
                "(give the band's price as flat)"
            ),
        ),
        (
            ChargeModel.PERCENTAGE,
            {},
            "percent: is missing for a percentage charge (give the percentage)",
        ),
        (
            ChargeModel.GRADUATED_PERCENTAGE,
            {"tiers": (Tier(percent=D(-1)),)},
            "tiers[0].percent: -1 must not be negative",
        ),
        (
            ChargeModel.FORMULA,
            {},
            (
                "formula: is missing for a formula charge "
                "(write how the amount follows from the quantity)"
            ),
        ),
        (
            ChargeModel.FORMULA,
            {"formula": "quantity * seat", "parameters": {"seats": D(2)}},
            (
                "formula: seat is no name that a formula knows: 'seat' at character 12 "
                "(did you mean seats?)"
            ),
        ),
        (
            ChargeModel.FORMULA,
            {"formula": "unit * quantity"},
            (
                "formula: unit is no name that a formula knows: 'unit' at character 1 "
                "(did you mean quantity?)"
            ),
        ),
        (
            ChargeModel.FORMULA,
            {"formula": "quantity", "parameters": {"quantity": D(2)}},
            (
                "parameters.quantity: is the name of something else "
                "(use a word of letters, digits and _ that is not taken)"
            ),
        ),
        (
            ChargeModel.FORMULA,
            {"formula": "quantity", "parameters": {"per seat": D(2)}},
            (
                "parameters.per seat: is no name "
                "(use a word of letters, digits and _ that is not taken)"
            ),
        ),
        (
            ChargeModel.FORMULA,
            {"formula": "quantity / (base - base)", "parameters": {"base": D(2)}},
            (
                "formula: is 0, and nothing can be divided by it: 'base - base' at character 13 "
                "(choose another amount with if ... else where this is 0)"
            ),
        ),
        (
            ChargeModel.FORMULA,
            {"formula": "quantity * region", "attributes": {"region": "EU"}},
            "formula: is no number: 'region' at character 12",
        ),
        (ChargeModel.SPEND_COMMITMENT, {}, "unit: is missing for a spend_commitment charge"),
        (
            ChargeModel.PER_UNIT,
            {"unit": D(1), "minimum": D(3), "maximum": D(2)},
            "minimum: 3 is more than the maximum 2",
        ),
        (
            ChargeModel.PER_UNIT,
            {"unit": D(1), "floor": D(3), "ceiling": D(2)},
            "floor: 3 is more than the ceiling 2",
        ),
        (
            ChargeModel.PER_UNIT,
            {"unit": D(1), "price_unit": "credit"},
            "price_unit: credit has no rate in this book (there is none yet)",
        ),
        (
            ChargeModel.PER_UNIT,
            {"unit": D(1), "commitment": Commitment(amount=D(5))},
            "commitment: is given for a one-time charge, which has no periods to reach it in",
        ),
        (
            ChargeModel.PERCENTAGE,
            {"percent": D(1), "minimum_each": D(-1)},
            "minimum_each: -1 must not be negative",
        ),
    ],
)
def test_a_price_that_cannot_work_is_refused_when_the_catalogue_is(
    model: ChargeModel, prices: dict[str, Any], problem: str
) -> None:
    """Each with its place in the file."""
    found = problems_of(model, book(entry(**prices)))

    assert any(each.startswith(f"{PLACE}.{problem}") for each in found), found


def test_a_formula_that_fails_for_some_quantity_only_is_sound() -> None:
    """Nobody may ever order ten; whoever does is told then."""
    told = entry(formula="100 / (7 - quantity) if quantity < 8 else 1")

    assert problems_of(ChargeModel.FORMULA, book(told)) == []


def test_prices_of_which_neither_is_more_specific_are_refused() -> None:
    """For gold in Europe both would hold; a price for the two together decides it."""
    by_region, by_tier = ({"region": "EU"}, {"tier": "gold"})
    two = (entry("1", attributes=by_region), entry("2", attributes=by_tier))
    third = entry("3", attributes={**by_region, **by_tier})

    assert problems_of(ChargeModel.PER_UNIT, book(*two)) == [
        (
            "price_books[0].entries[1].attributes: A/unit with region: EU, tier: gold has two "
            "prices, and neither is the more specific: see entries[0] "
            "(give a price for region: EU, tier: gold)"
        )
    ]
    assert problems_of(ChargeModel.PER_UNIT, book(*two, third)) == []
    assert problems_of(ChargeModel.PER_UNIT, BY_REGION) == []


def test_the_same_attributes_are_priced_once() -> None:
    """In whatever order they are written."""
    one = {"region": "EU", "tier": "gold"}
    other = {"tier": "gold", "region": "EU"}

    found = problems_of(
        ChargeModel.PER_UNIT, book(entry("1", attributes=one), entry("2", attributes=other))
    )

    assert found == [
        (
            f"price_books[0].entries[{index}]: A/unit is priced more than once in this book "
            "(keep one price)"
        )
        for index in (0, 1)
    ]


def test_books_overlap_only_within_one_segment() -> None:
    """Schools may have a list of their own under the same name."""
    assert problems_of(ChargeModel.PER_UNIT, book(), book(segment="school")) == []
    assert problems_of(ChargeModel.PER_UNIT, book(segment="school"), book(segment="school")) == [
        (
            "price_books[1].valid_from: Standard in USD for school is in force twice on the same "
            "days: see price_books[0] (end the earlier one where the later begins)"
        )
    ]


def test_rates_of_a_price_unit_do_not_overlap() -> None:
    """A credit is worth one thing a day, and never nothing."""
    rates = (
        UnitRate(unit="credit", rate=D(1), valid_from=YEAR),
        UnitRate(unit="credit", rate=D(0), valid_from=TODAY, valid_until=TODAY),
        UnitRate(unit="token", rate=D(1), valid_from=YEAR),
    )

    assert problems_of(ChargeModel.PER_UNIT, book(price_units=rates)) == [
        "price_books[0].price_units[1].rate: 0 must be more than 0 (write a number above 0)",
        "price_books[0].price_units[1].valid_until: 2026-01-15 is not after valid_from 2026-01-15",
        (
            "price_books[0].price_units[1].valid_from: credit has two rates on the same days: see "
            "price_units[0] (end the earlier one where the later begins)"
        ),
    ]


@pytest.mark.parametrize(
    ("by", "problem"),
    [
        (
            {"book": "Standrd"},
            "book: there is no price book Standrd (did you mean Standard?)",
        ),
        (
            {"book": "Standard", "currency": "EUR"},
            "currency: there is no price book Standard in EUR (there is USD)",
        ),
        (
            {"book": "Standard", "currency": "EUR"},
            (
                "exchange_rate: is missing to come from EUR to USD "
                "(say what one EUR is worth in USD)"
            ),
        ),
        (
            {"book": "Standard", "percent": -100},
            ("percent: -100 % leaves nothing of any price (lower prices by less than 100 %)"),
        ),
        (
            {"book": "Standard", "price_point": 0},
            "price_point: 0 must be more than 0 (write a number above 0)",
        ),
        (
            {"book": "Partner"},
            (
                "book: leads back to the book itself: Partner > Partner "
                "(let one of them have prices of its own)"
            ),
        ),
    ],
)
def test_a_derivation_that_leads_nowhere_is_refused(by: dict[str, Any], problem: str) -> None:
    """Or back to where it began."""
    found = problems_of(ChargeModel.PER_UNIT, book(), derived(BookDerivation.model_validate(by)))

    assert f"price_books[1].derived_from.{problem}" in found, found


def test_books_that_derive_from_each_other_are_refused_at_each() -> None:
    """There is no first price."""
    one = book(name="One", derived_from=BookDerivation(book="Two"))
    two = book(name="Two", derived_from=BookDerivation(book="One"))

    assert [found.partition(" (")[0] for found in problems_of(ChargeModel.PER_UNIT, one, two)] == [
        "price_books[0].derived_from.book: leads back to the book itself: One > Two > One",
        "price_books[1].derived_from.book: leads back to the book itself: Two > One > Two",
    ]


def test_rules_of_a_book_name_products_and_sound_numbers() -> None:
    """A rule for a product nobody sells is a slip of the pen."""
    rules = (PriceRule(sku="AA", factor=D(-1)),)

    assert problems_of(ChargeModel.PER_UNIT, book(rules=rules)) == [
        "price_books[0].rules[0].factor: -1 must not be negative (write 0 or more)",
        "price_books[0].rules[0].sku: AA is no product (did you mean A?)",
    ]


def test_everything_new_can_be_written_by_hand() -> None:
    """As YAML gives it: numbers, dates and groups."""
    catalog = parse_catalog(
        {
            "version": 1,
            "products": [product().model_dump(mode="json")],
            "price_books": [
                {
                    "name": "Standard",
                    "currency": "USD",
                    "valid_from": date(2026, 1, 1),
                    "price_units": [{"unit": "credit", "rate": 0.02, "valid_from": "2026-01-01"}],
                    "rules": [{"sku": "A", "minimum_quantity": 10, "factor": 0.9}],
                    "entries": [
                        {
                            "sku": "A",
                            "charge": "unit",
                            "unit": 1,
                            "attributes": {"size": 10},
                            "parameters": {"base": 9.5},
                            "draw_down": {"credit": 5, "priority": 1},
                            "price_unit": "credit",
                        }
                    ],
                },
                {
                    "name": "Partner",
                    "currency": "USD",
                    "segment": "partner",
                    "valid_from": "2026-01-01",
                    "derived_from": {
                        "book": "Standard",
                        "percent": -20,
                        "price_point": 0.05,
                        "rounding": "floor",
                    },
                },
            ],
        }
    )

    (found,) = catalog.price_books[0].entries
    assert (found.attributes, found.parameters) == ({"size": "10"}, {"base": D("9.5")})
    assert catalog.price_books[1].derived_from == BookDerivation(
        book="Standard", percent=D(-20), price_point=D("0.05"), rounding=RoundingMode.FLOOR
    )


def test_a_formula_knows_the_term_and_the_lines_attributes() -> None:
    """12 months of 3 seats for Europe."""
    told = entry(formula="quantity * term_months * (2 if region == 'EU' else 3)")
    facts = LineFacts(priced_on=TODAY, quantity=D(3), attributes={"region": "EU"})

    found = ready_entry(book(), told, facts)

    assert charge_amount(ChargeModel.FORMULA, D(3), found) == D(72)
