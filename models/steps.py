"""What the workflows hand to the activities, and what they get back.

Payloads carry numbers of documents, never documents; contact data stays in the books.
"""

from datetime import date
from enum import StrEnum

from pydantic import AwareDatetime

from models.amendment import AmendmentDelta
from models.approval import ApprovalStep
from models.approval_counter import ApproverCounter
from models.charges import Transfer
from models.deal import AnsweredCommand, AuditEntry, QuoteReference, Stage
from models.deal_file import DealFile, RenewalTerms
from models.decisions import Channel, DecisionKind
from models.documents import DocumentKind
from models.errors import Problem
from models.revision import Origin, QuoteDelta
from models.value import Value
from models.working_hours import WorkingCalendar


class DealStep(Value):
    """The base of every step of a deal: which deal and term, and the business time it happens at.

    `at` is the moment and `on` the calendar day in the contract's time zone.
    """

    deal: str
    term: int = 1
    at: AwareDatetime
    on: date


class ConfigureDeal(DealStep):
    """Check a deal file against parties, catalogue and settings, and put the deal on record.

    With a `file_hash` the file is read from the document store, and `file` only says what the deal
    began with.
    """

    file: DealFile
    file_hash: str = ""
    test_clock: bool = False


class DealConfigured(Value):
    """The outcome of configuring: problems, or what the workflow needs to know of the parties."""

    problems: tuple[Problem, ...] = ()
    entity: str = ""
    customer: str = ""
    currency: str = ""
    time_zone: str = "UTC"
    continue_as_new_every: int = 12


class PriceQuote(DealStep):
    """Price the deal's configured lines and make the next quote version for the term.

    `creator` is who asked for this version, if that was not the seller.
    """

    renewal: bool = False
    creator: str = ""


class QuotePriced(Value):
    """The outcome of pricing: problems, or the version made and the approvals it needs."""

    problems: tuple[Problem, ...] = ()
    quote: QuoteReference | None = None
    steps: tuple[ApprovalStep, ...] = ()
    remind_after_hours: int = 24
    escalate_after_hours: int = 48
    calendar: WorkingCalendar | None = None


class ReviseQuote(DealStep):
    """Apply a change to the quote version in force and make the next version of it.

    `counter` is the counter-offer that is accepted by it; the change is then the one on record.
    """

    quote_version: int
    delta: QuoteDelta = QuoteDelta()
    base_hash: str = ""
    reason: str = ""
    origin: Origin = Origin.SELLER
    person: str = ""
    token: str = ""
    actor: str = ""
    channel: Channel = Channel.TEMPORAL
    command_id: str = ""
    alternative: str = ""
    counter: int = 0


class NegotiationKind(StrEnum):
    """What buyer and seller put on record while they negotiate, beside revisions."""

    COMMENT = "comment"
    COUNTER_OFFER = "counter_offer"
    REJECTION = "rejection"
    REVOCATION = "revocation"


class Negotiate(DealStep):
    """Put a comment, a counter-offer, its rejection or the revocation of links on record.

    `text` is the comment or the reason; `counter` the counter-offer that is rejected.
    """

    kind: NegotiationKind
    quote_version: int
    text: str = ""
    delta: QuoteDelta = QuoteDelta()
    base_hash: str = ""
    counter: int = 0
    origin: Origin = Origin.SELLER
    person: str = ""
    token: str = ""
    actor: str = ""
    channel: Channel = Channel.TEMPORAL
    command_id: str = ""


class Negotiated(Value):
    """The problems that kept it off the record, or its number within the deal and kind."""

    problems: tuple[Problem, ...] = ()
    number: int = 0


class RecordDecision(DealStep):
    """Check and record one person's decision; a refusal is recorded too."""

    kind: DecisionKind
    person: str
    step: str = ""
    token: str = ""
    content_hash: str = ""
    reason: str = ""
    purchase_order: str = ""
    actor: str = ""
    channel: Channel = Channel.TEMPORAL
    command_id: str = ""
    quote_version: int = 0
    counter: ApproverCounter | None = None
    reason_code: str = ""


class DecisionRecorded(Value):
    """Whether the decision counts, else why not. `steps` is the path after it."""

    accepted: bool
    refused_because: str = ""
    steps: tuple[ApprovalStep, ...] = ()


class EscalateApproval(DealStep):
    """Move a step that nobody decided to its approver's manager."""

    quote_version: int
    step: str


class ApprovalEscalated(Value):
    """The path after an escalation, and to whom the step went."""

    steps: tuple[ApprovalStep, ...]
    approver: str


class DrawUpContract(DealStep):
    """Make the order form of the accepted quote and name its signers."""

    quote_version: int


class ContractDrawnUp(Value):
    """The order form to sign: its number, the hash signatures bind to, and who signs."""

    number: str
    content_hash: str
    signers: tuple[tuple[str, str], ...]


