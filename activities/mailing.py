"""Mailing: who gets which letter, with which token."""

from collections.abc import Callable, Mapping
from copy import copy
from datetime import UTC, date, datetime, time

from sqlmodel import Session, col, select

from activities import letters, negotiation_letters
from activities.accounts import deal_row
from activities.approval_paths import current_path
from activities.collection import LetterItems
from activities.contract import signers_of
from activities.formats import Formats, formats_for
from activities.letters import Letter, Request, Subject
from activities.mail import OutgoingMail
from activities.negotiation import quote_link
from activities.pricing import file_of_version, quote_version
from activities.register import customer_of, delegations, dunning_policy, entity_of, people
from models.approval import ApprovalPath, ApprovalStep, StepStatus, reasons_asked
from models.approval_counter import ApproverCounter
from models.contract import SIGNED
from models.credit_notes import CreditNote
from models.credit_steps import SendStatement
from models.deal_file import RenewalTerms
from models.decision_link import DecisionLink, link_url
from models.decisions import DecisionKind, decision_token
from models.delegation import delegates_of
from models.documents import DocumentKind, ReceiptDocument, StatementDocument
from models.fulfillment import OrderLine
from models.links import link_token
from models.money import Money
from models.negotiation import described
from models.parties import Contact, Customer, Role, language_between
from models.quoting import Quote
from models.renewal import renewal_calendar
from models.revision import Origin, QuoteDelta
from models.steps import DealStep, Notice, Notify, PublishDocument
from models.tables import (
    AmendmentRow,
    CommentRow,
    ContractRow,
    CounterAnswerRow,
    CounterOfferRow,
    CreditNoteRow,
    DealRow,
    DecisionRow,
    InvoiceRow,
    InvoiceVoidRow,
    OrderLineRow,
    ReminderRow,
    WorkOrderRow,
)
from models.words import MailWords, spoken, words_for

BILLING = "billing"
"""The role of the customer contact who gets invoices, receipts and reminders."""


def noon(day: date) -> datetime:
    """Return a moment of a day, for mails that are only dated by day."""
    return datetime.combine(day, time(12), tzinfo=UTC)


