"""Crediting: what is taken back is what was billed, to the cent and never more."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.billing import Invoice, InvoiceLine
from models.credit_notes import CreditBy, CreditNote
from models.credits import (
    CreditPart,
    CreditRequest,
    credit,
    freed,
    line_state,
    remaining,
    rest_of,
)
from models.errors import InvalidInputError
from models.money import Money
from models.parties import Address, BankAccount, Customer, Entity
from models.periods import Interval
from models.tax import TaxTotal

JANUARY = Interval(start=date(2026, 1, 1), end=date(2026, 2, 1))
TODAY = date(2026, 2, 3)
ADDRESS = Address(line1="Hauptstr. 1", postal_code="10115", city="Berlin", country="DE")
ENTITY = Entity(
    number="E1",
    legal_name="Seller GmbH",
    address=ADDRESS,
    tax_id="30/123/45678",
    vat_id="DE123456789",
    email="billing@seller.example",
    bank=BankAccount(holder="Seller GmbH", bank="Bank", account="DE02120300000000202051"),
    currency="EUR",
    time_zone="Europe/Berlin",
)
CUSTOMER = Customer(number="C1", legal_name="Buyer GmbH", bill_to=ADDRESS)


def eur(minor: int) -> Money:
    return Money(minor=minor, currency="EUR")


def billed(net: int, tax: int, **changes: Any) -> InvoiceLine:
    fields: dict[str, Any] = {
        "reference": "1/seat",
        "description": "Seats",
        "quantity": Decimal(10),
        "unit": "seat",
        "unit_price": eur(net).decimal / 10,
        "period": JANUARY,
        "discount": eur(0),
        "net": eur(net),
        "tax_code": "S",
        "tax_rate_percent": Decimal(19),
        "tax": eur(tax),
        "unconditional_on": JANUARY.start,
    }
    return InvoiceLine(**(fields | changes))


SEATS = billed(100_00, 19_00, unit_price=Decimal("12.50"), discount=eur(25_00))
SETUP = billed(
    50_00,
    9_50,
    reference="1/setup",
    description="Setup",
    quantity=Decimal(1),
    unit="fee",
    unit_price=Decimal(50),
)


def invoice(*lines: InvoiceLine) -> Invoice:
    net = Money.total((line.net for line in lines), "EUR")
    tax = Money.total((line.tax for line in lines), "EUR")
    total = TaxTotal(code="S", rate_percent=Decimal(19), name="VAT", base=net, tax=tax)
    return Invoice(
        number="INV-1",
        deal="1001",
        term=1,
        entity=ENTITY,
        customer=CUSTOMER,
        currency="EUR",
        issued_on=JANUARY.start,
        due_on=date(2026, 1, 31),
        supplied=JANUARY,
        lines=lines,
        taxes=(total,),
        net=net,
        tax=tax,
        gross=net + tax,
    )


WHOLE = invoice(SEATS, SETUP)


def asked(*parts: CreditPart, earlier: Sequence[CreditNote] = (), **changes: Any) -> CreditRequest:
    fields: dict[str, Any] = {"invoice": WHOLE, "reason": "a complaint", "issued_on": TODAY}
    return CreditRequest(parts=parts, earlier=tuple(earlier), **(fields | changes))


def problems(request: CreditRequest) -> list[str]:
    with pytest.raises(InvalidInputError) as caught:
        credit(request)
    return [str(problem) for problem in caught.value.problems]


def test_a_full_credit_is_the_mirror_of_its_invoice() -> None:
    """Quantity, price, discount, tax and category totals are the invoice's own."""
    note = credit(asked())

    assert (note.corrects, note.net, note.tax, note.gross) == (
        "INV-1",
        WHOLE.net,
        WHOLE.tax,
        WHOLE.gross,
    )
    assert note.taxes == WHOLE.taxes
    for line, original in zip(note.lines, WHOLE.lines, strict=True):
        assert line.model_dump(exclude={"invoice_line", "by"}) == original.model_dump(
            exclude={"unconditional_on", "supplied", "deal", "term", "gross", "recipient"}
        )


def test_days_are_credited_at_their_share_of_what_was_billed() -> None:
    """16 of 31 days of 100.00: 51.61 with 9.81 tax; list 64.52, discount 12.90 of 25.00."""
    days = Interval(start=date(2026, 1, 16), end=date(2026, 2, 1))

    (line,) = credit(asked(CreditPart(line=0, days=days))).lines

    assert (line.net, line.tax, line.discount) == (eur(51_61), eur(9_81), eur(12_90))
    assert (line.period, line.by) == (days, CreditBy.DAYS)
    assert Money.from_decimal(line.quantity * line.unit_price, "EUR") == eur(64_51)


