"""Nested bundles: groups of choices, quantities that follow the bundle, options inside options."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.deal_file import (
    MOST_LEVELS,
    LineRequest,
    OptionRequest,
    check_deal_file,
    parse_deal_file,
)
from models.errors import InvalidInputError
from tests.models.cpq import catalog, configured, line, product, reasons, refused, shown


def part(sku: str, **changes: Any) -> dict[str, Any]:
    return {"sku": sku, **changes}


def bundle(sku: str, *components: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return product(sku, components=list(components), **changes)


EDITIONS = [{"key": "edition", "name": "Edition", "minimum": 1, "maximum": 1}]
SUITE = bundle(
    "SUITE",
    part("BASIC", default=1, group="edition"),
    part("PRO", group="edition"),
    part("EXTRA"),
    groups=EDITIONS,
)
SOLD = catalog(SUITE, product("BASIC"), product("PRO"), product("EXTRA"))


def test_a_group_takes_its_preset_choice_until_another_is_made() -> None:
    """The seller who chooses Pro need not decline Basic first."""
    assert shown(configured(SOLD, line("SUITE", 3))) == {"1": "SUITE x 3", "1.1": "BASIC x 3"}

    chosen = configured(SOLD, line("SUITE", 3, options=[{"product": "PRO"}]))

    assert (shown(chosen), chosen.problems) == ({"1": "SUITE x 3", "1.1": "PRO x 3"}, ())


def test_too_few_and_too_many_choices_of_a_group_are_told_together() -> None:
    """Two bundles, each with its own mistake, are both found in one pass."""
    none = line("SUITE", options=[{"product": "BASIC", "quantity": "0"}])
    both = line("SUITE", options=[{"product": "BASIC"}, {"product": "PRO"}])

    found = configured(SOLD, none, both)

    assert reasons(found) == [
        "lines[0].options: 0 choices of Edition in SUITE are less than 1",
        "lines[1].options: 2 choices of Edition in SUITE are more than 1",
    ]


@pytest.mark.parametrize(
    ("scaling", "bundles", "total"),
    [
        ({}, 25, "50"),
        ({"scaling": "fixed"}, 25, "2"),
        ({"scaling": "ratio", "per": 10}, 25, "6"),
        ({"scaling": "ratio", "per": 10}, 20, "4"),
        ({"scaling": "ratio", "per": 10}, 1, "2"),
    ],
)
def test_a_components_quantity_follows_its_bundle(
    scaling: dict[str, Any], bundles: int, total: str
) -> None:
    """Two units each, two in all, or two for each ten begun: 25 take three lots."""
    sold = catalog(bundle("B", part("C", default=2, **scaling)), product("C"))

    assert shown(configured(sold, line("B", bundles)))["1.1"] == f"C x {total}"


def test_options_stand_inside_options() -> None:
    """A bundle in a bundle is configured where it is chosen, and its quantities multiply."""
    sold = catalog(
        bundle("RACK", part("SERVER", maximum=10)),
        bundle("SERVER", part("DISK", maximum=8), part("FAN", required=True, default=2)),
        product("DISK"),
        product("FAN"),
    )
    inner = {
        "product": "SERVER",
        "quantity": "4",
        "options": [{"product": "DISK", "quantity": "3"}],
    }

    found = configured(sold, line("RACK", 2, options=[inner]))

    assert shown(found) == {
        "1": "RACK x 2",
        "1.1": "SERVER x 8",
        "1.1.1": "DISK x 24",
        "1.1.2": "FAN x 16",
    }
    assert [one.path for one in found.lines][2] == "lines[0].options[0].options[0]"


def test_a_mistake_deep_inside_is_told_at_its_place() -> None:
    """The field names the option inside the option."""
    sold = catalog(bundle("A", part("B", default=1)), bundle("B", part("C")), product("C"))
    inner = {"product": "B", "options": [{"product": "D"}]}

    found = configured(sold, line("A", options=[inner]))

    assert reasons(found) == ["lines[0].options[0].options[0].product: D is not a component of B"]


def test_options_deeper_than_anybody_sells_are_refused() -> None:
    """A file that nests without end must not end a worker."""
    option = OptionRequest(product="A")
    for _ in range(MOST_LEVELS + 1):
        option = OptionRequest(product="A", options=(option,))
    file = parse_deal_file(
        {
            "number": "1",
            "entity": "E",
            "customer": "C",
            "seller": "s",
            "currency": "USD",
            "lines": [{"product": "A"}],
        }
    )
    deep = file.model_copy(update={"lines": (LineRequest(product="A", options=(option,)),)})

    assert [problem.reason for problem in check_deal_file(deep)] == [
        "stand more than 8 levels deep"
    ]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {
                "groups": [{"key": "g", "minimum": 2, "maximum": 1}],
                "components": [{"sku": "X", "group": "g"}, {"sku": "Y", "group": "g"}],
            },
            "products[0].groups[0].minimum: 2 is more than the maximum of 1",
        ),
        (
            {"groups": [{"key": "g", "minimum": 2}]},
            "products[0].groups[0].minimum: 2 choices are more than the 0 there are",
        ),
        (
            {
                "groups": [{"key": "g", "maximum": 1}],
                "components": [
                    {"sku": "X", "group": "g", "default": 1},
                    {"sku": "Y", "group": "g", "required": True},
                ],
            },
            "products[0].groups[0].maximum: 2 of its choices are required or preset, more than 1",
        ),
        (
            {"components": [{"sku": "X", "group": "g"}]},
            "products[0].components[0].group: g is no group of B",
        ),
        (
            {"components": [{"sku": "X", "per": 10}]},
            "products[0].components[0].per: is given for a component whose scaling is per_parent",
        ),
        (
            {"components": [{"sku": "X", "scaling": "ratio", "per": 0}]},
            "products[0].components[0].per: 0 must be more than 0",
        ),
    ],
)
def test_a_bundle_nobody_could_choose_from_is_refused(changes: dict[str, Any], said: str) -> None:
    """What no quote could fulfil is found at validation, not by a seller."""
    assert refused(product("B", **changes), product("X"), product("Y")) == [said]


def test_bundles_in_a_circle_are_refused_once() -> None:
    """A > B > A is one mistake."""
    found = refused(bundle("A", part("B")), bundle("B", part("A")))

    assert found == ["products[0].components: contain the product itself: A > B > A"]


@given(bundles=st.integers(1, 10_000), units=st.integers(1, 50), per=st.integers(1, 500))
def test_a_ratio_is_the_least_number_of_lots_that_is_enough(
    bundles: int, units: int, per: int
) -> None:
    """Lots cover every bundle unit, and one lot less would not."""
    component = part("C", default=units, scaling="ratio", per=per)
    sold = catalog(bundle("B", component), product("C"))

    total = configured(sold, line("B", bundles)).lines[1].quantity

    lots = total / units
    assert lots == int(lots)
    assert lots * per >= bundles > (lots - 1) * per


def test_a_deal_file_with_nested_options_reads_back_the_same() -> None:
    """The file travels as JSON, options and all."""
    written = {
        "number": "1",
        "entity": "E",
        "customer": "C",
        "seller": "s",
        "currency": "USD",
        "lines": [
            {
                "product": "A",
                "attributes": {"size": "L", "wall": True, "seats": 4},
                "options": [{"product": "B", "options": [{"product": "C", "quantity": 2}]}],
            }
        ],
    }

    file = parse_deal_file(written)

    assert file.model_validate_json(file.model_dump_json()) == file
    assert dict(file.lines[0].attributes) == {"size": "L", "wall": "true", "seats": "4"}


def test_an_unknown_field_deep_inside_is_a_problem() -> None:
    """A slip of the pen in an inner option would otherwise be lost."""
    options = [{"product": "B", "options": [{"product": "C", "quantitty": "2"}]}]
    written = {
        "number": "1",
        "entity": "E",
        "customer": "C",
        "seller": "s",
        "currency": "USD",
        "lines": [{"product": "A", "options": options}],
    }

    with pytest.raises(InvalidInputError) as caught:
        parse_deal_file(written)

    assert [problem.field for problem in caught.value.problems] == [
        "lines[0].options[0].options[0].quantitty"
    ]