class Desk:
    """What the letters of one deal share: its parties, its looks, and how a mail is addressed."""

    def __init__(
        self, session: Session, step: DealStep, secret: bytes, public_url: str = ""
    ) -> None:
        self.session, self.step, self.secret = session, step, secret
        self.public_url = public_url
        self.deal: DealRow = deal_row(session, step.deal)
        self.customer: Customer = customer_of(session, self.deal.customer)
        self.entity = entity_of(session, self.deal.entity)
        self.people = {person.id: person for person in people(session)}
        self.language = language_between(self.customer, self.entity)
        self.looks: Formats = formats_for(self.language)

    def addressed_to(self, customer: str) -> "Desk":
        """Return the same desk with another customer to write to: who pays for the deal's."""
        desk = copy(self)
        desk.customer = customer_of(self.session, customer)
        desk.language = language_between(desk.customer, self.entity)
        desk.looks = formats_for(desk.language)
        return desk

    def about(self, total: Money | None = None) -> Subject:
        """Return what a letter to the customer is about, in the customer's language."""
        return self._about(total, self.language)

    def about_for_us(self, total: Money | None = None) -> Subject:
        """Return what a letter to one of our people is about, in the entity's language."""
        return self._about(total, spoken(self.entity.language))

    def about_for(self, person: str, total: Money | None = None) -> Subject:
        """Return what a letter is about, in the language of whoever gets it."""
        return self.about_for_us(total) if person in self.people else self.about(total)

    def _about(self, total: Money | None, language: str) -> Subject:
        seller = self.people.get(self.deal.seller)
        shown = total or Money(minor=self.deal.total_minor, currency=self.deal.currency)
        return Subject(
            deal=self.deal.number,
            customer=self.customer.legal_name,
            seller=seller.name if seller else self.deal.seller,
            entity=self.entity.legal_name,
            total=formats_for(language).money(shown),
            language=language,
        )

    def request(self, quote: Quote, command: tuple[str, str], person: str, step: str) -> Request:
        """Return a decision asked of a person, with the token that proves it was asked."""
        message, word = command
        token = decision_token(self.secret, quote.deal, step, person, quote.content_hash)
        return Request(
            deal=quote.deal,
            message=message,
            command=word,
            person=person,
            token=token,
            content_hash=quote.content_hash,
            step=step if message == "approve" else "",
        )

    def link(self, quote: Quote, person: str) -> str:
        """Return the address of the buyer page of an offer for a contact; empty without a base."""
        if not self.public_url:
            return ""
        token = link_token(self.secret, quote_link(self.session, quote, person))
        return f"{self.public_url}/q/{token}"

    def mail(self, recipient: str, key: str, letter: Letter) -> OutgoingMail:
        """Address a letter; `key` makes it one mail however often it is sent."""
        return OutgoingMail(
            key=f"{self.deal.number}:{key}:{recipient}",
            sender=self.entity.email,
            recipient=recipient,
            subject=letter.subject,
            text=letter.text,
            sent_at=self.step.at,
        )

    def contact(self, role: str = "") -> Contact:
        """Return the customer's contact for a role, else the first one."""
        matching = [one for one in self.customer.contacts if one.role == role]
        everybody = [*matching, *self.customer.contacts]
        return everybody[0] if everybody else Contact(name="", email=self.entity.email)

    def address(self, person: str) -> str:
        """Return where mail to somebody goes: our people by id, everybody else by address."""
        known = self.people.get(person)
        return known.email if known else person

    def name(self, person: str) -> str:
        """Return what people call somebody of ours."""
        known = self.people.get(person)
        return known.name if known else person

    def notice(self, term: int, about: Subject) -> str:
        """Return the sentence on the last notice day of a term, for the reader of a letter."""
        contract = self.session.exec(
            select(ContractRow).where(
                ContractRow.deal == self.deal.number, ContractRow.term == term
            )
        ).one()
        terms = RenewalTerms.model_validate_json(contract.renewal)
        dates = renewal_calendar(contract.starts_on, contract.ends_on, terms.notice_days)
        looks = formats_for(about.language)
        day = looks.day(dates.last_notice_on)
        if terms.auto_renew:
            return about.words.notice_renews.format(day=day, end=looks.day(dates.ends_on))
        return about.words.notice_ends.format(day=day)


def letters_of(
    session: Session, step: PublishDocument, secret: bytes, public_url: str = ""
) -> list[OutgoingMail]:
    """Return the mails that carry a document."""
    return _WRITERS[step.kind](Desk(session, step, secret, public_url), step)


def _quote(desk: Desk, step: PublishDocument) -> list[OutgoingMail]:
    quote = quote_version(desk.session, step.deal, step.quote_version)
    buyer = desk.contact().email
    asked = desk.request(quote, ("accept_quote", "accept"), buyer, "accept")
    letter = letters.quote(
        desk.about(quote.total),
        asked,
        quote.number,
        desk.looks.day(quote.valid_until),
        link=desk.link(quote, buyer),
    )
    return [desk.mail(buyer, f"quote:{quote.number}", letter)]


def _order_form(desk: Desk, step: PublishDocument) -> list[OutgoingMail]:
    quote = quote_version(desk.session, step.deal, step.quote_version)
    mails = []
    for person, _ in signers_of(desk.session, quote):
        about = desk.about_for(person, quote.total)
        if step.number.endswith(SIGNED):
            copy = letters.signed_copy(about, step.number)
            mails.append(desk.mail(desk.address(person), f"signed:{step.number}", copy))
            continue
        asked = desk.request(quote, ("contract_signed", "sign"), person, "sign")
        letter = letters.signature_request(about, asked, step.number)
        mails.append(desk.mail(desk.address(person), f"sign:{step.number}", letter))
    return mails


