"""Lines that follow from others: added by rules, and percentages of a total."""

import math
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from models.catalog import Catalog
from models.configuration import Configuration
from models.deal_file import LineRequest
from models.derivation import DerivationKind, TotalBasis, in_order
from tests.models.cpq import FLAT, catalog, configured, line, product, reasons, refused, shown


def rule(key: str, add: str, *skus: str, **changes: Any) -> dict[str, Any]:
    return {"key": key, "add": add, "when": {"skus": list(skus)}, "fixed": 1, **changes}


def percentage(sku: str, percent: int, **of: Any) -> dict[str, Any]:
    terms = {"percent": percent, **of}
    return product(sku, charges=[FLAT], percent_of=terms)


def test_a_rule_adds_what_its_product_needs() -> None:
    """One licence server for each 100 seats begun, with the author's reason on the line."""
    sold = catalog(
        product("SEAT"),
        product("SERVER"),
        added=[
            rule("server", "SERVER", "SEAT", fixed=0, units=1, per=100, reason="seats need one")
        ],
    )

    found = configured(sold, line("SEAT", 150), line("SEAT", 60))

    assert shown(found) == {"1": "SEAT x 150", "2": "SEAT x 60", "3": "SERVER x 3"}
    derived = found.lines[2].derivation
    assert derived is not None
    assert (derived.kind, derived.rule, derived.reason) == (
        DerivationKind.ADDED,
        "server",
        "seats need one",
    )


def test_a_rule_counts_from_its_threshold_on() -> None:
    """Onboarding comes with ten seats and more, by tag."""
    sold = catalog(
        product("SEAT", tags=["seat"]),
        product("START"),
        added=[
            {
                "key": "start",
                "when": {"tags": ["seat"]},
                "at_least": 10,
                "add": "START",
                "fixed": 1,
            }
        ],
    )

    assert shown(configured(sold, line("SEAT", 9))) == {"1": "SEAT x 9"}
    assert shown(configured(sold, line("SEAT", 10)))["2"] == "START x 1"


def test_only_what_is_missing_is_added() -> None:
    """The seller wrote two of three servers; of two rules the one that asks for most decides."""
    sold = catalog(
        product("SEAT"),
        product("SERVER"),
        added=[
            rule("one", "SERVER", "SEAT"),
            rule("many", "SERVER", "SEAT", fixed=0, units=1, per=100),
        ],
    )

    found = configured(sold, line("SERVER", 2), line("SEAT", 300))

    assert shown(found) == {"1": "SERVER x 2", "2": "SEAT x 300", "3": "SERVER x 1"}


def test_added_products_add_further_ones_in_one_pass() -> None:
    """Whatever order the rules stand in, the end of the chain is reached."""
    sold = catalog(
        *(product(sku) for sku in "ABCD"),
        added=[rule("3", "D", "C"), rule("2", "C", "B"), rule("1", "B", "A")],
    )

    assert shown(configured(sold, line("A"))) == {
        "1": "A x 1",
        "2": "B x 1",
        "3": "C x 1",
        "4": "D x 1",
    }


def test_an_added_bundle_brings_its_components_which_count() -> None:
    """The kit holds a cable, and a cable needs a plug."""
    sold = catalog(
        product("PC"),
        product("KIT", components=[{"sku": "CABLE", "required": True, "default": 2}]),
        product("CABLE"),
        product("PLUG"),
        added=[
            rule("plug", "PLUG", "CABLE", fixed=0, units=1),
            rule("kit", "KIT", "PC", fixed=0, units=1),
        ],
    )

    assert shown(configured(sold, line("PC", 3))) == {
        "1": "PC x 3",
        "2": "KIT x 3",
        "2.1": "CABLE x 6",
        "3": "PLUG x 6",
    }


def test_rules_that_feed_each_other_are_refused() -> None:
    """A adds B adds A would never end; so would a rule that counts what it adds."""
    circle = refused(product("A"), product("B"), added=[rule("1", "B", "A"), rule("2", "A", "B")])
    own = refused(product("A", tags=["t"]), added=[{**rule("1", "A"), "when": {"tags": ["t"]}}])

    assert circle == [
        "added[0].when: counts what follows from adding B, so it would never end",
        "added[1].when: counts what follows from adding A, so it would never end",
    ]
    assert own == ["added[0].when: counts what follows from adding A, so it would never end"]


