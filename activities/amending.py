"""Amend: change the contract of a running term, from now on or for days that are past.

An amendment is asked for, approved where the policy demands it, and booked; booked ones count. What
it leads to is computed from the contract as it stands and its delta, so that it can be shown before
it happens by doing it and taking it back.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from sqlmodel import Session, col, func, select
from temporalio import activity

from activities.accounts import deal_row
from activities.amended_books import Booking, book_plan
from activities.amended_promises import book_promises
from activities.approval_paths import current_path
from activities.contract_versions import contract_of, state_of
from activities.numbering import lock
from activities.ports import Office
from activities.pricing import (
    Draft,
    file_of_version,
    make_version,
    price_list_now,
    price_list_of,
    priced,
    quote_version,
)
from activities.revision import append_file
from activities.signatures import AMEND_DEAL, BOOK_AMENDMENT
from models.amended_contract import Effect, lines_of_contract, recurs
from models.amended_plan import ChargeChange, LineVersion, Terms, changes, difference
from models.amendment import (
    AmendmentDelta,
    ContractState,
    amended_file,
    amended_state,
    reason_of,
    require_fitting,
)
from models.approval import StepStatus
from models.deal_file import DealFile
from models.errors import InvalidInputError, ParkedError, Problem, told
from models.fulfillment import order_lines
from models.money import Money
from models.periods import Interval
from models.plan import Calendar
from models.quote_diff import diff_quotes
from models.quoting import Quote
from models.steps import AmendDeal, BookAmendment, DealAmended, DealStep, QuotePriced
from models.tables import (
    AmendmentBookedRow,
    AmendmentRow,
    ContractRow,
    OrderLineRow,
    PlannedChargeRow,
    WorkOrderRow,
)
from models.usage_terms import UsageTerms


def amendment_document(deal: str, number: int) -> str:
    """Return the number of an amendment's confirmation."""
    return f"AM-{deal}-{number}"


@dataclass(frozen=True)
class Change:
    """An amendment and the two versions of the contract it stands between."""

    contract: ContractRow
    delta: AmendmentDelta
    before: ContractState
    after: ContractState
    old: Quote
    new: Quote
    number: int

    def terms(self, step: DealStep) -> Terms:
        """Return what the change is computed under."""
        term = Interval(start=self.before.starts_on, end=self.before.term_ends_on)
        return Terms(
            calendar=Calendar(term.start, term.end, self.old.anchor_on, self.old.billing.terms),
            term=term,
            zone=self.old.time_zone or "UTC",
            since=self.delta.first_on(step.on),
            booked_on=step.on,
            when=self.delta.when,
        )

    def versions(self) -> tuple[Mapping[str, LineVersion], Mapping[str, LineVersion]]:
        """Return the charges before and after; those that are added have no amendment's name."""
        old = lines_of_contract(self.old, self.before.numbers, 0)
        new = lines_of_contract(self.new, self.after.numbers, self.number)
        plain = lines_of_contract(self.new, self.after.numbers, 0)
        named = {key: line if key in old else plain[key] for key, line in new.items()}
        return (
            {key: LineVersion(line, _off(self.before, line.number)) for key, line in old.items()},
            {key: LineVersion(line, _off(self.after, line.number)) for key, line in named.items()},
        )

    def changes(self, step: DealStep) -> tuple[ChargeChange, ...]:
        """Return what differs, charge by charge."""
        return changes(*self.versions(), self.terms(step))


def _off(state: ContractState, number: str) -> tuple[Interval, ...]:
    return state.off(int(number.partition(".")[0]))


