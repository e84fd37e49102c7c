"""Billing: desired minus billed, one invoice for each billable day, and nothing twice."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.billing import (
    DueCharge,
    Invoice,
    InvoiceRequest,
    check_invoice,
    draft_invoice,
    due_charges,
    group_by_invoice,
    next_billing_on,
    unconditional_on,
)
from models.catalog import ProductKind
from models.charges import Cadence, ChargeModel, ChargeType, Timing
from models.errors import CurrencyMismatchError, InvalidInputError, ParkedError
from models.money import Money
from models.parties import Address, BankAccount, Customer, Entity, TaxRounding
from models.periods import Interval
from models.pricing import PricedLine
from models.quoting import PlannedCharge
from models.tax import TaxRule

SEATS, SETUP, ROUTER = "1/seat", "1/setup", "2/unit"
JANUARY, FEBRUARY, MARCH = date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)


def eur(minor: int) -> Money:
    return Money(minor=minor, currency="EUR")


def interval(start: date, end: date) -> Interval:
    return Interval(start=start, end=end)


def charge(
    reference: str,
    start: date,
    end: date,
    bill_on: date | None,
    minor: int = 100_00,
    discount: int = 0,
) -> PlannedCharge:
    return PlannedCharge(
        reference=reference,
        description=f"Charge {reference}",
        period=interval(start, end),
        bill_on=bill_on,
        amount=eur(minor),
        discount=eur(discount),
    )


PLAN = (
    charge(SEATS, JANUARY, FEBRUARY, JANUARY),
    charge(SEATS, FEBRUARY, MARCH, FEBRUARY),
    charge(SETUP, JANUARY, MARCH, JANUARY, 50_00),
    charge(ROUTER, JANUARY, MARCH, None, 30_00),
)


def priced(reference: str = SEATS, **changes: Any) -> PricedLine:
    fields: dict[str, Any] = {
        "reference": reference,
        "number": reference.partition("/")[0],
        "sku": "SKU",
        "charge": reference.partition("/")[2],
        "name": "Seats",
        "kind": ProductKind.SUBSCRIPTION,
        "unit": "seat",
        "charge_type": ChargeType.RECURRING,
        "model": ChargeModel.PER_UNIT,
        "cadence": Cadence.MONTHLY,
        "tax_category": "standard",
        "department": "operations",
        "quantity": Decimal(10),
        "list_unit": Decimal("12.50"),
        "unit_price": Decimal(10),
        "list_amount": eur(125_00),
        "net": eur(100_00),
        "once_discount": eur(0),
        "ssp": eur(125_00),
    }
    return PricedLine(**(fields | changes))


def address(country: str = "DE") -> Address:
    return Address(line1="Hauptstr. 1", postal_code="10115", city="Berlin", country=country)


ENTITY = Entity(
    number="E1",
    legal_name="Seller GmbH",
    address=address(),
    tax_id="30/123/45678",
    vat_id="DE123456789",
    email="billing@seller.example",
    bank=BankAccount(holder="Seller GmbH", bank="Bank", account="DE02120300000000202051"),
    currency="EUR",
    time_zone="Europe/Berlin",
)
CUSTOMER = Customer(number="C1", legal_name="Buyer GmbH", bill_to=address(), vat_id="DE987654321")
DOMESTIC = TaxRule(
    seller_country="DE",
    place_country="DE",
    category="standard",
    valid_from=date(2021, 1, 1),
    rate_percent=Decimal(19),
)
REVERSE_CHARGE = DOMESTIC.model_copy(
    update={
        "place_country": "EU",
        "needs_vat_id": True,
        "rate_percent": Decimal(0),
        "code": "AE",
        "text": "Reverse charge",
    }
)


def request(
    charges: Iterable[DueCharge], lines: Sequence[PricedLine] = (), **changes: Any
) -> InvoiceRequest:
    fields: dict[str, Any] = {
        "deal": "1001",
        "term": 1,
        "entity": ENTITY,
        "customer": CUSTOMER,
        "currency": "EUR",
        "issued_on": date(2026, 1, 5),
        "payment_terms_days": 30,
        "purchase_order": "PO-7",
        "charges": tuple(charges),
        "lines": {line.reference: line for line in lines or [priced()]},
        "rules": (DOMESTIC, REVERSE_CHARGE),
    }
    return InvoiceRequest(**(fields | changes))


def due(planned: PlannedCharge, billable_on: date = JANUARY) -> DueCharge:
    return DueCharge(charge=planned, billable_on=billable_on)


SEATS_IN_JANUARY = due(charge(SEATS, JANUARY, FEBRUARY, JANUARY, 100_00, 25_00))


def test_only_what_is_billable_by_the_date_is_proposed() -> None:
    """February is not billed in January."""
    proposed = due_charges(PLAN, {}, {}, date(2026, 1, 31))

    assert [item.charge for item in proposed] == [PLAN[0], PLAN[2]]


def test_the_billable_day_itself_counts() -> None:
    """On the first day of the period it is due."""
    assert [item.charge for item in due_charges(PLAN[1:2], {}, {}, FEBRUARY)] == [PLAN[1]]


def test_a_delivery_is_billable_from_its_transfer_on() -> None:
    """A charge without a billing date waits for the day control passed."""
    transferred = {ROUTER: date(2026, 1, 20)}

    assert due_charges(PLAN[3:], transferred, {}, date(2026, 1, 19)) == ()
    assert due_charges(PLAN[3:], transferred, {}, date(2026, 1, 20)) == (
        DueCharge(charge=PLAN[3], billable_on=date(2026, 1, 20)),
    )


def test_billed_periods_are_not_proposed_again() -> None:
    """Architecture, law 1: running a step twice changes nothing more."""
    billed = {SEATS: [interval(JANUARY, FEBRUARY)], SETUP: [interval(JANUARY, MARCH)]}

    proposed = due_charges(PLAN, {}, billed, date.max)

    assert [item.charge for item in proposed] == [PLAN[1]]


def test_a_period_that_overlaps_a_billed_one_is_not_proposed() -> None:
    """No day of a charge is billed twice, even if the plan's cuts moved."""
    billed = {SEATS: [interval(date(2026, 1, 31), date(2026, 2, 2))]}

    assert due_charges(PLAN[:2], {}, billed, date.max) == ()


