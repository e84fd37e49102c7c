"""The words of every mail: short first lines for a phone, then what to do, then the fine print."""

import json
import shlex
from collections.abc import Sequence

from models.value import Value


class Letter(Value):
    """Subject and text of a mail."""

    subject: str
    text: str


class Subject(Value):
    """What a letter is about: a deal, in words people use."""

    deal: str
    customer: str
    seller: str
    entity: str
    total: str = ""


class Request(Value):
    """What somebody is asked to decide: the message to send, and the token that proves it is them.

    `message` is the signal's name, `command` the command line's word for it.
    """

    deal: str
    message: str
    command: str
    person: str
    token: str
    content_hash: str
    step: str = ""


def signal_line(request: Request) -> str:
    """Return the full `temporal` command that gives a decision with nothing of ours installed."""
    payload = {"person": request.person, "token": request.token}
    payload |= {"step": request.step} if request.step else {}
    payload |= {"content_hash": request.content_hash}
    payload |= {"command_id": f"{request.message}-{request.token[:12]}"}
    words = ["temporal", "workflow", "signal", "--namespace", "q2c"]
    words += ["--workflow-id", f"deal-{request.deal}", "--name", request.message]
    return shlex.join([*words, "--input", json.dumps(payload)])


def _how(request: Request, *, ours: bool) -> list[str]:
    """Return the ways to answer, the shortest first."""
    step = f" --step {request.step}" if request.step else ""
    person = "" if ours else f" --person {request.person} --token {request.token}"
    return [
        f"  q2c {request.command} {request.deal}{step}{person}",
        "",
        "or, with nothing but Temporal's own command line:",
        "",
        f"  {signal_line(request)}",
        "",
        f"Your token (works once): {request.token}",
    ]


def _paragraphs(*lines: str | Sequence[str]) -> str:
    flat: list[str] = []
    for line in lines:
        flat += [line] if isinstance(line, str) else list(line)
    return "\n".join(flat) + "\n"


def approval_request(
    about: Subject, request: Request, reasons: Sequence[str], *, opening: str
) -> Letter:
    """Ask an approver; `opening` says if it is a request, a reminder or an escalation."""
    return Letter(
        subject=f"{opening}: deal {about.deal}, {about.customer}, {about.total}",
        text=_paragraphs(
            f"{about.seller} offers {about.customer} {about.total}.",
            "You are asked because:",
            [f"  - {reason}" for reason in reasons],
            "",
            "The quote is attached. To approve:",
            "",
            _how(request, ours=True),
            "",
            "To refuse, use `reject` instead of `approve` and give a reason (--reason).",
            "Your approval is for exactly this content; if the quote changes, you are asked again.",
        ),
    )


def quote(
    about: Subject, request: Request, number: str, valid_until: str, *, link: str = ""
) -> Letter:
    """Send the offer to the buyer, with the ways to accept it; `link` leads to its page."""
    page = ["View it, change it, comment on it, or accept it here:", "", f"  {link}", ""]
    return Letter(
        subject=f"Your quote {number} from {about.entity}",
        text=_paragraphs(
            f"Please find our quote {number} over {about.total} attached.",
            f"It is valid until {valid_until}.",
            "",
            page if link else [],
            f"To accept, reply to {about.seller} with your order number and this token:",
            "",
            f"  {request.token}",
            "",
            "Your systems may accept it directly:",
            "",
            _how(request, ours=False)[0],
            f"  {signal_line(request)}",
        ),
    )


def signature_request(about: Subject, request: Request, number: str) -> Letter:
    """Ask a signer to sign the order form."""
    return Letter(
        subject=f"Please sign order form {number}",
        text=_paragraphs(
            f"Order form {number} over {about.total} is attached and waits for your signature.",
            "You sign the content with this hash:",
            f"  {request.content_hash}",
            "",
            "To sign:",
            "",
            _how(request, ours=False),
        ),
    )


def signed_copy(about: Subject, number: str) -> Letter:
    """Send everybody who signed the copy with all signatures."""
    return Letter(
        subject=f"Signed: order form {number.removesuffix('-signed')}",
        text=_paragraphs(
            f"Everybody has signed the order form over {about.total}. Your copy is attached.",
        ),
    )


