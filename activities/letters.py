"""The words of every mail: short first lines for a phone, then what to do, then the fine print."""

import json
import shlex
from collections.abc import Sequence

from activities.formats import formats_for
from models.value import Value
from models.words import MailWords, words_for


class Letter(Value):
    """Subject and text of a mail."""

    subject: str
    text: str


class Subject(Value):
    """What a letter is about: a deal, in words people use, and the language of its reader."""

    deal: str
    customer: str
    seller: str
    entity: str
    total: str = ""
    language: str = "en"

    @property
    def words(self) -> MailWords:
        """The words of the reader's language."""
        return words_for(self.language).mails


class Request(Value):
    """What somebody is asked to decide: the message to send, and the token that proves it is them.

    `message` is the signal's name, `command` the command line's word for it, `link` a page on which
    they can decide.
    """

    deal: str
    message: str
    command: str
    person: str
    token: str
    content_hash: str
    step: str = ""
    link: str = ""


def signal_line(request: Request) -> str:
    """Return the full `temporal` command that gives a decision with nothing of ours installed."""
    payload = {"person": request.person, "token": request.token}
    payload |= {"step": request.step} if request.step else {}
    payload |= {"content_hash": request.content_hash}
    payload |= {"command_id": f"{request.message}-{request.token[:12]}"}
    words = ["temporal", "workflow", "signal", "--namespace", "q2c"]
    words += ["--workflow-id", f"deal-{request.deal}", "--name", request.message]
    return shlex.join([*words, "--input", json.dumps(payload)])


def _how(request: Request, words: MailWords, *, ours: bool) -> list[str]:
    """Return the ways to answer, the shortest first."""
    return [
        _command(request, ours=ours),
        "",
        words.how_temporal,
        "",
        f"  {signal_line(request)}",
        "",
        words.how_key.format(token=request.token),
    ]


def _command(request: Request, *, ours: bool) -> str:
    """Return our own command that gives a decision."""
    step = f" --step {request.step}" if request.step else ""
    person = "" if ours else f" --person {request.person} --token {request.token}"
    return f"  q2c {request.command} {request.deal}{step}{person}"


def _page(request: Request, words: MailWords) -> list[str]:
    """Return where to decide with a click, if the house has such a page."""
    return [f"  {request.link}", "", words.approval_by_command, ""] if request.link else []


def _paragraphs(*lines: str | Sequence[str]) -> str:
    flat: list[str] = []
    for line in lines:
        flat += [line] if isinstance(line, str) else list(line)
    return "\n".join(flat) + "\n"


def _to_customer(words: MailWords, entity: str, *lines: str | Sequence[str]) -> str:
    """Return the text of a mail to somebody at the customer, who is greeted."""
    signed = [entity] if entity else []
    return _paragraphs(words.greeting, "", *lines, "", words.closing, signed)


def approval_request(
    about: Subject, request: Request, reasons: Sequence[str], *, opening: str
) -> Letter:
    """Ask an approver; `opening` says if it is a request, a reminder or an escalation."""
    words = about.words
    return Letter(
        subject=words.approval_subject.format(
            opening=opening, deal=about.deal, customer=about.customer, total=about.total
        ),
        text=_paragraphs(
            words.approval_offer.format(
                seller=about.seller, customer=about.customer, total=about.total
            ),
            words.approval_reasons,
            [f"  - {reason}" for reason in reasons],
            "",
            words.approval_ask,
            "",
            _page(request, words),
            _how(request, words, ours=True),
            "",
            words.approval_refuse,
        ),
    )


def countered(about: Subject, number: str, approver: str, said: Sequence[str]) -> Letter:
    """Tell the seller what an approver would say yes to instead."""
    words = about.words
    return Letter(
        subject=words.countered_subject.format(number=number, customer=about.customer),
        text=_paragraphs(
            words.countered_text.format(person=approver, number=number, total=about.total),
            [f"  - {line}" for line in said],
            "",
            words.countered_ask,
            "",
            f"  q2c quote revise {about.deal} --as-countered",
            f"  q2c resubmit {about.deal}",
        ),
    )