def test_another_charges_periods_do_not_block() -> None:
    """Overlap counts within one reference only."""
    assert due_charges(PLAN[:1], {}, {SETUP: [interval(JANUARY, MARCH)]}, JANUARY) != ()


def test_a_period_without_days_is_billed_once() -> None:
    """A one-off sale has a term without days; it overlaps nothing, not even itself."""
    one_off = charge(ROUTER, JANUARY, JANUARY, JANUARY)

    assert len(due_charges([one_off], {}, {}, JANUARY)) == 1
    assert due_charges([one_off], {}, {ROUTER: [interval(JANUARY, JANUARY)]}, JANUARY) == ()


def test_overlapping_charges_of_one_plan_are_not_proposed_together() -> None:
    """The books would refuse the second; the rules do so first."""
    twice = [PLAN[0], PLAN[0]]

    assert len(due_charges(twice, {}, {}, JANUARY)) == 1


def test_next_billing_is_the_earliest_unbilled_day() -> None:
    """A day that has passed is still the next one: late is normal."""
    billed = {SEATS: [interval(JANUARY, FEBRUARY)]}

    assert next_billing_on(PLAN, {}, billed) == JANUARY
    billed[SETUP] = [interval(JANUARY, MARCH)]
    assert next_billing_on(PLAN, {}, billed) == FEBRUARY


def test_nothing_is_next_while_only_deliveries_are_awaited() -> None:
    """A delivery has no date until it happens."""
    assert next_billing_on(PLAN[3:], {}, {}) is None
    assert next_billing_on(PLAN[3:], {ROUTER: JANUARY}, {}) == JANUARY