def _order_confirmation(desk: Desk, step: PublishDocument) -> list[OutgoingMail]:
    words = words_for(desk.language)
    lines = [
        words.mails.order_line.format(
            quantity=desk.looks.quantity(line.quantity),
            item=line.name,
            status=words.labels.statuses.get(line.status.value, line.status.value),
        )
        for line in _order_lines(desk)
    ]
    letter = letters.order_confirmation(desk.about(), step.number, lines)
    return [desk.mail(desk.contact().email, f"confirmation:{step.number}", letter)]


def _order_lines(desk: Desk) -> list[OrderLine]:
    rows = desk.session.exec(
        select(OrderLineRow)
        .where(OrderLineRow.deal == desk.deal.number)
        .order_by(col(OrderLineRow.id))
    ).all()
    return [OrderLine.model_validate_json(row.content) for row in rows]


def _work_order(desk: Desk, step: PublishDocument) -> list[OutgoingMail]:
    row = desk.session.get_one(WorkOrderRow, step.number)
    mine = row.references.split(",")
    about = desk.about_for_us()
    looks = formats_for(about.language)
    lines = [
        about.words.work_order_line.format(quantity=looks.quantity(line.quantity), item=line.name)
        for line in _order_lines(desk)
        if line.reference in mine
    ]
    letter = letters.work_order(about, step.number, lines)
    department = f"{row.department}@{desk.entity.email.rpartition('@')[2]}"
    return [desk.mail(department, f"work-order:{step.number}", letter)]


def _delivery_note(desk: Desk, step: PublishDocument) -> list[OutgoingMail]:
    letter = letters.delivery_note(step.number, desk.entity.legal_name, desk.language)
    return [desk.mail(desk.contact().email, f"delivery:{step.number}", letter)]


def _invoice(desk: Desk, step: PublishDocument) -> list[OutgoingMail]:
    row = desk.session.get_one(InvoiceRow, step.number)
    desk = desk.addressed_to(row.customer)
    if desk.session.get(InvoiceVoidRow, step.number) is not None:
        return []
    gross = Money(minor=row.gross_minor, currency=row.currency)
    letter = letters.invoice(
        desk.about(), row.number, desk.looks.money(gross), desk.looks.day(row.due_on)
    )
    return [desk.mail(desk.contact(BILLING).email, f"invoice:{row.number}", letter)]


def _credit_note(desk: Desk, step: PublishDocument) -> list[OutgoingMail]:
    row = desk.session.get_one(CreditNoteRow, step.number)
    note = CreditNote.model_validate_json(row.content)
    gross = desk.looks.money(note.gross)
    letter = letters.credit_note(desk.about(), note.number, note.corrects, gross, note.reason)
    return [desk.mail(desk.contact(BILLING).email, f"credit-note:{row.number}", letter)]


def _reminder(desk: Desk, step: PublishDocument) -> list[OutgoingMail]:
    row = desk.session.get_one(ReminderRow, step.number)
    desk = desk.addressed_to(row.customer)
    names = {one.level: one.name for one in dunning_policy(desk.session).steps}
    total = Money.total(
        (item.balance for item in LetterItems.model_validate_json(row.content).items), row.currency
    )
    labels = words_for(desk.language).labels
    name = names.get(row.level, labels.level.format(level=row.level))
    name = labels.level_names.get(name.lower(), name)
    letter = letters.reminder(desk.about(), row.number, name, desk.looks.money(total))
    return [desk.mail(desk.contact(BILLING).email, f"reminder:{row.number}", letter)]


def _renewal_quote(desk: Desk, step: PublishDocument) -> list[OutgoingMail]:
    quote = quote_version(desk.session, step.deal, step.quote_version)
    buyer = desk.contact().email
    asked = desk.request(quote, ("renew", "renew"), buyer, "renew")
    about = desk.about(quote.total)
    notice = desk.notice(quote.term - 1, about)
    letter = letters.renewal_offer(about, asked, quote.number, notice)
    return [desk.mail(buyer, f"renewal:{quote.number}", letter)]