def test_everything_wrong_with_a_rule_is_told_at_once() -> None:
    """Unknown products and tags, nothing to add, and lots of no size."""
    found = refused(
        product("SEAT"),
        added=[
            {
                "key": "",
                "when": {"skus": ["SEET"], "tags": ["x"]},
                "add": "SERVR",
                "per": 0,
                "at_least": -1,
            }
        ],
    )

    assert found == [
        "added[0].key: is empty",
        "added[0].when.skus[0]: SEET is no product",
        "added[0].when.tags[0]: x is no tag of a product",
        "added[0].add: SERVR is no product",
        "added[0].at_least: -1 must not be negative",
        "added[0].per: 0 must be more than 0",
        "added[0].fixed: adds nothing",
    ]


def test_a_percentage_knows_the_lines_it_is_a_percentage_of() -> None:
    """Support is 18 % of the list prices of software, and never of itself."""
    sold = catalog(
        product("CRM", tags=["software"]),
        product("BOX", kind="good"),
        percentage("SUPPORT", 18, basis="list", of={"tags": ["software"]}),
    )

    found = configured(sold, line("SUPPORT"), line("CRM", 5), line("BOX"), line("CRM", 2))

    derived = found.lines[0].derivation
    assert derived is not None
    assert (derived.kind, derived.percent) == (DerivationKind.PERCENT_OF_TOTAL, Decimal(18))
    assert (derived.basis, derived.of) == (TotalBasis.LIST, ("2", "4"))
    assert found.problems == ()


def test_percentages_of_percentages_are_ranked() -> None:
    """Care is a share of the support it names; support comes first, wherever they stand."""
    sold = catalog(
        product("CRM"),
        percentage("CARE", 10, of={"skus": ["CRM", "SUPPORT"]}),
        percentage("SUPPORT", 20, of={"skus": ["CRM"]}),
        percentage("ALL", 1),
    )

    found = configured(sold, line("CARE"), line("ALL"), line("SUPPORT"), line("CRM"))

    told = {one.product.sku: one.derivation for one in found.lines if one.derivation}
    assert {sku: one.of for sku, one in told.items()} == {
        "CARE": ("3", "4"),
        "ALL": ("4",),
        "SUPPORT": ("4",),
    }
    assert told["SUPPORT"].rank < told["CARE"].rank


def test_a_percentage_within_its_bundle_counts_only_the_bundle() -> None:
    """Two suites side by side: each warranty is of its own suite."""
    sold = catalog(
        product(
            "SUITE",
            components=[
                {"sku": "CRM", "required": True},
                {"sku": "CARE", "required": True},
            ],
        ),
        product("CRM"),
        percentage("CARE", 10, within_bundle=True),
    )

    found = configured(sold, line("SUITE"), line("SUITE"))

    told = {one.number: one.derivation.of for one in found.lines if one.derivation}
    assert told == {"1.2": ("1", "1.1"), "2.2": ("2", "2.1")}


def test_a_percentage_of_nothing_and_several_percentages_are_told() -> None:
    """Support without software has no price; a percentage is had once."""
    sold = catalog(product("CRM"), percentage("SUPPORT", 18, of={"skus": ["CRM"]}))

    found = configured(sold, line("SUPPORT", 2))

    assert reasons(found) == [
        "lines[0].quantity: SUPPORT is a percentage, which a quote has once",
        "lines[0].product: SUPPORT is a percentage of CRM, and the quote has none of it",
    ]


def test_percentages_of_each_other_are_refused() -> None:
    """A share of B and B a share of A have no amount."""
    found = refused(
        percentage("A", 10, of={"skus": ["B"]}), percentage("B", 10, of={"skus": ["A"]})
    )

    assert found == [
        "products[0].percent_of: A is a percentage of what is a percentage of it",
        "products[1].percent_of: B is a percentage of what is a percentage of it",
    ]


def test_a_percentage_of_a_ramp_has_its_segments() -> None:
    """Support grows when the seats do; what does not change counts in each segment."""
    sold = catalog(product("CRM"), product("ERP"), percentage("SUPPORT", 10))
    ramp = [{"quantity": 10}, {"from_month": 6, "quantity": 20}]

    found = configured(sold, line("CRM", ramp=ramp), line("ERP"), line("SUPPORT"))

    told = {one.key: one.derivation.of for one in found.lines if one.derivation}
    assert told == {"3": ("1", "2"), "3#2": ("1#2", "2")}
    assert found.problems == ()


