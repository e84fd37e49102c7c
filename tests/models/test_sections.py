"""Sections: the lines of an offer as they stand on the page, and sums that lose nothing."""

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from models.catalog import ProductKind
from models.charges import Cadence, ChargeModel, ChargeType
from models.money import Money
from models.pricing import PricedLine
from models.sections import Rhythm, SectionKind, discount_of, sections, subtotals

ONCE: dict[str, Any] = {"cadence": None, "charge_type": ChargeType.ONE_TIME}


def eur(minor: int) -> Money:
    return Money(minor=minor, currency="EUR")


def line(number: str, net: int, listed: int | None = None, **more: Any) -> PricedLine:
    values: dict[str, Any] = {
        "reference": f"{number}/fee",
        "number": number,
        "parent": number.rpartition(".")[0] or None,
        "sku": "SKU",
        "charge": "fee",
        "name": f"Item {number}",
        "kind": ProductKind.SUBSCRIPTION,
        "unit": "seat",
        "charge_type": ChargeType.RECURRING,
        "model": ChargeModel.PER_UNIT,
        "cadence": Cadence.MONTHLY,
        "tax_category": "standard",
        "department": "operations",
        "quantity": Decimal(1),
        "list_unit": Decimal(net) / 100,
        "unit_price": Decimal(net) / 100,
        "list_amount": eur(net if listed is None else listed),
        "net": eur(net),
        "once_discount": eur(0),
        "ssp": eur(net),
    }
    return PricedLine(**{**values, **more})


def shown(lines: list[PricedLine]) -> list[tuple[str, str, list[str]]]:
    return [
        (section.kind.value, section.title, [each.number for each in section.lines])
        for section in sections(lines)
    ]


def test_a_bundle_has_a_section_and_the_lines_between_bundles_have_one() -> None:
    """The order of the quote stays as the seller wrote it."""
    lines = [
        line("1", 100),
        line("2", 200, name="Suite: Seats"),
        line("2.1", 50, bundle="Suite"),
        line("2.1.1", 0, bundle="Suite"),
        line("3", 300),
        line("4", 400),
    ]

    assert shown(lines) == [
        ("single", "", ["1"]),
        ("bundle", "2 · Suite", ["2", "2.1", "2.1.1"]),
        ("single", "", ["3", "4"]),
    ]


def test_a_bundle_without_a_price_of_its_own_is_named_by_its_components() -> None:
    """Its head has no line; without the name, the buyer would read the first component's."""
    lines = [line("1.1", 100, bundle="Identity suite"), line("1.2", 200, bundle="Identity suite")]

    (section,) = sections(lines)

    assert (section.kind, section.title) == (SectionKind.BUNDLE, "1 · Identity suite")
    assert section.depths() == (0, 0)


def test_depth_counts_the_lines_above() -> None:
    """Components of components stand further to the right."""
    (section,) = sections([line("1", 1), line("1.1", 1), line("1.1.1", 1), line("1.2", 1)])

    assert section.depths() == (0, 1, 2, 1)


def test_optional_lines_stand_apart_at_the_end() -> None:
    """They are offered beside the rest and must never look like part of it."""
    lines = [line("1", 100, optional=True), line("2", 200), line("2.1", 30, optional=True)]

    assert shown(lines) == [("single", "", ["2"]), ("optional", "", ["1", "2.1"])]


def test_sums_are_by_rhythm_with_one_time_discounts_apart() -> None:
    """A month's amount and a year's must not be added up."""
    lines = [
        line("1", 100_00, once_discount=eur(10_00)),
        line("2", 50_01),
        line("3", 900_00, cadence=Cadence.YEARLY),
        line("4", 300_00, cadence=Cadence.QUARTERLY),
        line("5", 75_00, once_discount=eur(5_00), **ONCE),
        line("6", 1, charge_type=ChargeType.USAGE),
    ]

    assert [(each.rhythm, each.amount.minor) for each in subtotals(lines)] == [
        (Rhythm.MONTHLY, 150_01),
        (Rhythm.QUARTERLY, 300_00),
        (Rhythm.YEARLY, 900_00),
        (Rhythm.ONCE, 75_00),
        (Rhythm.ONCE_DISCOUNT, -15_00),
    ]


def test_a_discount_is_shown_in_money_and_percent_and_a_dearer_price_as_none() -> None:
    """An agreed price above list is a price; calling it a discount of minus would be silly."""
    assert discount_of(line("1", 66_67, 100_00)) == (eur(33_33), Decimal("33.3"))
    assert discount_of(line("1", 100_00, 100_00)) is None
    assert discount_of(line("1", 120_00, 100_00)) is None
    assert discount_of(line("1", 0, 0)) is None


LINES = st.lists(
    st.tuples(
        st.integers(1, 4),
        st.integers(0, 3),
        st.integers(0, 10**9),
        st.integers(0, 500),
        st.sampled_from([Cadence.MONTHLY, Cadence.QUARTERLY, Cadence.YEARLY, None]),
        st.booleans(),
    ),
    max_size=30,
)


@given(LINES)
def test_sections_lose_no_line_and_their_subtotals_no_cent(drawn: list[tuple[Any, ...]]) -> None:
    """What a buyer adds up on paper is what the quote says."""
    lines = [
        line(
            f"{top}.{below}" if below else str(top),
            net,
            cadence=cadence,
            charge_type=ChargeType.RECURRING if cadence else ChargeType.ONE_TIME,
            once_discount=eur(min(off, net)),
            optional=optional,
        )
        for top, below, net, off, cadence, optional in sorted(drawn, key=lambda one: one[:2])
    ]

    found = sections(lines)

    in_sections = [each for section in found for each in section.lines]
    assert sorted(map(repr, in_sections)) == sorted(map(repr, lines))
    firm = [section for section in found if section.kind is not SectionKind.OPTIONAL]
    assert all(each.optional for section in found if section not in firm for each in section.lines)
    for rhythm in Rhythm:
        parts = [
            each.amount.minor
            for section in firm
            for each in section.subtotals
            if each.rhythm is rhythm
        ]
        whole = [
            each.amount.minor
            for each in subtotals([each for each in lines if not each.optional])
            if each.rhythm is rhythm
        ]
        assert sum(parts) == sum(whole)