def _amendment(desk: Desk, step: PublishDocument) -> list[OutgoingMail]:
    row = desk.session.exec(
        select(AmendmentRow)
        .where(AmendmentRow.deal == step.deal)
        .where(AmendmentRow.number == int(step.number.rpartition("-")[2]))
    ).one()
    day = desk.looks.day(row.effective_on)
    letter = letters.amendment(step.number, day, desk.entity.legal_name, desk.language)
    return [desk.mail(desk.contact().email, f"amendment:{step.number}", letter)]


_WRITERS: Mapping[DocumentKind, Callable[[Desk, PublishDocument], list[OutgoingMail]]] = {
    DocumentKind.QUOTE: _quote,
    DocumentKind.ORDER_FORM: _order_form,
    DocumentKind.ORDER_CONFIRMATION: _order_confirmation,
    DocumentKind.WORK_ORDER: _work_order,
    DocumentKind.DELIVERY_NOTE: _delivery_note,
    DocumentKind.INVOICE: _invoice,
    DocumentKind.CREDIT_NOTE: _credit_note,
    DocumentKind.REMINDER: _reminder,
    DocumentKind.RENEWAL_QUOTE: _renewal_quote,
    DocumentKind.AMENDMENT: _amendment,
}


def receipt_letter(receipt: ReceiptDocument, step: PublishDocument) -> OutgoingMail:
    """Return the mail that carries a payment's receipt."""
    language = language_between(receipt.customer, receipt.entity)
    looks = formats_for(language)
    contacts = [one for one in receipt.customer.contacts if one.role == BILLING]
    contacts += receipt.customer.contacts
    letter = letters.receipt(
        receipt.number,
        looks.money(receipt.amount),
        looks.money(receipt.balance),
        receipt.entity.legal_name,
        language,
    )
    recipient = contacts[0].email if contacts else receipt.entity.email
    return OutgoingMail(
        key=f"receipt:{receipt.number}:{recipient}",
        sender=receipt.entity.email,
        recipient=recipient,
        subject=letter.subject,
        text=letter.text,
        sent_at=step.at,
    )


def statement_letter(document: StatementDocument, request: SendStatement) -> OutgoingMail:
    """Return the mail that carries a customer's statement of account."""
    language = language_between(document.customer, document.entity)
    looks = formats_for(language)
    contacts = [one for one in document.customer.contacts if one.role == BILLING]
    contacts += document.customer.contacts
    letter = letters.statement(
        document.number,
        looks.day(request.until),
        looks.money(document.statement.closing),
        document.entity.legal_name,
        language,
    )
    recipient = contacts[0].email if contacts else document.entity.email
    return OutgoingMail(
        key=f"statement:{request.key}:{recipient}",
        sender=document.entity.email,
        recipient=recipient,
        subject=letter.subject,
        text=letter.text,
        sent_at=request.at,
    )


def _opening(words: MailWords, notice: Notice, escalated_from: str) -> str:
    if escalated_from:
        return words.approval_escalated.format(person=escalated_from)
    is_reminder = notice is Notice.APPROVAL_REMINDER
    return words.approval_reminder if is_reminder else words.approval_opening


def notices_of(
    session: Session, step: Notify, secret: bytes, public_url: str = ""
) -> tuple[list[OutgoingMail], str]:
    """Return the mails of a notice, and the quote to attach (empty: none).

    With the address of the API, approvers get a link to a page on which they can decide.
    """
    desk = Desk(session, step, secret, public_url)
    if step.notice in (Notice.APPROVAL_REQUEST, Notice.APPROVAL_REMINDER):
        return _approval(desk, step)
    return _NOTICES[step.notice](desk, step), ""


def _seller(desk: Desk) -> str:
    return desk.address(desk.deal.seller)


