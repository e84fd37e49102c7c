"""Invoice groups: split as agreed, small amounts carried, and late runs equal to early ones."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from models.billing import DueCharge, due_charges
from models.billing_terms import AgreedBilling, BillingTerms, LineBilling, MinimumInvoice, Split
from models.invoice_groups import invoice_groups
from models.money import Money
from models.periods import Interval
from models.plan import PlannedCharge

JANUARY, END = date(2026, 1, 1), date(2027, 1, 1)


def charge(reference: str, start: date, minor: int) -> PlannedCharge:
    eur = Money(minor=minor, currency="EUR")
    return PlannedCharge(
        reference=reference,
        description=reference,
        period=Interval(start=start, end=start + timedelta(days=7)),
        bill_on=start,
        amount=eur,
        discount=Money.zero("EUR"),
    )


def due(*charges: PlannedCharge, as_of: date = END) -> tuple[DueCharge, ...]:
    return due_charges(charges, {}, {}, as_of)


def at_least(amount: str) -> AgreedBilling:
    return AgreedBilling(terms=BillingTerms(minimum=MinimumInvoice(amount=Decimal(amount))))


def amounts(*groups: object) -> list[list[int]]:
    return [[item.charge.amount.minor for item in group.charges] for group in groups]  # type: ignore[attr-defined]


def test_charges_of_one_day_share_an_invoice() -> None:
    """Unless something else was agreed."""
    found = due(charge("1/a", JANUARY, 10), charge("2/b", JANUARY, 20))

    assert amounts(*invoice_groups(found, AgreedBilling(), END, JANUARY)) == [[10, 20]]


def test_each_order_number_gets_an_invoice() -> None:
    """Lines without one of their own go on that of the contract."""
    agreed = AgreedBilling(
        terms=BillingTerms(split=Split.BY_PURCHASE_ORDER),
        lines=(
            LineBilling(line="1", purchase_order="PO-1"),
            LineBilling(line="3", purchase_order="PO-1"),
        ),
    )
    found = due(*(charge(f"{n}/a", JANUARY, n) for n in (1, 2, 3)), charge("1.1/b", JANUARY, 4))

    groups = invoice_groups(found, agreed, END, JANUARY)

    assert [(group.purchase_order, *amounts(group)) for group in groups] == [
        ("PO-1", [1, 3, 4]),
        ("", [2]),
    ]


def test_each_charge_gets_an_invoice() -> None:
    """Two charges of one product as well."""
    agreed = AgreedBilling(terms=BillingTerms(split=Split.BY_CHARGE))
    found = due(charge("1/seat", JANUARY, 1), charge("1/setup", JANUARY, 2))

    assert amounts(*invoice_groups(found, agreed, END, JANUARY)) == [[1], [2]]


def test_small_amounts_are_carried_until_they_are_enough() -> None:
    """Three weeks of 20.00 against a minimum of 50.00: one invoice in the third."""
    weeks = [charge("1/a", JANUARY + timedelta(days=7 * n), 20_00) for n in range(4)]

    groups = invoice_groups(due(*weeks), at_least("50"), END, date(2026, 2, 1))

    assert amounts(*groups) == [[20_00, 20_00, 20_00]]
    assert groups[0].charges[-1].billable_on == date(2026, 1, 15)


def test_the_end_of_the_term_bills_what_is_left() -> None:
    """Also when nothing is due on that day itself."""
    small = charge("1/a", JANUARY, 1_00)

    before = invoice_groups(due(small), at_least("50"), END, date(2026, 12, 31))
    after = invoice_groups(due(small), at_least("50"), END, END)

    assert (before, amounts(*after)) == ((), [[1_00]])


charges_drawn = st.lists(
    st.tuples(st.integers(1, 3), st.integers(0, 45), st.integers(0, 80_00)), max_size=15
)


@given(
    wanted=charges_drawn,
    minimum=st.integers(0, 200),
    split=st.sampled_from([Split.ONE, Split.BY_PURCHASE_ORDER, Split.BY_CHARGE]),
    stops=st.lists(st.integers(0, 400), max_size=6),
)
def test_late_runs_make_the_invoices_of_daily_runs(
    wanted: list[tuple[int, int, int]], minimum: int, split: Split, stops: list[int]
) -> None:
    """Law 1: run whenever, the same charges are together, and in the end all are billed once."""
    plan = [
        charge(f"{number}/a", JANUARY + timedelta(days=8 * week), minor)
        for number, week, minor in wanted
    ]
    agreed = AgreedBilling(
        terms=BillingTerms(split=split, minimum=MinimumInvoice(amount=Decimal(minimum))),
        lines=(LineBilling(line="2", purchase_order="PO-2"),),
    )

    def run(days: list[int]) -> list[tuple[tuple[str, date], ...]]:
        billed: dict[str, list[Interval]] = {}
        made = []
        for day in [*sorted(days), 400]:
            as_of = JANUARY + timedelta(days=day)
            found = due_charges(plan, {}, billed, as_of)
            for group in invoice_groups(found, agreed, END, as_of):
                for item in group.charges:
                    billed.setdefault(item.charge.reference, []).append(item.charge.period)
                made.append(tuple((i.charge.reference, i.billable_on) for i in group.charges))
        return made

    daily, late = run(list(range(400))), run(stops)

    assert sorted(daily) == sorted(late)
    unique = {(each.reference, each.period.start) for each in plan}
    assert sorted(one for group in late for one in group) == sorted(unique)