class AmendmentActivities:
    """Changes running contracts."""

    def __init__(self, office: Office) -> None:
        self._office = office

    @activity.defn(name=AMEND_DEAL.name, no_thread_cancel_exception=True)
    def amend_deal(self, step: AmendDeal) -> DealAmended:
        """Put an amendment on record, and book it unless somebody has to approve it first.

        A refused one writes nothing. Safe to retry: an amendment is on record once per command.
        """
        return self.or_problems(
            lambda: self._office.books.write(lambda session: self.amend(session, step))
        )

    @activity.defn(name=BOOK_AMENDMENT.name, no_thread_cancel_exception=True)
    def book_amendment(self, step: BookAmendment) -> DealAmended:
        """Book an amendment that is approved.

        Safe to retry: an amendment is booked once under its number.
        """
        return self.or_problems(
            lambda: self._office.books.write(lambda session: self.book(session, step))
        )

    @staticmethod
    def or_problems(make: Callable[[], DealAmended]) -> DealAmended:
        """Return what came of an amendment, or everything that kept it from being made."""
        try:
            return make()
        except InvalidInputError as error:
            return DealAmended(problems=told(error.problems))
        except ParkedError as error:
            problem = Problem(field="approval", reason=str(error), remedy="publish who approves")
            return DealAmended(problems=(problem,))

    def amend(self, session: Session, step: AmendDeal) -> DealAmended:
        """Amend within a transaction; raises what `or_problems` answers."""
        lock(session, f"deal:{step.deal}")
        known = session.exec(
            select(AmendmentRow).where(
                AmendmentRow.deal == step.deal, AmendmentRow.command_id == step.command_id
            )
        ).first()
        if known is None:
            known = self._ask(session, step)
        asked = self._priced(session, known)
        if all(one.status is StepStatus.APPROVED for one in asked.steps):
            return self._booked(session, step, known)
        return DealAmended(number=known.number, version=known.base_version, priced=asked)

    def _ask(self, session: Session, step: AmendDeal) -> AmendmentRow:
        contract = _contract(session, step)
        state = state_of(session, contract)
        file, _ = file_of_version(session, step.deal, state.quote_version)
        _require_in_force(step, state)
        require_fitting(file, state, step.delta, step.on)
        old = quote_version(session, step.deal, state.quote_version)
        _require_net(old)
        _require_recurring(old, state, step.delta)
        new = old
        if step.delta.changes_prices:
            new = self._price(session, step, contract, (file, state, old))
            _require_usage_kept(old, new)
        number = _next_number(session, step.deal)
        after = amended_state(state, step.delta, step.on)
        after = after.model_copy(update={"quote_version": new.version})
        change = Change(contract, step.delta, state, after, old, new, number)
        _require_consent(change, step)
        row = _row(step, change)
        session.add(row)
        session.flush()
        return row

    def _price(
        self,
        session: Session,
        step: AmendDeal,
        contract: ContractRow,
        base: tuple[DealFile, ContractState, Quote],
    ) -> Quote:
        """Price the changed deal file by the engine of quotes, and freeze who has to approve it."""
        file, state, old = base
        changed = amended_file(file, state, step.delta)
        changed = changed.model_copy(update={"starts_on": contract.starts_on})
        prices = price_list_now(session, step.on) if step.delta.reprice else None
        draft = Draft(
            file=changed,
            file_revision=append_file(session, step, changed),
            price_list=prices or price_list_of(session, step.deal, old.version),
            previous=current_path(session, step.deal, old.version),
            creator=step.actor,
            amends=True,
        )
        return make_version(session, step, draft)

    def _priced(self, session: Session, row: AmendmentRow) -> QuotePriced:
        """Return the approvals an amendment needs: none, if it changes no price."""
        delta = AmendmentDelta.model_validate_json(row.delta)
        if not delta.changes_prices:
            return QuotePriced()
        quote = quote_version(session, row.deal, row.quote_version)
        return priced(session, quote, self._office.holidays)

    def book(self, session: Session, step: BookAmendment) -> DealAmended:
        """Book within a transaction an amendment that was asked for."""
        lock(session, f"deal:{step.deal}")
        row = session.exec(
            select(AmendmentRow).where(
                AmendmentRow.deal == step.deal, AmendmentRow.number == step.number
            )
        ).one()
        return self._booked(session, step, row)

    def _booked(self, session: Session, step: DealStep, row: AmendmentRow) -> DealAmended:
        done = session.exec(
            select(AmendmentBookedRow).where(
                AmendmentBookedRow.deal == row.deal, AmendmentBookedRow.number == row.number
            )
        ).first()
        if done is None:
            done = self._write(session, step, row)
        effect = Effect.model_validate_json(done.effect)
        after = ContractState.model_validate_json(row.state)
        delta = AmendmentDelta.model_validate_json(row.delta)
        return DealAmended(
            number=row.number,
            version=done.version,
            booked=True,
            document=amendment_document(row.deal, row.number),
            credit_notes=effect.credit_notes,
            ends_on=after.ends_on,
            ended_early=delta.end_on is not None,
            orders=bool(delta.add),
            price_minor=done.price_after_minor,
        )

    def _write(self, session: Session, step: DealStep, row: AmendmentRow) -> AmendmentBookedRow:
        change = _change_of(session, row)
        before, after = change.versions()
        booking = Booking(
            session=session,
            office=self._office,
            step=step,
            contract=change.contract,
            number=row.number,
            reason=_printed_reason(row),
            terms=change.terms(step),
            before=before,
        )
        found = change.changes(step)
        price = _planned_price(session, change.contract)
        written = book_plan(booking, found)
        ends = change.delta.end_on is not None
        treatment = book_promises(booking, after, found, written, ends=ends)
        _order(session, step, change)
        moved = _planned_price(session, change.contract) - price
        deal = deal_row(session, row.deal)
        if deal.term == row.term:
            deal.total_minor += moved.minor
        effect = Effect(
            version=change.after.version,
            effective_on=row.effective_on,
            booked_on=step.on,
            treatment=treatment,
            changes=found,
            canceled=tuple(written.canceled),
            credited=tuple(written.credited),
            planned=tuple(written.planned),
            credit_notes=tuple(written.notes),
            price_before=price,
            price_after=price + moved,
            arr_before=_arr(change.old, change.before),
            arr_after=_arr(change.new, change.after),
        )
        booked = _booked_row(row, effect, step)
        session.add(booked)
        session.flush()
        return booked


