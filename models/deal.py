"""The state a deal carries from run to run: where it is, what is due, what it has heard.

What is true (quotes, invoices, entries) lives in the books; this stays under 50 KB.
"""

import hashlib
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BaseModel, ConfigDict

from models.agenda import AgendaItem
from models.approval import ApprovalStep
from models.deal_file import DealFile, RenewalTerms
from models.messages import Answer, Command, Message
from models.value import Value
from models.working_hours import WorkingCalendar

SCHEMA_VERSION = 1
ANSWERS_KEPT = 500
ANSWERS_IN_FULL = 50
_DIGEST_CHARACTERS = 12
AUDIT_KEPT = 50


class Stage(StrEnum):
    """Where a deal is. The first seven are passed once a term, the last two end it."""

    CONFIGURE = "configure"
    PRICE = "price"
    QUOTE = "quote"
    APPROVE = "approve"
    ACCEPT = "accept"
    CONTRACT = "contract"
    FULFILL = "fulfill"
    LIVE = "live"
    CLOSING = "closing"
    COMPLETED = "completed"
    LOST = "lost"


class AuditEntry(Value):
    """One thing that happened, numbered within the deal."""

    sequence: int
    at: AwareDatetime
    actor: str
    what: str
    detail: str = ""


class Hold(Value):
    """A parked item: what failed or what is asked, and which answers `resolve` accepts."""

    key: str
    reason: str
    since: AwareDatetime
    item: AgendaItem | None = None
    answers: tuple[str, ...] = ()


class QuoteReference(Value):
    """The quote version in force: enough to decide on it, the rest is in the books.

    `expires_at` is the end of its last day where the customer is (None in older states: where we
    are).
    """

    number: str
    version: int
    content_hash: str
    total_minor: int
    starts_on: date
    ends_on: date
    valid_until: date
    expires_at: AwareDatetime | None = None


class Approval(Value):
    """The steps of a quote version's approval path, and when to remind and escalate."""

    steps: tuple[ApprovalStep, ...] = ()
    remind_after_hours: int = 24
    escalate_after_hours: int = 48
    calendar: WorkingCalendar | None = None
    recalled: bool = False


class Signer(Value):
    """Somebody who must sign the contract."""

    person: str
    party: str
    signed_at: AwareDatetime | None = None


class Deferred(Value):
    """A command whose step failed; its agenda item or hold brings it back."""

    key: str
    command: Command


class RememberedAnswer(Value):
    """The answer given to a command, kept so that its repetition gets the same."""

    command_id: str
    answer: Answer


class AnsweredCommand(Value):
    """A command and its answer, for the books."""

    command_id: str
    name: str
    request_hash: str
    answer: Answer


class AlternativeStatus(StrEnum):
    """Where an alternative stands: its approvals are asked for, it is offered, or refused."""

    ASKED = "asked"
    OPEN = "open"
    REJECTED = "rejected"


class Alternative(Value):
    """A version offered beside the one in force, under its label."""

    label: str
    quote: QuoteReference
    approval: Approval = Approval()
    status: AlternativeStatus = AlternativeStatus.ASKED
    sent: bool = False


class Primary(Value):
    """The version in force, kept aside while the approvals of an alternative are asked for."""

    quote: QuoteReference
    approval: Approval


class RenewalProgress(Value):
    """How far the renewal of the current term has come."""

    quote: QuoteReference | None = None
    approval: Approval = Approval()
    offered_on: date | None = None
    reminded_on: date | None = None
    decision: str = ""


class AmendmentProgress(Value):
    """The amendment that waits for its approvals; number 0 when none does."""

    number: int = 0
    quote: QuoteReference | None = None
    approval: Approval = Approval()