def test_late_work_makes_one_invoice_for_each_billable_day() -> None:
    """Semantics 17: bill everything missed, each for its own period."""
    groups = group_by_invoice(due_charges(PLAN, {ROUTER: date(2026, 1, 20)}, {}, date.max))

    assert [[item.charge for item in group] for group in groups] == [
        [PLAN[0], PLAN[2]],
        [PLAN[3]],
        [PLAN[1]],
    ]


@pytest.mark.parametrize(
    ("issued_on", "due_on", "expected"),
    [
        (date(2025, 12, 1), date(2025, 12, 15), date(2025, 12, 15)),
        (date(2025, 12, 1), date(2026, 1, 30), JANUARY),
        (date(2026, 1, 5), date(2026, 2, 4), date(2026, 1, 5)),
        (date(2026, 3, 5), date(2026, 4, 4), date(2026, 3, 5)),
    ],
)
def test_what_is_billed_in_advance_waits_for_period_or_due_date(
    issued_on: date, due_on: date, expected: date
) -> None:
    """IFRS 15.108 and Illustrative Example 38, case B: a receivable on the due date."""
    assert unconditional_on(PLAN[0], Timing.IN_ADVANCE, issued_on, due_on) == expected


@pytest.mark.parametrize(
    ("planned", "timing"), [(PLAN[0], Timing.IN_ARREARS), (PLAN[3], Timing.IN_ADVANCE)]
)
def test_what_was_delivered_is_unconditional_at_issue(
    planned: PlannedCharge, timing: Timing
) -> None:
    """Only time stands between us and the money of a performed promise."""
    issued_on = date(2025, 12, 1)

    assert unconditional_on(planned, timing, issued_on, date(2026, 1, 30)) == issued_on


def test_a_draft_shows_quantity_price_discount_and_tax() -> None:
    """Semantics 19: every figure a customer checks is on the line."""
    invoice = draft_invoice(request([SEATS_IN_JANUARY]))

    line = invoice.lines[0]
    assert (invoice.number, invoice.due_on) == ("", date(2026, 2, 4))
    assert (line.quantity, line.unit_price, line.discount) == (
        Decimal(10),
        Decimal("12.50"),
        eur(25_00),
    )
    assert (line.net, line.tax, line.tax_rate_percent) == (eur(100_00), eur(19_00), Decimal(19))
    assert (invoice.net, invoice.tax, invoice.gross) == (eur(100_00), eur(19_00), eur(119_00))
    assert invoice.supplied == interval(JANUARY, FEBRUARY)
    assert line.unconditional_on == date(2026, 1, 5)


def test_part_periods_and_tiers_show_the_average_price() -> None:
    """Quantity times price less discount is net, also where no single price exists."""
    part = due(charge(SEATS, JANUARY, date(2026, 1, 18), JANUARY, 68_55))
    tiered = due(charge(SETUP, JANUARY, FEBRUARY, JANUARY, 108_00))
    lines = [priced(), priced(SETUP, quantity=Decimal(11), model=ChargeModel.GRADUATED)]

    invoice = draft_invoice(request([part, tiered], lines))

    assert invoice.lines[0].unit_price == Decimal("6.855")
    assert Money.from_decimal(11 * invoice.lines[1].unit_price, "EUR") == eur(108_00)
    assert invoice.net == eur(176_55)


def test_a_flat_charge_is_billed_once_whatever_the_quantity() -> None:
    """Its price does not multiply."""
    flat = due(charge(SETUP, JANUARY, FEBRUARY, JANUARY, 50_00))
    lines = [priced(SETUP, model=ChargeModel.FLAT, quantity=Decimal(10), list_unit=Decimal(50))]

    line = draft_invoice(request([flat], lines)).lines[0]

    assert (line.quantity, line.unit_price) == (Decimal(1), Decimal("50.00"))