def _contract(session: Session, step: DealStep) -> ContractRow:
    contract = contract_of(session, step.deal, step.term)
    if contract is None:
        reason = f"deal {step.deal} has no contract for term {step.term}"
        raise InvalidInputError([Problem(field="deal", reason=reason, remedy="revise its quote")])
    return contract


def _require_in_force(step: AmendDeal, state: ContractState) -> None:
    if step.base_version not in (0, state.version):
        reason = f"is {step.base_version}, and version {state.version} is in force"
        remedy = "read the contract again and amend what it is now"
        raise InvalidInputError([Problem(field="base_version", reason=reason, remedy=remedy)])
    if step.signed_on is not None and step.signed_on > step.on:
        reason = f"{step.signed_on} has not come yet"
        raise InvalidInputError([Problem(field="signed_on", reason=reason)])


def _require_net(quote: Quote) -> None:
    """Refuse to split charges with tax in them: their net parts would not come to their price."""
    if quote.prices_include_tax:
        reason = "has prices with tax in them, which cannot be changed within a term"
        remedy = "end the contract with its term, or sell the change as a deal of its own"
        problem = Problem(field=f"deal {quote.deal}", reason=reason, remedy=remedy)
        raise InvalidInputError([problem])


def _require_recurring(old: Quote, state: ContractState, delta: AmendmentDelta) -> None:
    """Refuse to amend what was sold once: it is delivered, given up or returned."""
    recurring = {
        int(line.number.partition(".")[0])
        for line in lines_of_contract(old, state.numbers, 0).values()
        if recurs(line)
    }
    problems = [
        Problem(
            field=f"delta.lines[{index}].line",
            reason=f"line {one.line} is sold once",
            remedy="give it up by cancel-line, credit it, or add another line",
        )
        for index, one in enumerate(delta.lines)
        if one.line not in recurring
    ]
    problems += _scheduled(old, state, delta)
    if problems:
        raise InvalidInputError(problems)


def _scheduled(old: Quote, state: ContractState, delta: AmendmentDelta) -> Iterator[Problem]:
    """Yield the lines billed by a schedule, whose parts are for no days of their own."""
    changed = {one.line for one in delta.lines}
    if delta.suspend is not None:
        changed |= set(delta.suspend.lines or state.numbers)
    elif not delta.changes_prices:
        changed = set(state.numbers)
    for line in old.firm:
        number = state.numbers[int(line.number.partition(".")[0]) - 1]
        if number in changed and old.billing.scheduled(line.number)[0]:
            reason = f"line {number} is billed by a schedule"
            remedy = "credit what was billed, and agree on the rest in a deal of its own"
            yield Problem(field="delta", reason=reason, remedy=remedy)


def _require_usage_kept(old: Quote, new: Quote) -> None:
    """Refuse to add, drop or reprice what is charged by usage: its terms hold for a whole term."""
    before, after = _usage_of(old), _usage_of(new)
    problems = [
        Problem(
            field="delta",
            reason=f"{sku}/{charge} is charged by usage, whose terms hold until the term ends",
            remedy="change it with the renewal, or sell it in a deal of its own",
        )
        for sku, charge in sorted({*before, *after})
        if before.get((sku, charge)) != after.get((sku, charge))
    ]
    if problems:
        raise InvalidInputError(problems)


def _usage_of(quote: Quote) -> dict[tuple[str, str], UsageTerms]:
    """Return what a quote says about usage, but for what is expected of it."""
    unexpected = {"estimated": Decimal(0), "estimate": Money.zero(quote.currency)}
    return {
        (line.sku, line.charge): line.usage.model_copy(update=unexpected)
        for line in quote.firm
        if line.usage is not None
    }


