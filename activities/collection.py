"""Collect: record and apply payments, and write the reminders of overdue invoices.

What spans deals (one payment for three of them, one letter over all overdue items) is decided in
one step under the customer's lock.
"""

import hashlib
from collections.abc import Sequence
from datetime import date

from sqlmodel import Session, col, select
from temporalio import activity

from activities import journal
from activities.accounts import account_of, deal_row, deals_of, open_items, scope_of
from activities.numbering import lock, next_number
from activities.payers import is_paid_by, paid_by
from activities.ports import Office
from activities.register import customer_of, dunning_policy, entity_of
from activities.signatures import DUN, READ_ACCOUNT, RECORD_PAYMENT
from activities.transmitting import undelivered
from activities.withholding import settle_withheld
from models.collection import (
    Applied,
    CashApplication,
    DunningDue,
    DunningPolicy,
    OpenItem,
    apply_payment,
    due_step,
)
from models.currencies import is_currency
from models.errors import NotFoundError, Problem
from models.ledger import EntryHeader, payment_entry, payment_key
from models.money import Money
from models.steps import Account, Dun, Dunned, PaymentRecorded, ReadAccount, RecordPayment
from models.tables import (
    DealRow,
    InvoiceRow,
    PaymentApplicationRow,
    PaymentRow,
    ReminderItemRow,
    ReminderRow,
)
from models.value import Value


class LetterItems(Value):
    """The open items of a reminder as they stood when it was written."""

    items: tuple[OpenItem, ...]


class CollectionActivities:
    """Keeps what customers owe."""

    def __init__(self, office: Office) -> None:
        self._office = office

    @activity.defn(name=READ_ACCOUNT.name, no_thread_cancel_exception=True)
    def read_account(self, step: ReadAccount) -> Account:
        """Return what is owed on a deal; `known` is False for a payment that is not on record.

        Safe to retry: it only reads.
        """

        def read(session: Session) -> Account:
            account = account_of(session, step.deal, step.on).model_copy(
                update={"undelivered": undelivered(session, step.deal)}
            )
            if step.payment and not _concerns(session, step.payment, step.deal):
                return account.model_copy(update={"known": False})
            return account

        return self._office.books.read(read)

    @activity.defn(name=RECORD_PAYMENT.name, no_thread_cancel_exception=True)
    def record_payment(self, request: RecordPayment) -> PaymentRecorded:
        """Record a payment and set it against open invoices, or say why it is refused.

        Safe to retry: a payment is on record once per provider and reference; the stored outcome is
        returned again, and other content under the same reference is refused.
        """
        return self._office.books.write(lambda session: self._record(session, request))

    def _record(self, session: Session, request: RecordPayment) -> PaymentRecorded:
        lock(session, f"customer:{request.customer}")
        known = session.exec(
            select(PaymentRow).where(
                PaymentRow.provider == request.provider, PaymentRow.reference == request.reference
            )
        ).first()
        if known is not None:
            return _repeated(session, known, request)
        items = open_items(session, customer=request.customer)
        problems = _problems(session, request, items)
        if problems:
            return _refused(problems)
        return self._apply(session, request, _of_scope(session, request, items))

    def _apply(
        self, session: Session, request: RecordPayment, items: Sequence[OpenItem]
    ) -> PaymentRecorded:
        amount = Money(minor=request.amount_minor, currency=request.currency)
        open_here = [item for item in items if item.balance.currency == request.currency]
        owners = deals_of(session, [item.invoice for item in open_here])
        references = request.invoices or tuple(
            item.invoice for item in open_here if request.deal in owners.get(item.invoice, ())
        )
        outcome = apply_payment(amount, open_here, references)
        entity = entity_of(session, _entity_number(session, request, outcome))
        scope = _scope(session, request, outcome)
        number, _, _, _ = next_number(session, entity, "PAY", request.received_on, scope)
        payment = _payment_row(request, outcome, (number, entity.number, scope))
        session.add(payment)
        session.flush()
        session.add_all(_application_rows(outcome, payment))
        deals = _touched(session, outcome.applied, request)
        header = EntryHeader(
            key=payment_key(number),
            entity=entity.number,
            deal=deals[0] if len(deals) == 1 else "",
            customer=request.customer,
            booked_on=request.received_on,
            cause=number,
            text=f"Payment {request.provider} {request.reference}",
        )
        entry = payment_entry(header, amount, outcome.applied)
        now = self._office.wall_clock()
        journal.post(session, entry, now, scope)
        moment = (request.received_on, now)
        settle_withheld(session, payment, outcome.applied, open_here, moment)
        return _recorded(payment, outcome.applied, deals)

    @activity.defn(name=DUN.name, no_thread_cancel_exception=True)
    def dun(self, step: Dun) -> Dunned:
        """Write at most one reminder for the deal's customer today, over all its overdue items.

        Safe to retry: each level of an invoice is on record once, and so is each letter of a day.
        """
        return self._office.books.write(lambda session: self._dun(session, step))

    def _dun(self, session: Session, step: Dun) -> Dunned:
        deal = _as_debtor(session, deal_row(session, step.deal))
        lock(session, f"customer:{deal.customer}")
        scope, policy = scope_of(deal), dunning_policy(session)
        items = _items_to_remind(session, deal)
        found = [
            (item, due)
            for item in items
            if (due := due_step(policy, item, step.on)) is not None
            and (item.deal == step.deal or not due.step.is_decision)
        ]
        letter = _letter_of(session, deal, scope, step.on)
        if letter is None:
            letter = _write_letter(session, deal, scope, step.on, (policy, found))
        else:
            found = [(item, due) for item, due in found if not due.step.is_letter]
        _record_levels(session, found, letter, step.on)
        is_ours = letter is not None and letter.deal == step.deal
        return Dunned(
            letter=letter.number if letter and is_ours else "",
            covered_by=letter.number if letter and not is_ours else "",
            level=letter.level if letter else 0,
            decision_needed=_needs_decision(session, step),
            account=account_of(session, step.deal, _day_after(step.on)),
        )