def recalled(about: Subject, number: str) -> Letter:
    """Tell an approver that nothing is asked of them any more."""
    words = about.words
    return Letter(
        subject=words.recalled_subject.format(number=number, customer=about.customer),
        text=_paragraphs(
            words.recalled_text.format(seller=about.seller, number=number, total=about.total),
        ),
    )


def quote(
    about: Subject, request: Request, number: str, valid_until: str, *, link: str = ""
) -> Letter:
    """Send the offer to the buyer, with the ways to accept it; `link` leads to its page."""
    words = about.words
    page = [words.quote_page, "", f"  {link}", ""] if link else []
    return Letter(
        subject=words.quote_subject.format(number=number, entity=about.entity),
        text=_to_customer(
            words,
            about.entity,
            words.quote_text.format(number=number, total=about.total),
            words.quote_valid.format(day=valid_until),
            "",
            page,
            words.quote_accept.format(seller=about.seller),
            "",
            f"  {request.token}",
            "",
            words.quote_systems,
            "",
            _command(request, ours=False),
            f"  {signal_line(request)}",
        ),
    )


def signature_request(about: Subject, request: Request, number: str) -> Letter:
    """Ask a signer to sign the order form."""
    words = about.words
    return Letter(
        subject=words.sign_subject.format(number=number),
        text=_paragraphs(
            words.sign_text.format(number=number, total=about.total),
            words.sign_hash,
            f"  {request.content_hash}",
            "",
            words.sign_how,
            "",
            _how(request, words, ours=False),
        ),
    )


def signed_copy(about: Subject, number: str) -> Letter:
    """Send everybody who signed the copy with all signatures."""
    words = about.words
    return Letter(
        subject=words.signed_subject.format(number=number.removesuffix("-signed")),
        text=_paragraphs(words.signed_text.format(total=about.total)),
    )


def order_confirmation(about: Subject, number: str, lines: Sequence[str]) -> Letter:
    """Confirm the order to the customer, line by line with where each stands."""
    words = about.words
    return Letter(
        subject=words.confirmation_subject.format(number=number),
        text=_to_customer(
            words,
            about.entity,
            words.confirmation_text.format(number=number, total=about.total),
            "",
            [f"  - {line}" for line in lines],
        ),
    )


def work_order(about: Subject, number: str, lines: Sequence[str]) -> Letter:
    """Tell a department what to do."""
    words = about.words
    count = formats_for(about.language).plural(
        words.work_order_text, len(lines), customer=about.customer, deal=about.deal
    )
    return Letter(
        subject=words.work_order_subject.format(number=number, customer=about.customer),
        text=_paragraphs(
            count,
            "",
            [f"  - {line}" for line in lines],
            "",
            words.work_order_confirm.format(command=f"q2c deliver {about.deal}"),
        ),
    )


def delivery_note(number: str, entity: str = "", language: str = "en") -> Letter:
    """Tell the customer what was handed over."""
    words = words_for(language).mails
    return Letter(
        subject=words.delivery_subject.format(number=number),
        text=_to_customer(words, entity, words.delivery_text.format(number=number)),
    )


def amendment(number: str, day: str, entity: str = "", language: str = "en") -> Letter:
    """Confirm to the customer that the contract was changed."""
    words = words_for(language).mails
    said = words.amendment_text.format(number=number, day=day)
    return Letter(
        subject=words.amendment_subject.format(number=number),
        text=_to_customer(words, entity, said),
    )


def invoice(about: Subject, number: str, gross: str, due_on: str) -> Letter:
    """Send an invoice."""
    words = about.words
    return Letter(
        subject=words.invoice_subject.format(
            number=number, entity=about.entity, gross=gross, day=due_on
        ),
        text=_to_customer(
            words,
            about.entity,
            words.invoice_text.format(number=number, gross=gross, day=due_on),
            words.invoice_name.format(number=number),
        ),
    )