def _approval(desk: Desk, step: Notify) -> tuple[list[OutgoingMail], str]:
    """Ask everybody in a step who has not decided, and whoever decides for them that day."""
    quote = quote_version(desk.session, step.deal, step.quote_version)
    path = current_path(desk.session, step.deal, step.quote_version)
    asked: ApprovalStep = next(one for one in path.steps if one.key == step.reference)
    again = _resubmissions(desk, step)
    key = f"{step.notice}:{step.quote_version}:{asked.key}" + (f":{again}" if again else "")
    reasons = reasons_asked(path, asked)
    mails = []
    for person, absent in _to_ask(desk, path, asked):
        request = desk.request(quote, ("approve", "approve"), person, asked.key)
        request = request.model_copy(update={"link": _link(desk, quote, person, asked.key)})
        about = desk.about_for_us(quote.total)
        opening = _opening(about.words, step.notice, asked.escalated_from or "")
        if absent:
            opening = about.words.approval_instead.format(opening=opening, person=desk.name(absent))
        letter = letters.approval_request(about, request, reasons, opening=opening)
        mails.append(desk.mail(desk.address(person), key, letter))
    return mails, quote.number


def _to_ask(desk: Desk, path: ApprovalPath, asked: ApprovalStep) -> list[tuple[str, str]]:
    """Return who is asked, each with the absent person they are asked for, or an empty text."""
    on_record = delegations(desk.session)
    barred = {path.seller, *(one.person for one in path.barred)}
    barred |= set(delegates_of(path.seller, on_record, desk.step.on))
    found = dict.fromkeys(asked.undecided, "")
    for absent in asked.undecided:
        for delegate in delegates_of(absent, on_record, desk.step.on):
            if delegate not in barred:
                found.setdefault(delegate, absent)
    return list(found.items())


def _link(desk: Desk, quote: Quote, person: str, key: str) -> str:
    if not desk.public_url:
        return ""
    link = DecisionLink(
        deal=quote.deal, version=quote.version, step=key, person=person, until=quote.valid_until
    )
    return link_url(desk.public_url, desk.secret, link, quote.content_hash)


def _decisions(desk: Desk, step: Notify, kind: DecisionKind) -> list[DecisionRow]:
    statement = (
        select(DecisionRow)
        .where(DecisionRow.deal == step.deal, DecisionRow.quote_version == step.quote_version)
        .where(DecisionRow.kind == kind.value, col(DecisionRow.accepted).is_(True))
        .order_by(col(DecisionRow.id))
    )
    return list(desk.session.exec(statement))


def _resubmissions(desk: Desk, step: Notify) -> int:
    """Return how often a version was handed in again: each time everybody is asked anew."""
    return len(_decisions(desk, step, DecisionKind.RESUBMIT))


def _countered(desk: Desk, step: Notify) -> list[OutgoingMail]:
    quote = quote_version(desk.session, step.deal, step.quote_version)
    last = _decisions(desk, step, DecisionKind.COUNTER)[-1]
    proposed = str(ApproverCounter.model_validate_json(last.counter))
    said = [proposed, *([last.reason] if last.reason else [])]
    about = desk.about_for_us(quote.total)
    letter = letters.countered(about, quote.number, desk.name(last.person), said)
    return [desk.mail(_seller(desk), f"countered:{last.command_id}", letter)]


def _recalled(desk: Desk, step: Notify) -> list[OutgoingMail]:
    """Tell everybody who was asked and had not decided."""
    quote = quote_version(desk.session, step.deal, step.quote_version)
    path = current_path(desk.session, step.deal, step.quote_version)
    last = _decisions(desk, step, DecisionKind.RECALL)[-1]
    active = [one for one in path.steps if one.status is StepStatus.ACTIVE]
    people = dict.fromkeys(person for one in active for person, _ in _to_ask(desk, path, one))
    letter = letters.recalled(desk.about_for_us(quote.total), quote.number)
    key = f"recalled:{last.command_id}"
    return [desk.mail(desk.address(person), key, letter) for person in people]