def _day_after(day: date) -> date:
    return date.fromordinal(day.toordinal() + 1)


def _concerns(session: Session, payment: str, deal: str) -> bool:
    """Whether a payment is on record and its customer is the deal's."""
    row = session.get(PaymentRow, payment)
    return row is not None and is_paid_by(session, deal_row(session, deal), row.customer)


def _hash(request: RecordPayment) -> str:
    content = request.model_dump_json(exclude={"actor", "test_clock"})
    return hashlib.sha256(content.encode()).hexdigest()


def _refused(problems: Sequence[Problem]) -> PaymentRecorded:
    text = "; ".join(str(one) for one in problems)
    return PaymentRecorded(refused_because=text, problems=tuple(problems))


def _repeated(session: Session, known: PaymentRow, request: RecordPayment) -> PaymentRecorded:
    if known.request_hash != _hash(request):
        on_record = f"{request.provider} {request.reference} is on record as {known.number}"
        reason = f"{on_record} with other content"
        remedy = "check the reference; each payment has its own"
        return _refused([Problem(field="reference", reason=reason, remedy=remedy)])
    rows = session.exec(
        select(PaymentApplicationRow)
        .where(PaymentApplicationRow.payment == known.number)
        .order_by(col(PaymentApplicationRow.id))
    ).all()
    applied = tuple(
        Applied(
            invoice=row.invoice,
            deal=row.deal,
            amount=Money(minor=row.amount_minor, currency=row.currency),
        )
        for row in rows
    )
    deals = _touched(session, applied, request)
    return _recorded(known, applied, deals).model_copy(update={"repeated": True})


def _touched(
    session: Session, applied: Sequence[Applied], request: RecordPayment
) -> tuple[str, ...]:
    """Return the deals with lines on the invoices a payment settles, else the one it names."""
    owners = deals_of(session, [part.invoice for part in applied])
    found = tuple(
        dict.fromkeys(deal for part in applied for deal in owners.get(part.invoice, (part.deal,)))
    )
    return found or ((request.deal,) if request.deal else ())


def _recorded(
    payment: PaymentRow, applied: Sequence[Applied], deals: tuple[str, ...]
) -> PaymentRecorded:
    settled = sum(part.amount.minor for part in applied)
    return PaymentRecorded(
        payment=payment.number,
        deals=deals,
        applied_minor=settled,
        unapplied_minor=payment.amount_minor - settled,
    )