def credit_note(about: Subject, number: str, invoice: str, gross: str, reason: str) -> Letter:
    """Send a credit note."""
    words = about.words
    return Letter(
        subject=words.credit_note_subject.format(number=number, invoice=invoice, gross=gross),
        text=_to_customer(
            words,
            about.entity,
            words.credit_note_text.format(number=number, invoice=invoice, gross=gross),
            words.credit_note_reason.format(reason=reason),
        ),
    )


def statement(
    number: str, day: str, balance: str, entity: str = "", language: str = "en"
) -> Letter:
    """Send a statement of account."""
    words = words_for(language).mails
    return Letter(
        subject=words.statement_subject.format(number=number, balance=balance),
        text=_to_customer(words, entity, words.statement_text.format(day=day, balance=balance)),
    )


def receipt(
    number: str, amount: str, balance: str, entity: str = "", language: str = "en"
) -> Letter:
    """Thank for a payment."""
    words = words_for(language).mails
    return Letter(
        subject=words.receipt_subject.format(number=number, amount=amount),
        text=_to_customer(
            words,
            entity,
            words.receipt_text.format(amount=amount),
            words.receipt_open.format(balance=balance),
        ),
    )


def reminder(about: Subject, number: str, level: str, total: str) -> Letter:
    """Send a dunning letter."""
    words = about.words
    return Letter(
        subject=words.reminder_subject.format(
            level=level[:1].upper() + level[1:], number=number, total=total
        ),
        text=_to_customer(
            words,
            about.entity,
            words.reminder_text.format(total=total),
            words.reminder_crossed,
            words.reminder_ask.format(seller=about.seller),
        ),
    )


def renewal_offer(about: Subject, request: Request, number: str, notice: str) -> Letter:
    """Offer the next term."""
    words = about.words
    return Letter(
        subject=words.renewal_subject.format(number=number, entity=about.entity),
        text=_to_customer(
            words,
            about.entity,
            words.renewal_text.format(total=about.total, number=number),
            notice,
            "",
            words.renewal_accept,
            "",
            f"  {request.token}",
            "",
            _command(request, ours=False),
            f"  {signal_line(request)}",
        ),
    )


def renewal_reminder(about: Subject, number: str, notice: str) -> Letter:
    """Remind the customer of the last notice day."""
    words = about.words
    return Letter(
        subject=words.renewal_reminder_subject.format(number=number),
        text=_to_customer(
            words,
            about.entity,
            words.renewal_reminder_text.format(number=number, total=about.total),
            notice,
        ),
    )


def renewal_alarm(about: Subject, notice: str) -> Letter:
    """Tell the seller that a renewal is undecided."""
    words = about.words
    return Letter(
        subject=words.alarm_subject.format(deal=about.deal, customer=about.customer),
        text=_paragraphs(
            words.alarm_text.format(customer=about.customer),
            notice,
            "",
            f"  q2c deal show {about.deal}",
        ),
    )


def dunning_decision(about: Subject) -> Letter:
    """Ask finance what to do after the last reminder."""
    words = about.words
    resolve = f"  q2c deal resolve {about.deal} --item dunning --answer"
    return Letter(
        subject=words.handover_subject.format(deal=about.deal, customer=about.customer),
        text=_paragraphs(
            words.handover_text.format(customer=about.customer),
            words.handover_decide,
            "",
            f"{resolve} 'hand over'",
            f"{resolve} wait",
        ),
    )


def ended(about: Subject, outcome: str) -> Letter:
    """Tell the seller that a deal was lost."""
    words = about.words
    return Letter(
        subject=words.ended_subject.format(deal=about.deal, outcome=outcome),
        text=_paragraphs(
            words.ended_text.format(customer=about.customer, outcome=outcome),
            "",
            f"  q2c deal timeline {about.deal}",
        ),
    )