class DealState(BaseModel):
    """Everything a deal carries through continue-as-new."""

    model_config = ConfigDict(extra="ignore")

    schema_version: int = SCHEMA_VERSION
    number: str = ""
    entity: str = ""
    customer: str = ""
    seller: str = ""
    currency: str = ""
    time_zone: str = "UTC"
    stage: Stage = Stage.CONFIGURE
    outcome: str = ""
    term: int = 1
    term_months: int = 0
    renewal_terms: RenewalTerms = RenewalTerms()
    signature_days: int = 14
    test_clock: bool = False
    clock: AwareDatetime | None = None
    clock_target: AwareDatetime | None = None
    quote: QuoteReference | None = None
    approval: Approval = Approval()
    quote_sent: bool = False
    alternatives: tuple[Alternative, ...] = ()
    primary: Primary | None = None
    accepted: bool = False
    order_form_hash: str = ""
    signers: tuple[Signer, ...] = ()
    contract_signed: bool = False
    undelivered: int = 0
    back_ordered: int = 0
    balance_minor: int = 0
    open_invoices: int = 0
    fully_billed: bool = False
    fully_recognized: bool = False
    starts_on: date | None = None
    ends_on: date | None = None
    term_over: bool = False
    continue_as_new_every: int = 12
    renewal: RenewalProgress = RenewalProgress()
    amendment: AmendmentProgress = AmendmentProgress()
    cancel_requested: bool = False
    agenda: tuple[AgendaItem, ...] = ()
    inbox: tuple[Command, ...] = ()
    deferred: tuple[Deferred, ...] = ()
    holds: tuple[Hold, ...] = ()
    answers: tuple[RememberedAnswer, ...] = ()
    served: tuple[str, ...] = ()
    audit: tuple[AuditEntry, ...] = ()
    unwritten_audit: tuple[AuditEntry, ...] = ()
    unwritten_answers: tuple[AnsweredCommand, ...] = ()
    audit_sequence: int = 0
    command_sequence: int = 0
    cycles: int = 0

    def answer_to(self, command_id: str) -> Answer | None:
        """Return the answer already given to a command, or None.

        Of commands served longer ago only the verdict is carried; the words are in the books.
        """
        for remembered in reversed(self.answers):
            if remembered.command_id == command_id:
                return remembered.answer
        digest = _digest(command_id)
        for verdict in ("+", "-"):
            if f"{verdict}{digest}" in self.served:
                text = f"Command {command_id} was answered before; its answer is in the books."
                return Answer(accepted=verdict == "+", text=text)
        return None

    def remember(self, command: Command, answer: Answer) -> None:
        """Keep the answer to a command among the last 500; a newer answer replaces an older one."""
        others = tuple(kept for kept in self.answers if kept.command_id != command.command_id)
        kept = (*others, RememberedAnswer(command_id=command.command_id, answer=answer))
        older, self.answers = kept[:-ANSWERS_IN_FULL], kept[-ANSWERS_IN_FULL:]
        known = {mark[1:] for mark in (_mark(one) for one in kept)}
        rest = (mark for mark in self.served if mark[1:] not in known)
        self.served = (*rest, *map(_mark, older))[ANSWERS_IN_FULL - ANSWERS_KEPT :]
        answered = AnsweredCommand(
            command_id=command.command_id,
            name=command.name,
            request_hash=command.request_hash,
            answer=answer,
        )
        self.unwritten_answers = (*self.unwritten_answers, answered)

    def note(self, at: datetime, actor: str, what: str, detail: str = "") -> None:
        """Append to the audit trail; the books receive it before the deal rests."""
        self.audit_sequence += 1
        entry = AuditEntry(
            sequence=self.audit_sequence, at=at, actor=actor, what=what, detail=detail[:500]
        )
        self.audit = (*self.audit, entry)[-AUDIT_KEPT:]
        self.unwritten_audit = (*self.unwritten_audit, entry)


def _digest(command_id: str) -> str:
    return hashlib.sha256(command_id.encode()).hexdigest()[:_DIGEST_CHARACTERS]


def _mark(remembered: RememberedAnswer) -> str:
    verdict = "+" if remembered.answer.accepted else "-"
    return f"{verdict}{_digest(remembered.command_id)}"


class DealInput(Message, DealFile):
    """What starts a deal (a deal file) and, after continue-as-new, what it carries.

    A big deal file stays in the document store: `file_hash` is its SHA-256 there, and beside it
    stands only what the deal needs to begin.
    """

    file_hash: str = ""
    carried: DealState | None = None


class DealResult(Value):
    """How a deal ended."""

    number: str
    outcome: str
    terms: int


def local_date(moment: datetime, time_zone: str) -> date:
    """Return the calendar day of `moment` in the contract's time zone."""
    return moment.astimezone(ZoneInfo(time_zone)).date()


def start_of_day(day: date, time_zone: str) -> datetime:
    """Return the first moment of `day` in the contract's time zone."""
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(time_zone))


def start_of_day_after(day: date, time_zone: str) -> datetime:
    """Return the moment at which `day` is over in the contract's time zone."""
    return start_of_day(day + timedelta(days=1), time_zone)


def upcast(carried: DealState) -> DealState:
    """Bring a state written by an older release to the current schema version."""
    return carried.model_copy(update={"schema_version": SCHEMA_VERSION})