def test_goods_are_taxed_by_the_rules_of_the_day_of_delivery() -> None:
    """Semantics 19: the supply date decides, not the period of the contract."""
    before = DOMESTIC.model_copy(update={"valid_until": date(2026, 1, 20)})
    after = DOMESTIC.model_copy(
        update={"valid_from": date(2026, 1, 20), "rate_percent": Decimal(16)}
    )
    delivered = due(PLAN[3], date(2026, 1, 20))

    invoice = draft_invoice(request([delivered], [priced(ROUTER)], rules=(before, after)))

    assert invoice.lines[0].tax_rate_percent == 16
    assert invoice.supplied == interval(date(2026, 1, 20), date(2026, 1, 21))
    assert invoice.lines[0].period == PLAN[3].period


def test_periods_are_taxed_by_the_rules_of_their_last_day() -> None:
    """A continuous supply is made when its period ends (EU VAT Directive art. 64)."""
    before = DOMESTIC.model_copy(update={"valid_until": date(2026, 1, 31)})
    after = DOMESTIC.model_copy(
        update={"valid_from": date(2026, 1, 31), "rate_percent": Decimal(16)}
    )

    invoice = draft_invoice(request([SEATS_IN_JANUARY], rules=(before, after)))

    assert invoice.lines[0].tax_rate_percent == 16


def test_an_entity_that_rounds_by_line_does_so() -> None:
    """Category-total rounding is the rule of EN 16931; elsewhere the entity's own holds."""
    charges = [due(charge(ref, JANUARY, FEBRUARY, JANUARY, 33)) for ref in ("1/a", "2/a", "3/a")]
    lines = [priced(ref) for ref in ("1/a", "2/a", "3/a")]
    by_line = ENTITY.model_copy(update={"tax_rounding": TaxRounding.LINE})

    assert draft_invoice(request(charges, lines)).tax == eur(19)
    assert draft_invoice(request(charges, lines, entity=by_line)).tax == eur(18)


def test_goods_shipped_abroad_are_taxed_where_they_go() -> None:
    """The ship-to address is the place of supply; a valid VAT ID shifts the tax to the buyer."""
    abroad = CUSTOMER.model_copy(update={"ship_to": address("FR")})

    invoice = draft_invoice(request([SEATS_IN_JANUARY], customer=abroad))

    assert (invoice.tax, invoice.gross) == (eur(0), eur(100_00))
    assert [(total.code, total.text) for total in invoice.taxes] == [("AE", "Reverse charge")]


def test_an_unanswered_tax_question_parks_the_invoice() -> None:
    """Never 0 %, never the domestic rate."""
    swiss = CUSTOMER.model_copy(update={"bill_to": address("CH")})

    with pytest.raises(ParkedError, match="from DE to CH on 2026-01-31"):
        draft_invoice(request([SEATS_IN_JANUARY], customer=swiss))


def test_an_incomplete_request_lists_all_problems() -> None:
    """A charge that nothing explains cannot be billed."""
    charges = [due(charge(ref, JANUARY, FEBRUARY, JANUARY)) for ref in ("8/a", "9/a")]

    with pytest.raises(InvalidInputError) as refused:
        draft_invoice(request(charges, payment_terms_days=-1))

    fields = [problem.field for problem in refused.value.problems]
    assert fields == ["lines[8/a]", "lines[9/a]", "payment_terms_days"]


def test_an_invoice_without_charges_is_refused() -> None:
    """There is nothing to ask for."""
    with pytest.raises(InvalidInputError, match="charges"):
        draft_invoice(request([]))


def test_an_invoice_has_one_currency() -> None:
    """Semantics 9."""
    with pytest.raises(CurrencyMismatchError):
        draft_invoice(request([SEATS_IN_JANUARY], currency="USD"))


def numbered(**changes: Any) -> Invoice:
    draft = draft_invoice(request([SEATS_IN_JANUARY]))
    return draft.model_copy(update={"number": "INV-1"} | changes)