def _renewal_reminder(desk: Desk, step: Notify) -> list[OutgoingMail]:
    quote = quote_version(desk.session, step.deal, step.quote_version)
    about = desk.about(quote.total)
    notice = desk.notice(quote.term - 1, about)
    letter = letters.renewal_reminder(about, quote.number, notice)
    return [desk.mail(desk.contact().email, f"renewal-reminder:{quote.number}", letter)]


def _renewal_alarm(desk: Desk, step: Notify) -> list[OutgoingMail]:
    about = desk.about_for_us()
    letter = letters.renewal_alarm(about, desk.notice(step.term, about))
    return [desk.mail(_seller(desk), f"renewal-alarm:{step.term}", letter)]


def _ended(desk: Desk, step: Notify) -> list[OutgoingMail]:
    letter = letters.ended(desk.about_for_us(), step.text)
    return [desk.mail(_seller(desk), "ended", letter)]


def _comment(desk: Desk, step: Notify) -> list[OutgoingMail]:
    """Tell the other side what was written."""
    row = desk.session.exec(
        select(CommentRow).where(
            CommentRow.deal == step.deal, CommentRow.number == int(step.reference)
        )
    ).one()
    quote = quote_version(desk.session, step.deal, row.quote_version)
    if row.origin == Origin.BUYER.value:
        letter = negotiation_letters.comment_to_seller(desk.about_for_us(), row.person, row.text)
        return [desk.mail(_seller(desk), f"comment:{row.number}", letter)]
    buyer = desk.contact().email
    link = desk.link(quote, buyer)
    letter = negotiation_letters.comment_to_buyer(desk.about(), quote.number, row.text, link)
    return [desk.mail(buyer, f"comment:{row.number}", letter)]


def _counter(desk: Desk, step: Notify) -> CounterOfferRow:
    statement = select(CounterOfferRow).where(
        CounterOfferRow.deal == step.deal, CounterOfferRow.number == int(step.reference)
    )
    return desk.session.exec(statement).one()


def _counter_offer(desk: Desk, step: Notify) -> list[OutgoingMail]:
    row = _counter(desk, step)
    file, _ = file_of_version(desk.session, step.deal, row.base_version)
    wishes = described(file, QuoteDelta.model_validate_json(row.delta))
    letter = negotiation_letters.counter_offer(desk.about_for_us(), row.person, wishes, row.reason)
    return [desk.mail(_seller(desk), f"counter-offer:{row.number}", letter)]


def _counter_rejected(desk: Desk, step: Notify) -> list[OutgoingMail]:
    row = _counter(desk, step)
    answer = desk.session.exec(
        select(CounterAnswerRow).where(
            CounterAnswerRow.deal == step.deal, CounterAnswerRow.counter == row.number
        )
    ).one()
    quote = quote_version(desk.session, step.deal, row.base_version)
    link = desk.link(quote, row.person)
    letter = negotiation_letters.counter_rejected(desk.about(), quote.number, answer.reason, link)
    return [desk.mail(row.person, f"counter-rejected:{row.number}", letter)]


def _dunning_decision(desk: Desk, step: Notify) -> list[OutgoingMail]:
    finance = [
        person
        for person in desk.people.values()
        if "finance" in person.titles or Role.FINANCE in person.roles
    ]
    letter = letters.dunning_decision(desk.about_for_us())
    key = f"dunning-decision:{step.on}"
    return [desk.mail(person.email, key, letter) for person in finance]


_NOTICES: Mapping[Notice, Callable[[Desk, Notify], list[OutgoingMail]]] = {
    Notice.APPROVAL_COUNTERED: _countered,
    Notice.APPROVAL_RECALLED: _recalled,
    Notice.RENEWAL_REMINDER: _renewal_reminder,
    Notice.RENEWAL_ALARM: _renewal_alarm,
    Notice.DUNNING_DECISION: _dunning_decision,
    Notice.ENDED: _ended,
    Notice.COMMENT: _comment,
    Notice.COUNTER_OFFER: _counter_offer,
    Notice.COUNTER_REJECTED: _counter_rejected,
}
