"""Open terms: what of a contract may be billed by a day and is not, read from the books."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from activities.billed_days import has_released, taken
from activities.contract_versions import quote_in_force
from models.billing import DueCharge, due_charges, next_billing_on
from models.money import Money
from models.periods import Interval
from models.pricing import PricedLine
from models.quoting import PlannedCharge, Quote
from models.tables import ContractRow, MilestoneRow, OrderLineRow, PlannedChargeRow

# Made once: building a statement takes three times as long as running it.
_PLANNED = (
    select(PlannedChargeRow)
    .where(
        col(PlannedChargeRow.deal) == bindparam("deal"),
        col(PlannedChargeRow.term) == bindparam("term"),
    )
    .where(col(PlannedChargeRow.canceled_on).is_(None))
    .order_by(col(PlannedChargeRow.id))
)


@dataclass(frozen=True)
class OpenTerm:
    """The contract of one term with something left to bill; `due` is what may be billed now.

    `ready` says, by reference, since when charges without a day of their own may be billed;
    `explained` has the priced lines of what usage bills beside the plan.
    """

    contract: ContractRow
    quote: Quote
    plan: Sequence[PlannedCharge]
    ready: Mapping[str, date]
    due: Sequence[DueCharge]
    explained: Mapping[str, PricedLine] = field(default_factory=dict)

    def is_last(self, on: date) -> bool:
        """Whether nothing of the plan is known to become billable after a day."""
        return not _later(self.plan, self.ready, on)

    def left(self, session: Session, on: date) -> tuple[Sequence[DueCharge], date | None]:
        """Return what is due by a day and still not billed, and the next day that has more."""
        done = billed(session, self.contract)
        waiting = due_charges(self.plan, self.ready, done, on)
        return waiting, next_billing_on(_later(self.plan, self.ready, on), self.ready, done)


def open_terms(session: Session, deal: str, on: date) -> list[OpenTerm]:
    """Return the terms of a deal that are not billed to their end, oldest first."""
    contracts = session.exec(
        select(ContractRow).where(ContractRow.deal == deal).order_by(col(ContractRow.term))
    ).all()
    moved = transferred(session, deal)
    found = (open_term(session, contract, moved, on) for contract in contracts)
    return [term for term in found if term is not None]


def open_term(
    session: Session,
    contract: ContractRow,
    moved: Mapping[str, date],
    on: date,
    *,
    metered: bool = False,
) -> OpenTerm | None:
    """Return what is left of one term; None if its plan is billed and nothing is `metered`."""
    plan = planned(session, contract)
    done = billed(session, contract)
    # Most terms of an old deal are billed to the end; their quotes need not be read again.
    names = {charge.reference for charge in plan}
    count = sum(len(periods) for reference, periods in done.items() if reference in names)
    is_whole = not has_released(session, contract.deal, contract.term)
    if is_whole and len(plan) <= count and not metered:
        return None
    quote = quote_in_force(session, contract.deal, contract.term)
    if quote is None:
        return None
    ready = {
        charge.reference: moved[charge.number]
        for charge in plan
        if charge.number in moved and not charge.milestone
    } | reached(session, contract, plan)
    due = due_charges(plan, ready, done, on)
    return OpenTerm(contract=contract, quote=quote, plan=plan, ready=ready, due=due)


def transferred(session: Session, deal: str) -> dict[str, date]:
    """Return the day control passed for each order line that was handed over, by line number."""
    rows = session.exec(select(OrderLineRow).where(OrderLineRow.deal == deal)).all()
    return {
        row.reference.partition("/")[0]: row.transferred_on
        for row in rows
        if row.transferred_on is not None
    }


def planned(session: Session, contract: ContractRow) -> tuple[PlannedCharge, ...]:
    """Return the billing plan of a contract without the charges that were given up."""
    of = {"deal": contract.deal, "term": contract.term}
    rows = session.exec(_PLANNED, params=of).all()
    return tuple(
        PlannedCharge(
            reference=row.reference,
            description=row.description,
            period=Interval(start=row.starts_on, end=row.ends_on),
            bill_on=row.bill_on,
            amount=Money(minor=row.amount_minor, currency=row.currency),
            discount=Money(minor=row.discount_minor, currency=row.currency),
            gross=_gross(row),
            part=row.part,
            milestone=row.milestone,
        )
        for row in rows
    )


def _gross(row: PlannedChargeRow) -> Money | None:
    return None if row.gross_minor is None else Money(minor=row.gross_minor, currency=row.currency)


def reached(
    session: Session, contract: ContractRow, plan: Sequence[PlannedCharge]
) -> dict[str, date]:
    """Return, by reference, the day the milestone of each charge was confirmed."""
    rows = session.exec(
        select(MilestoneRow).where(
            MilestoneRow.deal == contract.deal, MilestoneRow.term == contract.term
        )
    ).all()
    days = {row.name: row.reached_on for row in rows}
    return {charge.reference: days[charge.milestone] for charge in plan if charge.milestone in days}


def billed(session: Session, contract: ContractRow) -> dict[str, list[Interval]]:
    """Return the intervals of each charge that are on an invoice and not to be billed again."""
    days = taken(session, contract.deal, contract.term)
    return {reference: periods for (_, reference), periods in days.items()}


def _later(
    plan: Sequence[PlannedCharge], moved: Mapping[str, date], on: date
) -> tuple[PlannedCharge, ...]:
    """Return the charges that become billable after a day; parked ones wait for a person."""
    return tuple(
        charge
        for charge in plan
        if (billable := charge.bill_on or moved.get(charge.reference)) and billable > on
    )