def _require_consent(change: Change, step: AmendDeal) -> None:
    """Ask for the customer's acceptance of whatever costs them more."""
    before, _ = change.versions()
    more = difference(change.changes(step), before, change.terms(step))
    if more is not None and more.minor > 0 and not step.accepted_by.strip():
        reason = f"is missing; the customer pays {more} more"
        remedy = "name who accepted it at the customer, with their order number"
        raise InvalidInputError([Problem(field="accepted_by", reason=reason, remedy=remedy)])


def _next_number(session: Session, deal: str) -> int:
    statement = select(func.max(AmendmentRow.number)).where(AmendmentRow.deal == deal)
    return (session.exec(statement).one() or 0) + 1


def _row(step: AmendDeal, change: Change) -> AmendmentRow:
    rise = change.new.arr - change.old.arr
    return AmendmentRow(
        deal=step.deal,
        term=step.term,
        number=change.number,
        base_version=change.before.version,
        quote_version=change.new.version,
        effective_on=step.delta.first_on(step.on),
        signed_on=step.signed_on or step.on,
        reason_code=reason_of(step.delta, rise.minor).value,
        reason=step.reason.strip(),
        delta=step.delta.model_dump_json(exclude_defaults=True),
        state=change.after.model_dump_json(),
        diff=diff_quotes(change.old, change.new).model_dump_json(),
        accepted_by=step.accepted_by.strip(),
        purchase_order=step.purchase_order.strip(),
        actor=step.actor,
        channel=step.channel.value,
        command_id=step.command_id,
        proposed_at=step.at,
    )


def _change_of(session: Session, row: AmendmentRow) -> Change:
    """Return an amendment as it stands on record, between the versions it was made for."""
    contract = contract_of(session, row.deal, row.term)
    if contract is None:
        raise LookupError(row.deal)
    before, after = state_of(session, contract), ContractState.model_validate_json(row.state)
    return Change(
        contract=contract,
        delta=AmendmentDelta.model_validate_json(row.delta),
        before=before,
        after=after,
        old=quote_version(session, row.deal, before.quote_version),
        new=quote_version(session, row.deal, after.quote_version),
        number=row.number,
    )


def _printed_reason(row: AmendmentRow) -> str:
    said = f": {row.reason}" if row.reason else ""
    return f"{amendment_document(row.deal, row.number)} from {row.effective_on}{said}"


def _planned_price(session: Session, contract: ContractRow) -> Money:
    statement = select(func.coalesce(func.sum(PlannedChargeRow.amount_minor), 0)).where(
        PlannedChargeRow.deal == contract.deal,
        PlannedChargeRow.term == contract.term,
        col(PlannedChargeRow.canceled_on).is_(None),
    )
    return Money(minor=int(session.exec(statement).one()), currency=contract.currency)


def _arr(quote: Quote, state: ContractState) -> Money:
    """Return what recurs in a year; nothing once the contract ends before its term."""
    ended = state.ends_on < state.term_ends_on
    return Money.zero(quote.currency) if ended else quote.arr


def _order(session: Session, step: DealStep, change: Change) -> None:
    """Order what was added: goods wait for stock, subscriptions are provisioned."""
    added = set(range(change.before.next_number, change.after.next_number))
    plain = lines_of_contract(change.new, change.after.numbers, 0).values()
    lines = order_lines([one for one in plain if int(one.number.partition(".")[0]) in added])
    for line in lines:
        session.add(
            OrderLineRow(
                deal=step.deal,
                term=step.term,
                reference=line.reference,
                sku=line.sku,
                status=line.status.value,
                content=line.model_dump_json(),
            )
        )
    for department in sorted({line.department for line in lines}):
        mine = [line.reference for line in lines if line.department == department]
        session.add(
            WorkOrderRow(
                number=f"WO-{step.deal}-{department}-{change.number}",
                deal=step.deal,
                term=step.term,
                department=department,
                references=",".join(mine),
                opened_on=step.on,
            )
        )


def _booked_row(row: AmendmentRow, effect: Effect, step: DealStep) -> AmendmentBookedRow:
    return AmendmentBookedRow(
        deal=row.deal,
        term=row.term,
        number=row.number,
        version=effect.version,
        booked_on=step.on,
        treatment=effect.treatment.value,
        currency=effect.price_after.currency,
        price_before_minor=effect.price_before.minor,
        price_after_minor=effect.price_after.minor,
        arr_before_minor=effect.arr_before.minor,
        arr_after_minor=effect.arr_after.minor,
        effect=effect.model_dump_json(),
        booked_at=step.at,
    )