def _problems(
    session: Session, request: RecordPayment, items: Sequence[OpenItem]
) -> tuple[Problem, ...]:
    """Return everything that keeps a payment from being recorded."""
    problems = []
    if request.amount_minor <= 0:
        problems.append(
            Problem(field="amount", reason="is not above zero", remedy="name what was received")
        )
    if not is_currency(request.currency):
        reason, remedy = f"{request.currency!r} is no currency", "use an ISO 4217 code"
        problems.append(Problem(field="currency", reason=reason, remedy=remedy))
    if not request.reference:
        remedy = "name the bank's or provider's reference, so that it counts once"
        problems.append(Problem(field="reference", reason="is empty", remedy=remedy))
    try:
        customer_of(session, request.customer)
    except NotFoundError as error:
        remedy = "see `q2c customer list`"
        return (*problems, Problem(field="customer", reason=str(error), remedy=remedy))
    problems += _target_problems(session, request)
    currencies = sorted({item.balance.currency for item in items})
    if not problems and currencies and request.currency not in currencies:
        reason = f"is {request.currency}, but open invoices are in {', '.join(currencies)}"
        remedy = "cash never crosses currencies silently; convert it first"
        problems.append(Problem(field="currency", reason=reason, remedy=remedy))
    return tuple(problems)


def _target_problems(session: Session, request: RecordPayment) -> list[Problem]:
    """Return what is wrong with the invoices and the deal a payment names."""
    found = [
        problem
        for number in request.invoices
        for problem in _invoice_problems(session, request, number)
    ]
    if request.deal:
        found += _deal_problems(session, request)
    elif _first_deal(session, request.customer) is None:
        reason = f"{request.customer} has no deal to pay for"
        found.append(Problem(field="customer", reason=reason, remedy="see `q2c deal list`"))
    return found


def _invoice_problems(session: Session, request: RecordPayment, number: str) -> list[Problem]:
    row = session.get(InvoiceRow, number)
    if row is None or row.customer != request.customer:
        reason = f"customer {request.customer} has no invoice {number}"
        return [Problem(field="invoices", reason=reason, remedy="see `q2c books receivables`")]
    if row.currency != request.currency:
        reason = f"is {request.currency}, but invoice {number} is in {row.currency}"
        return [Problem(field="currency", reason=reason, remedy=f"pay in {row.currency}")]
    return []


def _deal_problems(session: Session, request: RecordPayment) -> list[Problem]:
    row = session.get(DealRow, request.deal)
    if row is None or not is_paid_by(session, row, request.customer):
        reason = f"customer {request.customer} has no deal {request.deal}"
        return [Problem(field="deal", reason=reason, remedy="see `q2c deal list`")]
    if row.currency != request.currency:
        reason = f"is {request.currency}, but deal {request.deal} is in {row.currency}"
        return [Problem(field="currency", reason=reason, remedy=f"pay in {row.currency}")]
    return []


def _of_scope(
    session: Session, request: RecordPayment, items: Sequence[OpenItem]
) -> list[OpenItem]:
    """Keep deals on a test clock apart: only a payment that names one is set against it."""
    on_test_clock = {
        row.number
        for row in session.exec(
            select(DealRow).where(
                col(DealRow.customer).in_(paid_by(session, request.customer)),
                col(DealRow.test_clock).is_(True),
            )
        )
    }
    named = {request.deal} | {item.deal for item in items if item.invoice in request.invoices}
    if named & on_test_clock:
        return [item for item in items if item.deal in named & on_test_clock]
    return [item for item in items if item.deal not in on_test_clock]


def _entity_number(session: Session, request: RecordPayment, outcome: CashApplication) -> str:
    deals = [part.deal for part in outcome.applied] or ([request.deal] if request.deal else [])
    if deals:
        return deal_row(session, deals[0]).entity
    first = _first_deal(session, request.customer)
    if first is None:
        raise NotFoundError(f"Customer {request.customer} has no deal to pay for")
    return first.entity


def _first_deal(session: Session, customer: str) -> DealRow | None:
    statement = select(DealRow).where(col(DealRow.customer).in_(paid_by(session, customer)))
    return session.exec(statement.order_by(col(DealRow.started_at), col(DealRow.number))).first()