def order_confirmation(about: Subject, number: str, lines: Sequence[str]) -> Letter:
    """Confirm the order to the customer, line by line with where each stands."""
    return Letter(
        subject=f"Order confirmation {number}",
        text=_paragraphs(
            f"Thank you. We confirm your order {number} over {about.total}.",
            "",
            [f"  - {line}" for line in lines],
        ),
    )


def work_order(about: Subject, number: str, lines: Sequence[str]) -> Letter:
    """Tell a department what to do."""
    return Letter(
        subject=f"Work order {number}: {about.customer}",
        text=_paragraphs(
            f"{len(lines)} lines for {about.customer}, deal {about.deal}:",
            "",
            [f"  - {line}" for line in lines],
            "",
            f"Confirm with: q2c deliver {about.deal}",
        ),
    )


def delivery_note(number: str) -> Letter:
    """Tell the customer what was handed over."""
    return Letter(
        subject=f"Delivery note {number}",
        text=_paragraphs(f"Delivery note {number} lists what you received. It is attached."),
    )


def invoice(about: Subject, number: str, gross: str, due_on: str) -> Letter:
    """Send an invoice."""
    return Letter(
        subject=f"Invoice {number} from {about.entity}: {gross}, due {due_on}",
        text=_paragraphs(
            f"Invoice {number} over {gross} is attached. It is due on {due_on}.",
            f"Please name {number} when you pay.",
        ),
    )


def receipt(number: str, amount: str, balance: str) -> Letter:
    """Thank for a payment."""
    return Letter(
        subject=f"Receipt {number}: {amount}",
        text=_paragraphs(
            f"Thank you: we received {amount}. What it settled is in the receipt attached.",
            f"Still open: {balance}.",
        ),
    )


def reminder(about: Subject, number: str, level: str, total: str) -> Letter:
    """Send a dunning letter."""
    return Letter(
        subject=f"{level.capitalize()} {number}: {total}",
        text=_paragraphs(
            f"According to our books {total} is open; the letter attached lists the invoices.",
            "If you have paid in the meantime, please disregard this mail.",
            f"Questions? Reply to this mail, or ask {about.seller}.",
        ),
    )


def renewal_offer(about: Subject, request: Request, number: str, notice: str) -> Letter:
    """Offer the next term."""
    return Letter(
        subject=f"Renewal {number} from {about.entity}",
        text=_paragraphs(
            f"Your term ends soon. The next one is offered at {about.total}; see {number}.",
            notice,
            "",
            "To accept it now, reply with this token:",
            "",
            f"  {request.token}",
            "",
            _how(request, ours=False)[0],
            f"  {signal_line(request)}",
        ),
    )


def renewal_reminder(about: Subject, number: str, notice: str) -> Letter:
    """Remind the customer of the last notice day."""
    return Letter(
        subject=f"Last reminder: renewal {number}",
        text=_paragraphs(f"Renewal {number} over {about.total} is still undecided.", notice),
    )


def renewal_alarm(about: Subject, notice: str) -> Letter:
    """Tell the seller that a renewal is undecided."""
    return Letter(
        subject=f"Renewal undecided: deal {about.deal}, {about.customer}",
        text=_paragraphs(
            f"{about.customer} has not answered our renewal quote.",
            notice,
            "",
            f"  q2c deal show {about.deal}",
        ),
    )


def dunning_decision(about: Subject) -> Letter:
    """Ask finance what to do after the last reminder."""
    resolve = f"  q2c deal resolve {about.deal} --item dunning --answer"
    return Letter(
        subject=f"Hand over to collection? Deal {about.deal}, {about.customer}",
        text=_paragraphs(
            f"Every reminder to {about.customer} was sent and invoices are still open.",
            "Decide:",
            "",
            f"{resolve} 'hand over'",
            f"{resolve} wait",
        ),
    )


def ended(about: Subject, outcome: str) -> Letter:
    """Tell the seller that a deal was lost."""
    return Letter(
        subject=f"Deal {about.deal} ended: {outcome}",
        text=_paragraphs(
            f"Your deal with {about.customer} ended: {outcome}.",
            "",
            f"  q2c deal timeline {about.deal}",
        ),
    )