def test_a_complete_invoice_may_go_out() -> None:
    """EU VAT Directive art. 226."""
    assert check_invoice(numbered()) == ()


def test_a_draft_lacks_only_its_number() -> None:
    """Semantics 7: the number is assigned at issue."""
    problems = check_invoice(numbered(number=""))

    assert [problem.field for problem in problems] == ["number"]


NOWHERE = Address(line1="", city=" ", country="")


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"number": " "}, ["number"]),
        (
            {"entity": ENTITY.model_copy(update={"vat_id": "", "tax_id": ""})},
            ["entity.tax_id"],
        ),
        (
            {"entity": ENTITY.model_copy(update={"legal_name": "", "address": NOWHERE})},
            [
                "entity.legal_name",
                "entity.address.line1",
                "entity.address.city",
                "entity.address.country",
            ],
        ),
        (
            {"customer": CUSTOMER.model_copy(update={"legal_name": "", "bill_to": NOWHERE})},
            [
                "customer.legal_name",
                "customer.bill_to.line1",
                "customer.bill_to.city",
                "customer.bill_to.country",
            ],
        ),
        (
            {
                "entity": ENTITY.model_copy(
                    update={"bank": BankAccount(holder="", bank="", account="")}
                )
            },
            ["entity.bank.account"],
        ),
        ({"supplied": interval(JANUARY, JANUARY)}, ["supplied"]),
        ({"due_on": date(2026, 1, 4)}, ["due_on"]),
        ({"gross": eur(119_01)}, ["gross"]),
        ({"net": eur(100_01)}, ["net", "net"]),
        ({"tax": eur(18_99)}, ["tax", "tax"]),
        ({"gross": Money(minor=119_00, currency="USD")}, ["gross"]),
    ],
)
def test_what_an_invoice_lacks_is_named(changes: dict[str, Any], fields: list[str]) -> None:
    """EU VAT Directive art. 226; EN 16931 BR-CO-10, BR-CO-14, BR-CO-15."""
    problems = check_invoice(numbered(**changes))

    assert [problem.field for problem in problems] == fields


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"description": ""}, ["lines[0].description"]),
        ({"quantity": Decimal(9)}, ["lines[0].net"]),
        ({"quantity": Decimal(0)}, ["lines[0].quantity", "lines[0].net"]),
        ({"tax": eur(1)}, ["tax", "taxes[S 19 %].tax"]),
        ({"tax_code": "Z"}, ["taxes[S 19 %].base", "taxes[S 19 %].tax"]),
    ],
)
def test_a_line_that_does_not_add_up_is_named(changes: dict[str, Any], fields: list[str]) -> None:
    """Quantity times price less discount is net, and categories sum their lines."""
    line = numbered().lines[0].model_copy(update=changes)

    problems = check_invoice(numbered(lines=(line,)))

    assert [problem.field for problem in problems] == fields


def test_a_category_tax_is_base_times_rate() -> None:
    """EN 16931 BR-CO-17, where the entity rounds by category."""
    invoice = numbered()
    total = invoice.taxes[0].model_copy(update={"tax": eur(18_00)})
    line = invoice.lines[0].model_copy(update={"tax": eur(18_00)})
    wrong = {"lines": (line,), "taxes": (total,), "tax": eur(18_00), "gross": eur(118_00)}

    problems = check_invoice(numbered(**wrong))

    assert [problem.field for problem in problems] == ["taxes[S 19 %].tax"]


def test_lines_are_what_an_invoice_is_about() -> None:
    """EU VAT Directive art. 226(6)."""
    zero = eur(0)
    empty = {"lines": (), "taxes": (), "net": zero, "tax": zero, "gross": zero}

    assert [problem.field for problem in check_invoice(numbered(**empty))] == ["lines"]