class ConcludeContract(DealStep):
    """Put the contract of a term on record with its billing plan and obligations."""

    quote_version: int


class ContractConcluded(Value):
    """The contract's dates, what is renewed about it, and the signed copy to publish, if any."""

    starts_on: date
    ends_on: date
    total_minor: int
    term_months: int
    renewal: RenewalTerms
    signed_copy: str = ""


class FulfillOrder(DealStep):
    """Reserve, back-order or provision every open order line; repeating it changes nothing more."""


class ConfirmDelivery(DealStep):
    """Record that order lines changed hands."""

    lines: tuple[str, ...] = ()
    event: Transfer = Transfer.DELIVER
    command_id: str = ""
    actor: str = ""


class ConfirmMilestone(DealStep):
    """Record that a milestone was reached, today or on `reached_on`."""

    milestone: str
    reached_on: date | None = None
    command_id: str = ""
    actor: str = ""


class MilestoneConfirmed(Value):
    """The milestone as the contract names it, or why it was refused."""

    milestone: str = ""
    refused_because: str = ""


class CancelLine(DealStep):
    """Give up an undelivered line: it is neither billed nor recognized any more."""

    line: str
    reason: str = ""
    actor: str = ""


class FulfillmentOutcome(Value):
    """Where the order stands: how many lines are undelivered, and which documents to publish."""

    refused_because: str = ""
    undelivered: int = 0
    back_ordered: int = 0
    confirmation: str = ""
    work_orders: tuple[str, ...] = ()
    delivery_note: str = ""


class Account(Value):
    """The deal's open items in short. `known` is False when the named payment is not on record.

    `undelivered` are documents a network brought back, with the reason; None where not looked at.
    """

    known: bool = True
    balance_minor: int = 0
    open_invoices: int = 0
    next_dunning_on: date | None = None
    fully_billed: bool = False
    fully_recognized: bool = False
    undelivered: tuple[tuple[str, str], ...] | None = None


class Converge(DealStep):
    """Bill and recognize everything that is due by now and not on record."""


COVERED = "covered by"
"""What a deal notes when an invoice of another deal covers its charges."""


class Converged(Value):
    """What converging wrote: invoices issued, when there is more to do, and what is parked.

    `next_on` is the next day on which something becomes billable or earned; `parked` is the
    question that keeps an invoice from being issued. `covered_by` are invoices another deal issued
    that cover charges of this one, and that it has not noted yet.
    """

    invoices: tuple[str, ...] = ()
    covered_by: tuple[str, ...] = ()
    next_on: date | None = None
    parked: str = ""
    account: Account = Account()


class ReadAccount(DealStep):
    """Re-read what the deal's customer owes on this deal."""

    payment: str = ""


class Dun(DealStep):
    """Remind the deal's customer of overdue items: at most one level in one run."""


class Dunned(Value):
    """The letter written, or the one that already covers these items."""

    letter: str = ""
    covered_by: str = ""
    level: int = 0
    decision_needed: bool = False
    account: Account = Account()


class RenewTerm(DealStep):
    """Turn the accepted renewal quote into the contract of the next term."""

    quote_version: int


class AmendDeal(DealStep):
    """Change the contract of the running term; what needs no approval is booked at once.

    `base_version` is the version of the contract it was written for (0: the one in force).
    """

    delta: AmendmentDelta = AmendmentDelta()
    base_version: int = 0
    signed_on: date | None = None
    reason: str = ""
    accepted_by: str = ""
    purchase_order: str = ""
    actor: str = ""
    channel: Channel = Channel.TEMPORAL
    command_id: str = ""


class BookAmendment(DealStep):
    """Book an amendment whose approvals are given."""

    number: int


class DealAmended(Value):
    """The outcome of an amendment: problems, or its number and what waits or was done.

    Without `booked` it waits for the approvals of `priced`. `ends_on` is the day the contract ends
    now, `credit_notes` and `document` are to be published, `orders` says that there is something to
    fulfil.
    """

    problems: tuple[Problem, ...] = ()
    number: int = 0
    version: int = 0
    booked: bool = False
    priced: QuotePriced = QuotePriced()
    document: str = ""
    credit_notes: tuple[str, ...] = ()
    ends_on: date | None = None
    ended_early: bool = False
    orders: bool = False
    price_minor: int = 0


class CloseDeal(DealStep):
    """Mark the deal as ended in the books."""

    outcome: str


class PublishDocument(DealStep):
    """Render a document, store it under its hash, and mail it to whom it concerns."""

    kind: DocumentKind
    number: str
    quote_version: int = 0
    mail: bool = True


class DocumentPublished(Value):
    """Where the document is: its hash in the document store.

    With `send` its buyer wants it over a network as well.
    """

    number: str
    sha256: str
    send: bool = False