def test_units_are_credited_at_their_price_less_discount() -> None:
    """3 of 10 seats: 37.50 less 7.50."""
    (line,) = credit(asked(CreditPart(line=0, quantity=Decimal(3)))).lines

    assert (line.quantity, line.unit_price) == (Decimal(3), Decimal("12.50"))
    assert (line.discount, line.net, line.tax) == (eur(7_50), eur(30_00), eur(5_70))


def test_an_amount_is_one_line_without_discount() -> None:
    """10.00 before tax at the billed rate."""
    (line,) = credit(asked(CreditPart(line=1, amount=eur(10_00)))).lines

    assert (line.quantity, line.unit, line.unit_price) == (Decimal(1), "fee", Decimal("10.00"))
    assert (line.net, line.tax) == (eur(10_00), eur(1_90))


def test_an_amount_of_the_invoice_is_spread_over_what_is_left_of_its_lines() -> None:
    """10.00 over 100.00 and 50.00: 6.67 and 3.33."""
    note = credit(asked(amount=eur(10_00)))

    assert [line.net for line in note.lines] == [eur(6_67), eur(3_33)]
    assert note.gross == eur(11_90)


def test_the_last_of_several_credits_takes_the_remainder() -> None:
    """Three thirds of 100.00 over three days: 33.33, 33.34, 33.33, with 6.33, 6.34, 6.33 tax."""
    three = Interval(start=date(2026, 1, 1), end=date(2026, 1, 4))
    whole = invoice(billed(100_00, 19_00, period=three))
    notes: list[CreditNote] = []
    for day in range(3):
        start = three.start + timedelta(days=day)
        part = CreditPart(line=0, days=Interval(start=start, end=start + timedelta(days=1)))
        notes.append(credit(asked(part, invoice=whole, earlier=notes)))

    assert [note.net.minor for note in notes] == [33_33, 33_34, 33_33]
    assert [note.tax.minor for note in notes] == [6_33, 6_34, 6_33]
    assert rest_of(whole, notes) == eur(0)


def test_the_rest_after_days_is_what_is_left_and_frees_what_was_not_free() -> None:
    """The first half was credited; the rest is the second half, freed now."""
    half = Interval(start=date(2026, 1, 1), end=date(2026, 1, 16))
    first = credit(asked(CreditPart(line=0, days=half)))
    rest = credit(asked(CreditPart(line=0), earlier=(first,)))

    left = Interval(start=date(2026, 1, 16), end=date(2026, 2, 1))
    assert first.net + rest.net == SEATS.net
    assert rest.lines[0].period == left
    assert freed(WHOLE, (first,), rest) == ((0, left),)


def test_units_and_amounts_free_no_days_until_nothing_is_left() -> None:
    """A cheaper January was still January; only days taken back whole may be billed again."""
    some = credit(asked(CreditPart(line=0, quantity=Decimal(4))))
    more = credit(asked(CreditPart(line=0, amount=eur(60_00)), earlier=(some,)))

    assert freed(WHOLE, (), some) == ()
    assert freed(WHOLE, (some,), more) == ((0, JANUARY),)
    assert more.tax == eur(19_00 - 7_60)


