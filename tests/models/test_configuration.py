"""Configuration: bundles opened, defaults added, and every violation found in one pass."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pytest

from models.catalog import Catalog, Component, Product, ProductKind, check_catalog
from models.charges import Cadence, Charge, ChargeType
from models.configuration import Configuration, addressed_charge, charge_refusal, configure
from models.deal_file import DealFile, Discount, LineRequest, OptionRequest
from models.meters import Meter

ONE_TIME = Charge(key="unit", name="Unit", type=ChargeType.ONE_TIME)
MONTHLY = Charge(key="seat", name="Seat", type=ChargeType.RECURRING, cadence=Cadence.MONTHLY)
YEARLY = Charge(key="care", name="Care", type=ChargeType.RECURRING, cadence=Cadence.YEARLY)
USAGE = Charge(key="calls", name="Calls", type=ChargeType.USAGE, meter="calls")
CALLS = Meter(key="calls", name="Calls")


def product(sku: str, **changes: Any) -> Product:
    values: dict[str, Any] = {
        "name": sku,
        "kind": ProductKind.SERVICE,
        "charges": (ONE_TIME,),
        **changes,
    }
    return Product(sku=sku, **values)


def component(sku: str, **changes: int) -> Component:
    values: dict[str, Any] = {name: Decimal(value) for name, value in changes.items()}
    return Component(sku=sku, **values)


def required(sku: str, **changes: int) -> Component:
    return component(sku, **changes).model_copy(update={"required": True})


def configured(
    products: Iterable[Product], *lines: LineRequest, term_months: int = 12
) -> Configuration:
    catalog = Catalog(version="1", products=tuple(products), meters=(CALLS,))
    assert check_catalog(catalog) == ()
    return configure(catalog, DealFile(lines=lines, term_months=term_months))


def line(sku: str, quantity: str = "1", *options: OptionRequest, **changes: Any) -> LineRequest:
    return LineRequest(product=sku, quantity=Decimal(quantity), options=options, **changes)


def option(sku: str, quantity: str = "1", **changes: Any) -> OptionRequest:
    return OptionRequest(product=sku, quantity=Decimal(quantity), **changes)


def shown(configuration: Configuration) -> list[tuple[str, str, Decimal]]:
    return [(each.number, each.product.sku, each.quantity) for each in configuration.lines]


def reasons(configuration: Configuration) -> list[str]:
    return [str(problem) for problem in configuration.problems]


def test_a_line_is_looked_up_and_kept_as_asked() -> None:
    """Number, agreed price, discount and place in the file come along."""
    discount = Discount(percent=Decimal(10))

    found = configured(
        [product("A"), product("B")],
        line("B", "2", unit_price=Decimal(5), discount=discount),
        line("A", "3"),
    )

    assert found.problems == ()
    assert shown(found) == [("1", "B", Decimal(2)), ("2", "A", Decimal(3))]
    assert (found.lines[0].unit_price, found.lines[0].discount) == (Decimal(5), discount)
    assert [each.path for each in found.lines] == ["lines[0]", "lines[1]"]


def test_an_unknown_product_is_refused_with_the_nearest_name() -> None:
    """The other lines are configured all the same."""
    found = configured([product("CRM"), product("ERP")], line("CMR"), line("ERP"))

    assert reasons(found) == ["lines[0].product: CMR is not in the catalogue (did you mean CRM?)"]
    assert shown(found) == [("2", "ERP", Decimal(1))]


def test_required_and_default_components_are_added_in_the_order_of_the_catalogue() -> None:
    """Required: the default, else the minimum, else one. Optional: only with a default."""
    suite = product(
        "SUITE",
        components=(
            required("A"),
            required("B", minimum=3),
            required("C", minimum=1, default=5),
            component("D", default=2),
            component("E"),
        ),
    )
    parts = [product(sku) for sku in "ABCDE"]

    found = configured([suite, *parts], line("SUITE", "10"))

    assert found.problems == ()
    assert shown(found) == [
        ("1", "SUITE", Decimal(10)),
        ("1.1", "A", Decimal(10)),
        ("1.2", "B", Decimal(30)),
        ("1.3", "C", Decimal(50)),
        ("1.4", "D", Decimal(20)),
    ]
    assert [each.parent for each in found.lines] == [None, "1", "1", "1", "1"]


def test_options_choose_quantity_price_and_discount_and_decline_defaults() -> None:
    """Quantities of options count for each bundle."""
    suite = product("SUITE", components=(component("A"), component("B", default=1)))

    found = configured(
        [suite, product("A"), product("B")],
        line("SUITE", "4", option("B", "0"), option("A", "2", unit_price=Decimal(7))),
    )

    assert found.problems == ()
    assert shown(found) == [("1", "SUITE", Decimal(4)), ("1.1", "A", Decimal(8))]
    assert found.lines[1].unit_price == Decimal(7)
    assert found.lines[1].path == "lines[0].options[1]"


def test_bundles_nest() -> None:
    """A bundle in a bundle is opened with its own components."""
    found = configured(
        [
            product("OUTER", components=(required("INNER", default=2), required("B"))),
            product("INNER", components=(required("A", default=3),)),
            product("A"),
            product("B"),
        ],
        line("OUTER", "5"),
    )

    assert shown(found) == [
        ("1", "OUTER", Decimal(5)),
        ("1.1", "INNER", Decimal(10)),
        ("1.1.1", "A", Decimal(30)),
        ("1.2", "B", Decimal(5)),
    ]
    assert found.lines[2].parent == "1.1"


def test_a_bundle_that_contains_itself_ends_and_is_reported() -> None:
    """The catalogue should have been refused; configuring it must end all the same."""
    catalog = Catalog(version="1", products=(product("A", components=(required("A"),)),))

    found = configure(catalog, DealFile(lines=(line("A"),)))

    assert reasons(found) == [
        "lines[0].product: A contains itself (correct the bundle in the catalogue)"
    ]


@pytest.mark.parametrize(
    ("chosen", "problem"),
    [
        (
            option("A", "0"),
            "lines[0].options[0].quantity: A is a required component of SUITE (give it a quantity)",
        ),
        (
            option("A", "1"),
            (
                "lines[0].options[0].quantity: 1 A in each SUITE is less than the minimum of 2 "
                "(take at least 2)"
            ),
        ),
        (
            option("A", "5"),
            (
                "lines[0].options[0].quantity: 5 A in each SUITE is more than the maximum of 4 "
                "(take at most 4)"
            ),
        ),
        (
            option("Z"),
            "lines[0].options[0].product: Z is not a component of SUITE (use one of A)",
        ),
    ],
)
def test_what_a_bundle_does_not_allow_is_named(chosen: OptionRequest, problem: str) -> None:
    """2 to 4 A in each SUITE."""
    suite = product("SUITE", components=(required("A", minimum=2, maximum=4),))

    assert problem in reasons(configured([suite, product("A")], line("SUITE", "1", chosen)))


def test_an_option_chosen_twice_is_refused() -> None:
    """Which quantity was meant would be a guess."""
    suite = product("SUITE", components=(component("A"),))

    found = configured(
        [suite, product("A")], line("SUITE", "1", option("A", "2"), option("A", "3"))
    )

    assert reasons(found) == [
        "lines[0].options[1].product: A is chosen twice (choose it once, with the whole quantity)"
    ]
    assert shown(found)[1] == ("1.1", "A", Decimal(2))


def test_options_of_a_product_without_components_are_refused() -> None:
    """They would be lost."""
    found = configured([product("A"), product("B")], line("A", "1", option("B")))

    assert reasons(found) == [
        "lines[0].options[0].product: B is not a component of A (order it as a line)"
    ]


def test_relations_hold_over_the_whole_quote() -> None:
    """A requirement is met by a component of another line; an exclusion reaches it too."""
    products = [
        product("APP", requires=("BASE",)),
        product("BASE"),
        product("RIVAL", excludes=("BASE",)),
        product("SUITE", components=(required("BASE"),)),
    ]

    assert reasons(configured(products, line("APP"), line("SUITE"))) == []
    assert reasons(configured(products, line("APP"))) == [
        "lines[0].product: APP requires BASE (add BASE or leave APP out)"
    ]
    assert reasons(configured(products, line("RIVAL"), line("SUITE"))) == [
        "lines[0].product: RIVAL cannot be sold together with BASE (leave out RIVAL or BASE)"
    ]


def test_a_forbidden_pair_is_reported_once() -> None:
    """Each naming the other is one contradiction; so are two lines of one product."""
    products = [product("A", excludes=("B",)), product("B", excludes=("A",))]

    found = configured(products, line("A"), line("B"), line("A"))

    assert len(found.problems) == 1


@pytest.mark.parametrize(
    ("changes", "quantity", "problem"),
    [
        ({}, "1.5", "A is sold in whole units only, not 1.5 (use a whole number)"),
        (
            {"minimum_quantity": Decimal(5)},
            "4",
            "4 of A is less than the minimum (order at least 5)",
        ),
        (
            {"maximum_quantity": Decimal(5)},
            "6",
            "6 of A is more than the maximum (order at most 5)",
        ),
    ],
)
def test_quantities_outside_a_products_own_bounds_are_refused(
    changes: dict[str, Any], quantity: str, problem: str
) -> None:
    """They hold for each line."""
    found = configured([product("A", **changes)], line("A", quantity))

    assert reasons(found) == [f"lines[0].quantity: {problem}"]


def test_parts_of_a_unit_are_sold_where_the_product_allows_it() -> None:
    """Hours, for example."""
    found = configured([product("HOUR", whole_units=False)], line("HOUR", "1.5"))

    assert found.problems == ()


def test_half_a_component_in_each_of_two_bundles_is_one_whole_unit() -> None:
    """What is delivered counts, not what is written for each bundle."""
    suite = product("SUITE", components=(component("A"),))

    found = configured([suite, product("A")], line("SUITE", "2", option("A", "0.5")))

    assert found.problems == ()
    assert shown(found)[1] == ("1.1", "A", Decimal(1))


@pytest.mark.parametrize("quantity", ["0", "-3", "1e400"])
def test_what_the_deal_file_check_refuses_is_not_reported_again(quantity: str) -> None:
    """Both lists are shown together."""
    found = configured([product("A", minimum_quantity=Decimal(1))], line("A", quantity))

    assert found.problems == ()


def test_usage_needs_periods_and_an_estimate_a_charge_it_is_for() -> None:
    """A one-off sale has no period to measure; an estimate of nothing would mislead."""
    api = product("API", charges=(USAGE,))
    estimate = {"call": Decimal(5), "calls": Decimal(-1)}

    sold = configured([api], line("API", expected_usage={"calls": Decimal(5)}))
    once = configured([api], line("API"), term_months=0)
    wrong = configured([api], line("API", expected_usage=estimate))

    assert sold.problems == ()
    assert reasons(once) == [
        (
            "lines[0].product: API has the usage charge calls, and a one-off sale has no periods "
            "(leave it out or give the deal a term)"
        )
    ]
    assert reasons(wrong) == [
        "lines[0].expected_usage.call: call is no usage charge of API (did you mean calls?)",
        "lines[0].expected_usage.calls: -1 must not be negative (write 0 or more)",
    ]


def test_an_amount_comes_off_nothing_that_is_metered() -> None:
    """Nobody knows yet whether there is that much; a percentage fits whatever it will be."""
    api = product("API", charges=(USAGE,))
    amount = Discount(amount=Decimal(5), reason="loyal")
    percent = Discount(percent=Decimal(5), reason="loyal")

    refused = configured([api], line("API", discount=amount))

    assert reasons(refused) == [
        "lines[0].discount.amount: API is charged by usage (use a discount percentage)"
    ]
    assert configured([api], line("API", discount=percent)).problems == ()


def test_recurring_charges_need_a_term() -> None:
    """A one-off sale has no periods to bill."""
    found = configured([product("CRM", charges=(MONTHLY,))], line("CRM"), term_months=0)

    assert reasons(found) == [
        (
            "lines[0].product: CRM has the recurring charge seat, and a one-off sale has no "
            "periods (leave it out or give the deal a term)"
        )
    ]
    assert charge_refusal(MONTHLY, 12) is None


@pytest.mark.parametrize(
    ("charges", "addressed"),
    [
        ((ONE_TIME,), ONE_TIME),
        ((ONE_TIME, MONTHLY), MONTHLY),
        ((YEARLY, MONTHLY), None),
        ((ONE_TIME, ONE_TIME.model_copy(update={"key": "b"})), None),
        ((), None),
    ],
)
def test_an_agreed_price_is_for_the_only_charge_or_the_only_recurring_one(
    charges: tuple[Charge, ...], addressed: Charge | None
) -> None:
    """Anything else would be a guess."""
    assert addressed_charge(product("A", charges=charges)) == addressed


def test_prices_that_have_no_single_charge_are_refused() -> None:
    """Of two recurring charges it could be either; a pure bundle has none."""
    two = product("TWO", charges=(MONTHLY, YEARLY))
    bare = product("BARE", charges=(), components=(required("A"),))
    off = Discount(amount=Decimal(5))

    found = configured(
        [two, bare, product("A")],
        line("TWO", unit_price=Decimal(1), discount=off),
        line("BARE", unit_price=Decimal(1), discount=Discount(percent=Decimal(5))),
        line("TWO", discount=Discount(percent=Decimal(5))),
    )

    assert reasons(found) == [
        "lines[0].unit_price: TWO has several charges it could mean (use a discount percentage)",
        (
            "lines[0].discount.amount: TWO has several charges it could mean "
            "(use a discount percentage)"
        ),
        "lines[1].unit_price: BARE has no charge of its own (put it on the components)",
        "lines[1].discount.percent: BARE has no charge of its own (put it on the components)",
    ]


def test_all_violations_are_found_at_once() -> None:
    """Six different ones in one quote."""
    products = [
        product("SUITE", components=(required("A", maximum=1),)),
        product("A", requires=("B",)),
        product("B"),
        product("C", excludes=("A",)),
        product("API", charges=(USAGE,)),
    ]

    found = configured(
        products,
        line("SUITE", "1", option("A", "2"), option("X")),
        line("C", "0.5"),
        line("API", expected_usage={"x": Decimal(1)}),
        line("NOPE"),
    )

    assert [problem.field for problem in found.problems] == [
        "lines[0].options[1].product",
        "lines[0].options[0].quantity",
        "lines[3].product",
        "lines[1].quantity",
        "lines[2].expected_usage.x",
        "lines[0].options[0].product",
        "lines[1].product",
    ]