class Notice(StrEnum):
    """A mail without a document of its own."""

    APPROVAL_REQUEST = "approval_request"
    APPROVAL_REMINDER = "approval_reminder"
    APPROVAL_COUNTERED = "approval_countered"
    APPROVAL_RECALLED = "approval_recalled"
    RENEWAL_ALARM = "renewal_alarm"
    RENEWAL_REMINDER = "renewal_reminder"
    DUNNING_DECISION = "dunning_decision"
    ENDED = "ended"
    COMMENT = "comment"
    COUNTER_OFFER = "counter_offer"
    COUNTER_REJECTED = "counter_rejected"


class Notify(DealStep):
    """Mail a notice to the people it concerns; one mail per notice, reference and person."""

    notice: Notice
    reference: str = ""
    quote_version: int = 0
    text: str = ""


class Progress(Value):
    """Where a deal is, for lists and reports, with audit entries and answers not yet written."""

    deal: str
    stage: Stage
    term: int
    outcome: str = ""
    on_hold: str = ""
    next_action: str = ""
    next_action_at: AwareDatetime | None = None
    business_time: AwareDatetime
    balance_minor: int = 0
    audit: tuple[AuditEntry, ...] = ()
    answers: tuple[AnsweredCommand, ...] = ()


class Recorded(Value):
    """Nothing to report but that it is on record."""


class RecordPayment(Value):
    """A payment that reached us; `provider` and `reference` make its identity."""

    provider: str
    reference: str
    customer: str
    amount_minor: int
    currency: str
    received_on: date
    invoices: tuple[str, ...] = ()
    deal: str = ""
    actor: str = ""
    test_clock: bool = False


class PaymentRecorded(Value):
    """Where the money went; `refused_because` and `problems` say why nothing was recorded."""

    payment: str = ""
    refused_because: str = ""
    problems: tuple[Problem, ...] = ()
    repeated: bool = False
    deals: tuple[str, ...] = ()
    applied_minor: int = 0
    unapplied_minor: int = 0


class PublishReceipt(Value):
    """Render and mail the receipt of a payment."""

    payment: str


class RegisterKind(StrEnum):
    """What the register holds, each as revisions that are never edited."""

    ENTITY = "entity"
    CUSTOMER = "customer"
    PERSON = "person"
    CATALOG = "catalog"
    APPROVAL_POLICY = "approval_policy"
    DUNNING_POLICY = "dunning_policy"
    TAX_RULES = "tax_rules"
    PROMOTION = "promotion"
    CUSTOMER_PRICES = "customer_prices"
    EXCHANGE_RATES = "exchange_rates"
    DEAL_TEMPLATE = "deal_template"
    DELEGATION = "delegation"
    PARTNER = "partner"


class RegisterChange(Value):
    """A new revision of a party, catalogue or policy. `content` is its JSON."""

    kind: RegisterKind
    key: str
    content: str
    actor: str = ""


class StockReceipt(Value):
    """Goods that reached the warehouse; `reference` (a delivery note) makes it unique."""

    entity: str
    sku: str
    quantity: str
    reference: str
    actor: str = ""


class CheckVatId(Value):
    """Ask VIES about a customer's VAT number; `number` counts the checks of it from 1.

    `requester` is the VAT number of our entity that asks.
    """

    customer: str
    vat_id: str
    number: int = 1
    requester: str = ""
    actor: str = ""


class VatIdChecked(Value):
    """The verdict on record, or the problems that kept it from being asked for."""

    problems: tuple[Problem, ...] = ()
    valid: bool = False
    reference: str = ""
    number: int = 0
    repeated: bool = False


class UsageBatch(Value):
    """A batch of usage events that lies in the document store; its hash names it.

    `suffix` says how it is written: `csv` or `json`. `at` is the moment it came in.
    """

    file_hash: str
    suffix: str = "json"
    at: AwareDatetime
    actor: str = ""


class UsageTaken(Value):
    """What became of a batch: how many events were new and how many on record already.

    Nothing of it is taken where there are problems.
    """

    problems: tuple[Problem, ...] = ()
    events: int = 0
    added: int = 0
    known: int = 0
    deals: int = 0
    repeated: bool = False


class TopUpCredit(Value):
    """Sell prepaid credit to a deal; `amount` and `credit` are in major units, as text.

    `reference` makes it count once; `on` is the deal's day.

    Without `credit` it is good for what is paid, without `expires_on` until the term ends.
    """

    deal: str
    reference: str
    on: date
    amount: str
    credit: str = ""
    priority: int = 0
    expires_on: date | None = None
    actor: str = ""


class ToppedUp(Value):
    """The pool on record, or the problems that kept it from being sold."""

    problems: tuple[Problem, ...] = ()
    pool: str = ""


class ChangeRecorded(Value):
    """The revision written, or the problems that kept it from being written."""

    problems: tuple[Problem, ...] = ()
    revision: int = 0
    repeated: bool = False
    deals: tuple[str, ...] = ()
