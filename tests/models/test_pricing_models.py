"""What holds of a priced quote whatever the charge models, price units and bounds of its lines."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.catalog import Catalog, Product, ProductKind
from models.charges import Cadence, Charge, ChargeModel, ChargeType
from models.configuration import ConfiguredLine
from models.deal_file import Discount
from models.money import Money
from models.price_books import PriceBook, PriceBookEntry, Tier, UnitRate
from models.pricing import PricedLine, PricingRequest, price
from models.value import Value

D = Decimal
TODAY = date(2026, 1, 15)
RATE = UnitRate(unit="credit", rate=D("0.0211"), valid_from=TODAY)

amounts = st.decimals(min_value=0, max_value=10**4, places=3)
percents = st.decimals(min_value=0, max_value=100, places=2)


class Wish(Value):
    """One line: its model, quantity, cadence, discount and price."""

    model: ChargeModel
    quantity: int
    cadence: Cadence | None
    percent: Decimal
    entry: PriceBookEntry


@st.composite
def entries(draw: st.DrawFn) -> PriceBookEntry:
    """Draw a price that any model can use."""
    ends = [D(end) for end in sorted(draw(st.sets(st.integers(1, 60), max_size=3)))]
    tiers = tuple(
        Tier(up_to=end, unit=draw(amounts), flat=draw(amounts), percent=draw(percents))
        for end in [*ends, None]
    )
    minimum = draw(st.none() | amounts)
    return PriceBookEntry(
        sku="A",
        charge="unit",
        unit=draw(amounts),
        tiers=tiers,
        package_size=draw(st.decimals(min_value=1, max_value=20, places=1)),
        percent=draw(percents),
        fixed=draw(amounts),
        free_amount=draw(st.none() | amounts),
        minimum_each=draw(st.none() | amounts),
        formula="max(quantity, base) * unit / 7",
        parameters={"base": draw(amounts)},
        minimum=minimum,
        price_unit=draw(st.sampled_from(["", "credit"])),
    )


wishes = st.lists(
    st.builds(
        Wish,
        model=st.sampled_from(ChargeModel),
        quantity=st.integers(0, 80),
        cadence=st.sampled_from([None, *Cadence]),
        percent=percents,
        entry=entries(),
    ),
    min_size=1,
    max_size=5,
)


def quote_of(
    wanted: Sequence[Wish], header: Decimal | None = None, agreed: Decimal | None = None
) -> tuple[PricedLine, ...]:
    """Price one line for each wish."""
    lines = []
    for index, wish in enumerate(wanted):
        kind = ChargeType.RECURRING if wish.cadence else ChargeType.ONE_TIME
        charge = Charge(key="unit", name="Unit", type=kind, model=wish.model, cadence=wish.cadence)
        product = Product(sku=str(index), name="A", kind=ProductKind.SERVICE, charges=(charge,))
        lines.append(
            ConfiguredLine(
                number=str(index + 1),
                product=product,
                quantity=D(wish.quantity),
                unit_price=agreed,
                discount=Discount(percent=wish.percent),
            )
        )
    prices = (
        wish.entry.model_copy(update={"sku": str(index)}) for index, wish in enumerate(wanted)
    )
    book = PriceBook(
        name="Standard",
        currency="USD",
        valid_from=TODAY,
        price_units=(RATE,),
        entries=tuple(prices),
    )
    request = PricingRequest(
        currency="USD",
        priced_on=TODAY,
        header_discount=None if header is None else Discount(percent=header),
    )
    return price(Catalog(version="1", price_books=(book,)), lines, request)


ENTRY = PriceBookEntry(
    sku="A",
    charge="unit",
    unit=D(7),
    tiers=(Tier(up_to=D(10), unit=D(10), flat=D(100), percent=D(2)), Tier(flat=D(90))),
    package_size=D(5),
    percent=D(3),
    formula="quantity * 4",
)


@pytest.mark.parametrize(
    ("model", "amount", "rule"),
    [
        (ChargeModel.FLAT, 6_00, "flat: 6"),
        (ChargeModel.PER_UNIT, 72_00, "12 x 6"),
        (ChargeModel.PACKAGE, 18_00, "3 packages of 5 x 6"),
        (ChargeModel.GRADUATED, 72_00, "12 x 6"),
        (ChargeModel.VOLUME, 72_00, "12 x 6"),
        (ChargeModel.STAIRSTEP, 72_00, "12 x 6"),
        (ChargeModel.PERCENTAGE, 72_00, "12 x 6"),
        (ChargeModel.GRADUATED_PERCENTAGE, 72_00, "12 x 6"),
        (ChargeModel.FORMULA, 72_00, "12 x 6"),
        (
            ChargeModel.SPEND_COMMITMENT,
            72_00,
            "prepaid: 12 x 6, to draw down 72; beyond it at 100 % of the price",
        ),
    ],
)
def test_an_agreed_price_is_for_a_unit_where_the_list_has_no_single_price(
    model: ChargeModel, amount: int, rule: str
) -> None:
    """Twelve at an agreed 6.00."""
    wish = Wish(model=model, quantity=12, cadence=None, percent=D(0), entry=ENTRY)

    (found,) = quote_of([wish], agreed=D(6))

    told = {step.step.value: step.rule for step in found.waterfall}
    assert (found.net.minor, found.unit_price, told["quantity"]) == (amount, D(6), rule)


def test_no_units_of_a_formula_show_no_price_of_one() -> None:
    """There is no average of nothing, and no table to look it up in."""
    entry = ENTRY.model_copy(update={"tiers": ()})
    wish = Wish(model=ChargeModel.FORMULA, quantity=0, cadence=None, percent=D(0), entry=entry)

    (found,) = quote_of([wish])

    assert (found.list_unit, found.net.minor) == (D(0), 0)


@given(wanted=wishes, percent=percents)
def test_the_waterfall_of_every_model_chains_without_gaps(
    wanted: list[Wish], percent: Decimal
) -> None:
    """From list to net, each step begins with what the one before came to."""
    for found in quote_of(wanted, percent):
        assert all(before.output == after.input for before, after in pairwise(found.waterfall))
        assert found.waterfall[-1].output == found.net.decimal
        assert all(step.rule for step in found.waterfall)


@given(wanted=wishes)
def test_no_model_charges_less_than_nothing(wanted: list[Wish]) -> None:
    """Nor anything but whole cents."""
    for found in quote_of(wanted):
        assert found.net.minor >= 0
        assert found.net <= found.list_amount


@given(wanted=wishes, other=wishes)
def test_another_line_of_any_model_changes_no_lines_price(
    wanted: list[Wish], other: list[Wish]
) -> None:
    """Each line stands for itself."""
    alone, together = quote_of(wanted), quote_of([*wanted, *other])

    assert [each.net for each in together[: len(wanted)]] == [each.net for each in alone]
    assert [each.waterfall for each in together[: len(wanted)]] == [
        each.waterfall for each in alone
    ]


@given(wanted=wishes, percent=percents)
def test_a_header_percentage_sums_over_lines_of_every_model(
    wanted: list[Wish], percent: Decimal
) -> None:
    """No cent is lost in sharing it out."""
    before, after = quote_of(wanted), quote_of(wanted, percent)

    for cadence in (None, *Cadence):
        was = Money.total((each.net for each in before if each.cadence is cadence), "USD")
        now = Money.total((each.net for each in after if each.cadence is cadence), "USD")
        assert was - now == was.times(percent / 100)