def test_a_percentage_of_ramps_on_different_days_is_refused() -> None:
    """No segment of it would have one amount."""
    sold = catalog(product("CRM"), product("ERP"), percentage("SUPPORT", 10))
    early, late = ([{}, {"from_month": month}] for month in (3, 6))

    found = configured(sold, line("CRM", ramp=early), line("ERP", ramp=late), line("SUPPORT"))

    assert reasons(found) == [
        "lines[2].product: SUPPORT is a percentage of ramps that change on different days"
    ]


SKUS = ("A", "B", "C", "D", "E")


@st.composite
def rules(draw: st.DrawFn) -> Catalog:
    """Draw a catalogue whose rules only look at products before the one they add."""
    added = []
    for index in range(draw(st.integers(0, 6))):
        target = draw(st.integers(1, len(SKUS) - 1))
        triggers = draw(st.sets(st.sampled_from(SKUS[:target]), min_size=1))
        numbers = {
            "fixed": draw(st.integers(0, 3)),
            "units": draw(st.integers(1, 3)),
            "per": draw(st.integers(1, 7)),
            "at_least": draw(st.integers(0, 5)),
        }
        added.append(rule(f"r{index}", SKUS[target], *sorted(triggers), **numbers))
    return catalog(*(product(sku) for sku in SKUS), added=draw(st.permutations(added)))


WANTED = st.lists(st.tuples(st.sampled_from(SKUS), st.integers(1, 20)), min_size=1, max_size=6)


def totals(found: Configuration) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for one in found.lines:
        sums[one.product.sku] = sums.get(one.product.sku, Decimal(0)) + one.quantity
    return sums


def added(found: Configuration) -> list[tuple[str, Decimal]]:
    return [(one.product.sku, one.quantity) for one in found.lines if one.derivation]


def files(wanted: list[tuple[str, int]]) -> list[LineRequest]:
    return [line(sku, quantity) for sku, quantity in wanted]


@given(sold=rules(), wanted=WANTED, data=st.data())
def test_what_is_added_does_not_depend_on_the_order_of_lines(
    sold: Catalog, wanted: list[tuple[str, int]], data: st.DataObject
) -> None:
    """The same products make the same quote, however they are written down."""
    shuffled = data.draw(st.permutations(wanted))

    assert added(configured(sold, *files(wanted))) == added(configured(sold, *files(shuffled)))


@given(sold=rules(), wanted=WANTED)
def test_adding_reaches_its_fixed_point_in_one_pass(
    sold: Catalog, wanted: list[tuple[str, int]]
) -> None:
    """Writing the added lines down and asking again adds nothing more."""
    once = configured(sold, *files(wanted))

    again = configured(sold, *(line(one.product.sku, str(one.quantity)) for one in once.lines))

    assert added(again) == []
    assert totals(again) == totals(once)


@given(sold=rules(), wanted=WANTED)
def test_every_rule_is_fulfilled_and_nothing_is_added_beyond(
    sold: Catalog, wanted: list[tuple[str, int]]
) -> None:
    """Of each product there is what was ordered, or the most any rule asks for if that is more."""
    found = totals(configured(sold, *files(wanted)))
    ordered: dict[str, Decimal] = {}
    for sku, quantity in wanted:
        ordered[sku] = ordered.get(sku, Decimal(0)) + quantity

    for sku in SKUS:
        asked = [Decimal(0)]
        for one in sold.added:
            if one.add == sku:
                count = sum((found.get(each, Decimal(0)) for each in one.when.skus), Decimal(0))
                lots = math.ceil(count / one.per)
                fulfilled = count > 0 and count >= one.at_least
                asked.append(one.fixed + one.units * lots if fulfilled else Decimal(0))
        assert found.get(sku, Decimal(0)) == max(*asked, ordered.get(sku, Decimal(0)))


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=30))
def test_an_order_puts_everything_after_what_it_follows(pairs: list[tuple[int, int]]) -> None:
    """What is left out follows something left out, so it stands in a circle or behind one."""
    follows = set(pairs)
    done, left = in_order(range(10), lambda a, b: (a, b) in follows)

    assert sorted([*done, *left]) == list(range(10))
    for place, item in enumerate(done):
        assert all(other in done[:place] for one, other in follows if one == item)
    for item in left:
        assert any((item, other) in follows for other in left)