def test_a_line_free_of_charge_is_taken_back_once() -> None:
    """Its days count although it comes to nothing."""
    whole = invoice(SEATS, billed(0, 0, reference="2/gift"))
    note = credit(asked(invoice=whole))

    assert freed(whole, (), note) == ((0, JANUARY), (1, JANUARY))
    assert problems(asked(invoice=whole, earlier=(note,))) == [
        "invoice: is credited in full already (see what it was credited by before)"
    ]


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (asked(reason=" "), "reason: is empty"),
        (asked(issued_on=date(2025, 12, 31)), "issued_on: 2025-12-31 is before the invoice"),
        (asked(CreditPart(line=2)), "parts[0].line: the invoice has no line 3"),
        (asked(CreditPart(line=-1)), "parts[0].line: the invoice has no line 0"),
        (asked(CreditPart(line=0), CreditPart(line=0)), "parts[1].line: line 1 is named twice"),
        (asked(CreditPart(line=0, quantity=Decimal(11))), "parts[0].quantity: 11 is not above 0"),
        (asked(CreditPart(line=0, quantity=Decimal(0))), "parts[0].quantity: 0 is not above 0"),
        (
            asked(CreditPart(line=0, quantity=Decimal(1), amount=eur(1))),
            "parts[0]: names more than one measure",
        ),
        (
            asked(CreditPart(line=0, amount=eur(100_01))),
            "parts[0].amount: 100.01 EUR is not above 0 and at most the 100.00 EUR",
        ),
        (
            asked(CreditPart(line=0, amount=Money(minor=1, currency="USD"))),
            "parts[0].amount: is in USD, but the invoice is in EUR",
        ),
        (
            asked(CreditPart(line=0, days=Interval(start=TODAY, end=date(2026, 2, 4)))),
            "parts[0].days: are not days of the line, 2026-01-01 to before 2026-02-01",
        ),
        (asked(amount=eur(150_01)), "amount: 150.01 EUR is not above 0 and at most the 150.00 EUR"),
        (asked(amount=eur(-1)), "amount: -0.01 EUR is not above 0"),
        (asked(amount=Money(minor=5, currency="USD")), "amount: is in USD"),
        (asked(CreditPart(line=0), amount=eur(1)), "amount: stands beside lines"),
    ],
)
def test_what_cannot_be_credited_is_refused_with_the_remedy(
    request_: CreditRequest, said: str
) -> None:
    """Nobody guesses what was meant, and nothing is cut to fit."""
    (problem,) = problems(request_)

    assert problem.startswith(said)
    assert problem.endswith(")")


def test_all_problems_are_told_at_once() -> None:
    """Whoever corrects a request wants to do it once."""
    assert len(problems(asked(CreditPart(line=7), CreditPart(line=8), reason=""))) == 3


def test_no_more_than_the_rest_can_be_credited() -> None:
    """Days, units and lines that were taken back are gone."""
    done = credit(asked(CreditPart(line=0, days=JANUARY)))

    assert problems(asked(CreditPart(line=0), earlier=(done,))) == [
        "parts[0].line: line 1 is credited in full already (leave it out)"
    ]


PARTS: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.builds(lambda n: {"quantity": Decimal(n)}, st.integers(1, 10)),
    st.builds(lambda n: {"amount": eur(n)}, st.integers(1, 2_000)),
    st.builds(
        lambda start, length: {
            "days": Interval(
                start=JANUARY.start + timedelta(days=start),
                end=JANUARY.start + timedelta(days=start + length),
            )
        },
        st.integers(0, 30),
        st.integers(1, 31),
    ),
    st.just({}),
)


@given(
    net=st.integers(0, 3_000),
    discount=st.integers(0, 500),
    wanted=st.lists(st.tuples(st.integers(0, 1), PARTS), max_size=8),
)
def test_whatever_is_credited_in_which_order_sums_to_the_invoice(
    net: int, discount: int, wanted: list[tuple[int, dict[str, Any]]]
) -> None:
    """Law: parts never exceed the line, the rest completes it, and no day is free twice."""
    listed = eur(net + discount).decimal
    first = billed(net, net * 19 // 100, unit_price=listed / 10, discount=eur(discount))
    whole = invoice(first, SETUP)
    ledger = _Ledger(whole)

    for index, named in wanted:
        ledger.take(CreditPart(line=index, **named))
    ledger.take()

    assert rest_of(whole, ledger.notes) == eur(0)
    assert Money.total((note.tax for note in ledger.notes), "EUR") == whole.tax
    assert [sum(period.days for period in periods) for periods in ledger.free] == [31, 31]


class _Ledger:
    """Credits one invoice again and again, and checks what must hold after each."""

    def __init__(self, whole: Invoice) -> None:
        self.whole = whole
        self.notes: list[CreditNote] = []
        self.free: list[list[Interval]] = [[] for _ in whole.lines]

    def take(self, *parts: CreditPart) -> None:
        try:
            note = credit(asked(*parts, invoice=self.whole, earlier=self.notes))
        except InvalidInputError:
            return
        for index, period in freed(self.whole, self.notes, note):
            assert remaining(period, self.free[index]) == (period,)
            self.free[index].append(period)
        self.notes.append(note)
        for line in note.lines:
            shown = Money.from_decimal(line.quantity * line.unit_price, "EUR") - line.discount
            assert shown == line.net
        for place, original in enumerate(self.whole.lines):
            state = line_state(self.whole, self.notes, place)
            assert eur(0) <= state.net <= original.net
            assert eur(0) <= state.tax <= original.tax
            assert eur(0) <= state.discount <= original.discount