def _scope(session: Session, request: RecordPayment, outcome: CashApplication) -> str:
    deals = [part.deal for part in outcome.applied] or ([request.deal] if request.deal else [])
    return scope_of(deal_row(session, deals[0])) if deals else ""


def _payment_row(
    request: RecordPayment, outcome: CashApplication, place: tuple[str, str, str]
) -> PaymentRow:
    number, entity, scope = place
    return PaymentRow(
        number=number,
        provider=request.provider,
        reference=request.reference,
        request_hash=_hash(request),
        entity=entity,
        customer=request.customer,
        currency=request.currency,
        amount_minor=request.amount_minor,
        received_on=request.received_on,
        rule=outcome.rule,
        actor=request.actor,
        scope=scope,
    )


def _application_rows(outcome: CashApplication, payment: PaymentRow) -> list[PaymentApplicationRow]:
    return [
        PaymentApplicationRow(
            payment=payment.number,
            invoice=part.invoice,
            deal=part.deal,
            amount_minor=part.amount.minor,
            currency=part.amount.currency,
            applied_on=payment.received_on,
        )
        for part in outcome.applied
    ]


def _as_debtor(session: Session, deal: DealRow) -> DealRow:
    """Return a copy of a deal's row under the customer who owes its oldest open invoice."""
    items = open_items(session, deal=deal.number)
    owing = session.get_one(InvoiceRow, items[0].invoice).customer if items else deal.customer
    return DealRow(**{**deal.model_dump(), "customer": owing})


def _items_to_remind(session: Session, deal: DealRow) -> list[OpenItem]:
    """Return the customer's open items in the deal's currency; a test clock's deal stands alone."""
    if deal.test_clock:
        items = open_items(session, deal=deal.number)
        return [item for item in items if not item.written_off]
    items = open_items(session, customer=deal.customer, currency=deal.currency)
    return [
        item
        for item in items
        if not item.written_off and not deal_row(session, item.deal).test_clock
    ]


def _letter_of(session: Session, deal: DealRow, scope: str, on: date) -> ReminderRow | None:
    return session.exec(
        select(ReminderRow).where(
            ReminderRow.customer == deal.customer,
            ReminderRow.currency == deal.currency,
            ReminderRow.scope == scope,
            ReminderRow.written_on == on,
        )
    ).first()


def _write_letter(
    session: Session,
    deal: DealRow,
    scope: str,
    on: date,
    due: tuple[DunningPolicy, Sequence[tuple[OpenItem, DunningDue]]],
) -> ReminderRow | None:
    policy, found = due
    letters = [(item, one) for item, one in found if one.step.is_letter]
    if not letters:
        return None
    entity = entity_of(session, deal.entity)
    number, _, _, _ = next_number(session, entity, "REM", on, scope)
    letter = ReminderRow(
        number=number,
        entity=deal.entity,
        customer=deal.customer,
        currency=deal.currency,
        scope=scope,
        deal=deal.number,
        written_on=on,
        level=max(one.step.level for _, one in letters),
        policy_version=policy.version,
        content=LetterItems(items=tuple(item.as_expected for item, _ in letters)).model_dump_json(),
    )
    session.add(letter)
    session.flush()
    return letter


def _record_levels(
    session: Session,
    found: Sequence[tuple[OpenItem, DunningDue]],
    letter: ReminderRow | None,
    on: date,
) -> None:
    """Record the levels reached and passed over."""
    for item, due in found:
        reached = "sent" if due.step.is_letter else "decision" if due.step.is_decision else "due"
        levels = [(level, "skipped") for level in due.skipped] + [(due.step.level, reached)]
        for level, status in levels:
            sent = status == "sent" and letter is not None
            session.add(
                ReminderItemRow(
                    invoice=item.invoice,
                    level=level,
                    reminder=letter.number if sent and letter else None,
                    status=status,
                    on=on,
                )
            )
    session.flush()


def _needs_decision(session: Session, step: Dun) -> bool:
    """Whether one of the deal's invoices came to the decision today, however often it is asked."""
    statement = (
        select(ReminderItemRow)
        .join(InvoiceRow, col(InvoiceRow.number) == col(ReminderItemRow.invoice))
        .where(InvoiceRow.deal == step.deal)
        .where(ReminderItemRow.status == "decision", ReminderItemRow.on == step.on)
    )
    return session.exec(statement).first() is not None
