"""Whatever happens to a deal's invoices: nobody is billed twice, and no cent is lost.

A machine bills, changes, credits, voids and bills again at random, on time and late, asks for the
same again, and goes back to days before; after each step the laws of billing hold in the books.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlmodel import func, select

from activities.adapters.books import Books
from activities.crediting import issue_credit_note
from activities.voiding import rebill, void_invoice
from models.billing import Invoice, check_invoice
from models.credit_notes import CreditEffect
from models.credit_steps import CorrectInvoice, CreditOrder
from models.errors import InvalidInputError
from models.periods import Interval
from models.tables import (
    CreditNoteRow,
    FreedIntervalRow,
    InvoiceLineRow,
    InvoiceRow,
    InvoiceVoidRow,
    JournalEntryRow,
    PaymentRow,
    PlannedChargeRow,
    RecognizedRow,
)
from tests.activities.conservation import assert_conserved
from tests.activities.databases import DIALECTS, database
from tests.activities.house import START, House, deal_file, furnish, line, noon

TERM_ENDS_ON = date(2027, 1, 1)
DEAL = "1001"
EXAMPLES = {"sqlite": 8, "postgresql": 2}
FACTS = (
    InvoiceRow,
    InvoiceLineRow,
    CreditNoteRow,
    FreedIntervalRow,
    InvoiceVoidRow,
    JournalEntryRow,
    PaymentRow,
    RecognizedRow,
)
DAYS = st.integers(min_value=0, max_value=70)
INDEX = st.integers(min_value=0, max_value=40)


class Billing(RuleBasedStateMachine):
    """One deal with charges in advance, in arrears, quarterly and once, and all that befalls it."""

    dialect = "sqlite"

    def __init__(self) -> None:
        super().__init__()
        self.place: AbstractContextManager[str] = database(self.dialect, furnish)
        self.books = Books(self.place.__enter__())
        self.house = House(self.books)
        self.today = START
        self.asked = 0
        self.checked: set[str] = set()

    def teardown(self) -> None:
        """Bill to the end of the term, look a last time, and clear up."""
        try:
            if self.house.rows(PlannedChargeRow):
                self.bill_to_the_end()
        finally:
            self.books.close()
            self.place.__exit__(None, None, None)

    @initialize(seats=st.integers(min_value=1, max_value=9))
    def sell(self, seats: int) -> None:
        """Sell what is billed in every way there is."""
        file = deal_file(
            DEAL,
            line("CRM", str(seats)),
            line("HOSTING", "2"),
            line("SUPPORT"),
            line("SUITE", discount={"percent": "7", "reason": "a discount"}),
            starts_on=START,
        )
        self.house.sell(file)

    @rule(days=DAYS)
    def bill(self, days: int) -> None:
        """Let time pass and bill: on time, late, or over several periods at once."""
        self.today += timedelta(days=days)
        self.house.converge(DEAL, self.today)

    @rule(days=DAYS)
    def bill_for_an_earlier_day(self, days: int) -> None:
        """A run that comes late, for a day before one that was made, writes nothing."""
        self.house.converge(DEAL, self.today)
        before = self._facts()
        self.house.converge(DEAL, max(START, self.today - timedelta(days=days)))
        assert self._facts() == before

    @rule()
    def bill_again(self) -> None:
        """The same run twice writes nothing the second time."""
        self.house.converge(DEAL, self.today)
        before = self._facts()
        self.house.converge(DEAL, self.today)
        assert self._facts() == before

    @precondition(lambda self: self.house.rows(InvoiceRow))
    @rule(index=INDEX, cents=st.integers(min_value=1, max_value=20_000))
    def concede(self, index: int, cents: int) -> None:
        """Take an amount off what was billed, more than is left included."""
        order = self._order(CreditOrder, index, amount_minor=cents)
        self._twice(lambda: self._credited(order))

    @precondition(lambda self: self.house.rows(InvoiceRow))
    @rule(index=INDEX)
    def reverse(self, index: int) -> None:
        """Take all that is left of an invoice back, to be billed again."""
        order = self._order(CreditOrder, index, effect=CreditEffect.REVERSAL)
        self._twice(lambda: self._credited(order))

    @precondition(lambda self: self.house.rows(InvoiceRow))
    @rule(index=INDEX)
    def void(self, index: int) -> None:
        """Make an invoice void that nobody got."""
        order = self._order(CorrectInvoice, index, at=noon(self.today))
        self._twice(
            lambda: self.books.write(
                lambda session: void_invoice(session, self.house.office, order)
            )
        )

    @precondition(lambda self: self.house.rows(InvoiceRow))
    @rule(index=INDEX)
    def bill_anew(self, index: int) -> None:
        """Reverse an invoice and issue it again."""
        order = self._order(CorrectInvoice, index, at=noon(self.today))
        self._twice(
            lambda: self.books.write(lambda session: rebill(session, self.house.office, order))
        )
        self.house.converge(DEAL, self.today)

    @precondition(lambda self: self.house.rows(InvoiceRow))
    @rule(cents=st.integers(min_value=1, max_value=50_000))
    def pay(self, cents: int) -> None:
        """Receive money: some, enough, or too much."""
        self.asked += 1
        self.house.pay(cents, f"P-{self.asked}", received_on=self.today)

    def _order(self, kind: type[CreditOrder], index: int, **fields: Any) -> Any:
        self.asked += 1
        invoices = self.house.rows(InvoiceRow)
        number = invoices[index % len(invoices)].number
        given = {"key": f"k-{self.asked}", "invoice": number, "on": self.today, "reason": "random"}
        return kind.model_validate({**given, **fields})

    def _credited(self, order: CreditOrder) -> object:
        return self.books.write(
            lambda session: issue_credit_note(session, self.house.office, order)
        )

    def _twice(self, change: Callable[[], object]) -> None:
        """Do it and do it again: refused or not, the second time changes nothing."""
        try:
            change()
        except InvalidInputError:
            return
        before = self._facts()
        change()
        assert self._facts() == before

    def _facts(self) -> list[int]:
        """Return how many facts of each kind are on record; none is ever edited."""
        return self.books.read(
            lambda session: [
                session.exec(select(func.count()).select_from(table)).one() for table in FACTS
            ]
        )

    def bill_to_the_end(self) -> None:
        """Once all is billed, what stands is the plan: each charge's every day once."""
        self.house.converge(DEAL, max(self.today, TERM_ENDS_ON))
        self.check()
        standing: dict[tuple[str, date], int] = defaultdict(int)
        for row, days in self._standing():
            assert days == [_period(row)] or not days
            standing[row.reference, row.starts_on] += bool(days)
        conceded = {row.invoice for row in self.house.rows(CreditNoteRow)}
        void = {row.invoice for row in self.house.rows(InvoiceVoidRow)}
        for charge in self.house.rows(PlannedChargeRow):
            lines = [
                row
                for row in self.house.rows(InvoiceLineRow)
                if (row.reference, row.starts_on) == (charge.reference, charge.starts_on)
            ]
            taken_back = {row.invoice for row in lines} & (conceded | void)
            times = standing[charge.reference, charge.starts_on]
            assert times == 1 or (times == 0 and taken_back)
            assert all(row.net_minor == charge.amount_minor for row in lines)

    def _standing(self) -> Iterator[tuple[InvoiceLineRow, list[Interval]]]:
        """Yield each billed line with its days that were not taken back whole."""
        freed = defaultdict(list)
        for days in self.house.rows(FreedIntervalRow, kind="credited"):
            freed[days.invoice_line].append(_period(days))
        for row in self.house.rows(InvoiceLineRow):
            gone = freed[row.id or 0]
            whole = _period(row)
            left = [] if whole in gone else [whole]
            yield row, left

    @invariant()
    def check(self) -> None:
        """The laws of billing, whatever has happened."""
        self._no_day_is_billed_twice()
        self._every_invoice_is_its_lines_and_tax()
        self._numbers_have_no_gap_and_dates_never_go_back()
        assert_conserved(self.house)

    def _no_day_is_billed_twice(self) -> None:
        billed: dict[str, list[Interval]] = defaultdict(list)
        for row, days in self._standing():
            billed[row.reference] += days
        for periods in billed.values():
            ordered = sorted(periods, key=lambda one: one.start)
            assert not any(one.overlaps(other) for one, other in pairwise(ordered))

    def _every_invoice_is_its_lines_and_tax(self) -> None:
        for row in self.house.rows(InvoiceRow):
            if row.number in self.checked:
                continue
            self.checked.add(row.number)
            invoice = Invoice.model_validate_json(row.content)
            assert check_invoice(invoice) == ()
            net = sum(each.net.minor for each in invoice.lines)
            tax = sum(total.tax.minor for total in invoice.taxes)
            assert (row.net_minor, row.tax_minor, row.gross_minor) == (net, tax, net + tax)

    def _numbers_have_no_gap_and_dates_never_go_back(self) -> None:
        for table in (InvoiceRow, CreditNoteRow):
            series: dict[tuple[str, str], list[Any]] = defaultdict(list)
            found: list[Any] = [*self.house.rows(table)]
            for row in sorted(found, key=lambda row: row.sequence):
                series[row.entity, row.series].append(row)
            for rows in series.values():
                assert [row.sequence for row in rows] == list(range(1, len(rows) + 1))
                assert all(one.issued_on <= other.issued_on for one, other in pairwise(rows))


def _period(row: InvoiceLineRow | FreedIntervalRow) -> Interval:
    return Interval(start=row.starts_on, end=row.ends_on)


@pytest.mark.timeout(400)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_no_history_bills_a_day_twice_or_loses_a_cent(dialect: str) -> None:
    """Bills, credits, voids and payments in any order, each asked for twice."""
    machine = type("Machine", (Billing,), {"dialect": dialect})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES[dialect],
            stateful_step_count=10,
            deadline=None,
            # A history that fails is short enough to be read as it is.
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
