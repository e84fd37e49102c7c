"""Pools of prepaid credit: written with the contract or topped up, and broken in the end."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlmodel import Session, col, select
from temporalio import activity

from activities import journal
from activities.accounts import deal_row, scope_of
from activities.numbering import lock
from activities.pool_rows import breakage_key, pool_states
from activities.ports import Office
from activities.signatures import TOP_UP
from activities.usage_rows import period_rows
from models.errors import InvalidInputError, Problem
from models.ledger import EntryHeader, revenue_entry
from models.money import Money, exponent
from models.periods import Interval
from models.prepaid import TopUp, top_up_problems
from models.quoting import Quote
from models.recognition import drawn_down
from models.steps import ToppedUp, TopUpCredit
from models.tables import ContractRow, UsagePoolRow
from models.written import LARGEST, decimals_of

_ONE_DAY = timedelta(days=1)


class PoolActivities:
    """Sells prepaid credit during a term."""

    def __init__(self, office: Office) -> None:
        self._office = office

    @activity.defn(name=TOP_UP.name, no_thread_cancel_exception=True)
    def top_up(self, step: TopUpCredit) -> ToppedUp:
        """Put credit on record that a customer buys; the next convergence bills it.

        Safe to retry: a reference tops up once.
        """
        try:
            return self._office.books.write(lambda session: self._top_up(session, step))
        except InvalidInputError as error:
            return ToppedUp(problems=error.problems)

    def _top_up(self, session: Session, step: TopUpCredit) -> ToppedUp:
        lock(session, f"deal:{step.deal}")
        known = session.exec(
            select(UsagePoolRow).where(
                UsagePoolRow.deal == step.deal, UsagePoolRow.command_id == step.reference
            )
        ).first()
        if known is not None:
            return ToppedUp(pool=known.key)
        contract = _contract(session, step)
        top_up = _asked(step, contract)
        problems = top_up_problems(top_up, Interval(start=contract.starts_on, end=contract.ends_on))
        if problems:
            raise InvalidInputError(problems)
        count = len(
            session.exec(select(UsagePoolRow.id).where(UsagePoolRow.deal == step.deal)).all()
        )
        key = f"top-up-{count + 1}"
        session.add(
            UsagePoolRow(
                key=key,
                deal=step.deal,
                term=contract.term,
                reference=key,
                name="Prepaid credit",
                paid_minor=top_up.amount.minor,
                credit_minor=top_up.credit.minor,
                currency=contract.currency,
                priority=top_up.priority,
                overage_percent="100",
                starts_on=top_up.starts_on,
                ends_on=top_up.ends_on,
                is_top_up=True,
                command_id=step.reference,
                actor=step.actor,
            )
        )
        return ToppedUp(pool=key)


def _contract(session: Session, step: TopUpCredit) -> ContractRow:
    statement = select(ContractRow).where(
        ContractRow.deal == step.deal,
        col(ContractRow.starts_on) <= step.on,
        col(ContractRow.ends_on) > step.on,
    )
    contract = session.exec(statement).first()
    if contract is None or not period_rows(session, step.deal, contract.term):
        reason = f"deal {step.deal} is charged for nothing by usage on {step.on}"
        remedy = "sell a product with a usage charge"
        raise InvalidInputError([Problem(field="deal", reason=reason, remedy=remedy)])
    return contract


def _asked(step: TopUpCredit, contract: ContractRow) -> TopUp:
    amounts: dict[str, Money] = {}
    problems = []
    for field, text in (("amount", step.amount), ("credit", step.credit or step.amount)):
        found = _amount(text, contract.currency)
        if found is None:
            reason = f"{text} is no amount of {contract.currency}"
            problems.append(Problem(field=field, reason=reason, remedy="write 100.00"))
        else:
            amounts[field] = found
    if problems:
        raise InvalidInputError(problems)
    return TopUp(
        **amounts,
        priority=step.priority,
        starts_on=step.on,
        ends_on=step.expires_on or contract.ends_on,
    )


def _amount(text: str, currency: str) -> Money | None:
    """Return an amount in major units, or None if it is none or finer than the currency."""
    try:
        value = Decimal(text)
    except ArithmeticError:
        return None
    if not value.is_finite() or abs(value) > LARGEST or decimals_of(value) > exponent(currency):
        return None
    return Money.from_decimal(value, currency)


def write_pools(session: Session, quote: Quote) -> None:
    """Put on record what the prepaid lines of a contract give to draw on; once for each charge."""
    lines = {line.reference: line for line in drawn_down(quote)}
    known = {
        row.key for row in session.exec(select(UsagePoolRow).where(UsagePoolRow.deal == quote.deal))
    }
    for charge in quote.plan:
        line = lines.get(charge.reference)
        key = f"{quote.term}/{charge.reference}/{charge.period.start}"
        if line is None or line.prepaid is None or key in known:
            continue
        recurs = line.cadence is not None
        credit = Money.from_decimal(line.prepaid.credit, quote.currency)
        session.add(
            UsagePoolRow(
                key=key,
                deal=quote.deal,
                term=quote.term,
                reference=charge.reference,
                name=line.name,
                paid_minor=charge.amount.minor,
                credit_minor=credit.minor,
                currency=quote.currency,
                priority=line.prepaid.priority,
                overage_percent=str(line.prepaid.overage_percent),
                starts_on=charge.period.start,
                ends_on=charge.period.end if recurs else quote.ends_on,
                is_top_up=False,
            )
        )


def top_ups(session: Session, deal: str, term: int) -> Iterable[UsagePoolRow]:
    """Return the credit that was topped up in a term, in the order it was."""
    statement = select(UsagePoolRow).where(
        UsagePoolRow.deal == deal, UsagePoolRow.term == term, col(UsagePoolRow.is_top_up).is_(True)
    )
    return session.exec(statement.order_by(col(UsagePoolRow.id)))


def break_pools(
    session: Session, contract: ContractRow, on: date, recorded_at: datetime
) -> date | None:
    """Earn what was never used of the pools that have closed; return when the next one closes.

    Breakage is earned when the customer can use the credit no more (ASC 606-10-55-48).
    """
    later: list[date] = []
    for state in pool_states(session, contract.deal).values():
        if state.closes_on > on:
            later.append(state.closes_on)
        elif not state.breakage.is_zero:
            header = EntryHeader(
                key=breakage_key(contract.deal, state.key),
                entity=contract.entity,
                deal=contract.deal,
                customer=contract.customer,
                booked_on=max(state.closes_on - _ONE_DAY, state.period.start),
                cause=contract.number,
                text=f"Breakage of {state.key}",
            )
            position = journal.contract_position(session, contract.deal, contract.currency)
            scope = scope_of(deal_row(session, contract.deal))
            entry = revenue_entry(header, state.breakage, position)
            journal.post(session, entry, recorded_at, scope)
    return min(later, default=None)