def test_reverse_charge_needs_its_text_and_the_buyers_vat_id() -> None:
    """EU VAT Directive art. 226(4) and (11a)."""
    abroad = CUSTOMER.model_copy(update={"ship_to": address("FR")})
    invoice = draft_invoice(request([SEATS_IN_JANUARY], customer=abroad))
    silent = invoice.taxes[0].model_copy(update={"text": ""})
    nameless = abroad.model_copy(update={"vat_id": ""})

    problems = check_invoice(
        invoice.model_copy(update={"number": "1", "taxes": (silent,), "customer": nameless})
    )

    assert [problem.field for problem in problems] == ["taxes[AE 0 %].text", "customer.vat_id"]


def periods_of(cuts: set[int]) -> list[Interval]:
    days = [JANUARY + timedelta(days=cut) for cut in sorted(cuts)]
    return [interval(start, end) for start, end in pairwise(days)]


@st.composite
def plans(draw: st.DrawFn) -> list[PlannedCharge]:
    plan = []
    for number in range(1, draw(st.integers(1, 4)) + 1):
        cuts = draw(st.sets(st.integers(0, 400), min_size=2, max_size=8))
        for period in periods_of(cuts):
            bill_on = draw(st.sampled_from([period.start, period.end, None]))
            minor = draw(st.integers(0, 10**6))
            plan.append(charge(f"{number}/unit", period.start, period.end, bill_on, minor))
    return plan


@given(plans(), st.lists(st.integers(-10, 450)), st.integers(0, 400))
def test_any_sequence_of_runs_bills_the_plan_exactly_once(
    plan: list[PlannedCharge], runs: list[int], delivery: int
) -> None:
    """Test vector 15 and architecture, law 1: late, early, twice or in any order."""
    transferred = {item.reference: JANUARY + timedelta(days=delivery) for item in plan}
    billed: dict[str, list[Interval]] = {}
    invoiced: list[PlannedCharge] = []

    for as_of in [*(JANUARY + timedelta(days=day) for day in runs), date.max]:
        for group in group_by_invoice(due_charges(plan, transferred, billed, as_of)):
            for item in group:
                assert item.billable_on <= as_of
                billed.setdefault(item.charge.reference, []).append(item.charge.period)
                invoiced.append(item.charge)

    assert sorted(map(repr, invoiced)) == sorted(map(repr, plan))
    assert Money.total((item.amount for item in invoiced), "EUR") == Money.total(
        (item.amount for item in plan), "EUR"
    )
    assert next_billing_on(plan, transferred, billed) is None


@given(plans())
def test_next_billing_leads_through_the_whole_plan(plan: list[PlannedCharge]) -> None:
    """Waking only on the days named is enough to bill everything."""
    transferred = {item.reference: JANUARY for item in plan}
    billed: dict[str, list[Interval]] = {}
    invoiced = 0

    while (as_of := next_billing_on(plan, transferred, billed)) is not None:
        proposed = due_charges(plan, transferred, billed, as_of)
        assert proposed
        for item in proposed:
            billed.setdefault(item.charge.reference, []).append(item.charge.period)
        invoiced += len(proposed)

    assert invoiced == len(plan)


@given(
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**5)), min_size=1, max_size=6),
    st.decimals("0.001", "10000", places=3),
    st.sampled_from(ChargeModel),
    st.sampled_from(TaxRounding),
)
def test_every_draft_passes_the_check_once_it_has_a_number(
    amounts: list[tuple[int, int]], quantity: Decimal, model: ChargeModel, rounding: TaxRounding
) -> None:
    """What we compute is what a legal invoice needs, to the cent."""
    references = [f"{number}/unit" for number in range(len(amounts))]
    charges = [
        due(charge(reference, JANUARY, FEBRUARY, JANUARY, minor, discount))
        for reference, (minor, discount) in zip(references, amounts, strict=True)
    ]
    lines = [priced(ref, quantity=quantity, model=model) for ref in references]
    entity = ENTITY.model_copy(update={"tax_rounding": rounding})

    draft = draft_invoice(request(charges, lines, entity=entity))

    assert check_invoice(draft.model_copy(update={"number": "INV-1"})) == ()
