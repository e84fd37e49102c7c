"""What people and systems may tell a deal, in a form that never breaks it.

A message of the wrong shape must not wedge a deal or vanish. So every field has a default, and what
does not fit is kept as `problems` instead of raised; the deal records the refusal and its reason.
"""

import hashlib
from datetime import date
from typing import Any, Self, cast

from pydantic import (
    AwareDatetime,
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)

from models.amendment import AmendmentDelta
from models.approval_counter import ApproverCounter
from models.decisions import Channel
from models.errors import Problem
from models.faults import problem_of
from models.revision import Origin, QuoteDelta
from models.value import Value


class Message(Value):
    """The base of all messages: reading one never raises.

    `command_id` makes sending the same message again harmless; `actor` is who says so, which is
    only believed where a token or an authenticated door vouches for it.
    """

    command_id: str = Field(default="", max_length=80)
    actor: str = Field(default="", max_length=200)
    channel: Channel = Channel.TEMPORAL
    problems: tuple[Problem, ...] = ()

    @property
    def speaker(self) -> str:
        """Whose word it is: who decided, proposed or wrote; nobody where none is named."""
        return str(getattr(self, "person", ""))

    @model_validator(mode="wrap")
    @classmethod
    def keep_problems(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Turn whatever cannot be read into an empty message that lists its problems."""
        try:
            return handler(data)
        except ValidationError as error:
            kept = {key: data[key] for key in ("command_id", "actor") if _is_text(data, key)}
            return cast("Self", cls.model_construct(**kept, problems=problems_of(error)))


def _is_text(data: object, key: str) -> bool:
    return isinstance(data, dict) and isinstance(data.get(key), str) and len(data[key]) <= 80


def problems_of(error: ValidationError) -> tuple[Problem, ...]:
    """Say each fault of a validation error as field, reason and remedy."""
    return tuple(problem_of(fault, "message") for fault in error.errors(include_url=False))


class Decision(Message):
    """A person's yes or no: to an approval step, a quote, a contract, or a renewal.

    `step` names the approval step (any step waiting for `person` if empty). `content_hash` says
    which content the decision is for and `token` proves that `person` was asked. A counter says in
    `counter` what the approver would say yes to. `reason_code` is one of the policy's reasons for
    which offers are lost, beside the `reason` in words.
    """

    person: str = ""
    step: str = ""
    token: str = ""
    content_hash: str = ""
    reason: str = ""
    purchase_order: str = ""
    counter: ApproverCounter | None = None
    reason_code: str = Field(default="", max_length=40)


class Revision(Message):
    """A change of the quote that is on offer: `delta` says what changes.

    `base_hash` is the content hash of the version it was written for (empty: the one in force); a
    change of an outdated version is refused. `origin` says who wants it. A buyer proves to be
    `person` by `token`. With the label of an `alternative` the new version stands beside the one in
    force instead of replacing it.
    """

    delta: QuoteDelta = QuoteDelta()
    base_hash: str = ""
    reason: str = Field(default="", max_length=1000)
    origin: Origin = Origin.SELLER
    person: str = ""
    token: str = ""
    alternative: str = Field(default="", max_length=40)


class Comment(Message):
    """A remark on the offer, for the other side to read.

    `origin` says which side writes. A buyer proves to be `person` by `token`.
    """

    text: str = Field(default="", max_length=2000)
    origin: Origin = Origin.SELLER
    person: str = ""
    token: str = ""


class CounterOffer(Message):
    """What a buyer would take instead: `delta` says what differs from the version of `base_hash`.

    The buyer proves to be `person` by `token`.
    """

    delta: QuoteDelta = QuoteDelta()
    base_hash: str = ""
    reason: str = Field(default="", max_length=1000)
    person: str = ""
    token: str = ""


class CounterAnswer(Message):
    """The seller's answer to a counter-offer: `answer` is accept or reject.

    `counter` is its number within the deal; 0 means the one that is open.
    """

    answer: str = ""
    counter: int = 0
    reason: str = Field(default="", max_length=1000)


class Amendment(Message):
    """A change of the running contract: `delta` says what changes and from when.

    `base_version` is the version of the contract it was written for (0: the one in force); a change
    of another is refused. What costs the customer more names in `accepted_by` who accepted it
    there, with their `purchase_order`. It was agreed on `signed_on` (absent: today).
    """

    delta: AmendmentDelta = AmendmentDelta()
    base_version: int = 0
    signed_on: date | None = None
    reason: str = Field(default="", max_length=1000)
    accepted_by: str = Field(default="", max_length=200)
    purchase_order: str = Field(default="", max_length=200)


class LinkRevocation(Message):
    """End the links to the buyer page of `person` that are out; links made later work again."""

    person: str = ""
    reason: str = Field(default="", max_length=1000)

    @property
    def speaker(self) -> str:
        """Nobody but who sends it: `person` is whose links end."""
        return ""


MILESTONE = "milestone"
"""The event of a `Delivery` that names a milestone of the contract instead of order lines."""


class Delivery(Message):
    """Order lines changed hands, or a milestone was reached. No `lines` means all that are open.

    With the event `milestone` the one entry of `lines` is the name of the milestone.
    """

    lines: tuple[str, ...] = ()
    event: str = "deliver"
    delivered_on: date | None = None


class PaymentNotice(Message):
    """A payment of the customer was recorded under `payment`; the deal re-reads the books."""

    payment: str = ""


class AccountNotice(Message):
    """What the deal is owed changed by `cause`, a decided case; the deal re-reads the books.

    With `bill` there is something new to bill as well, such as credit that was topped up.
    """

    cause: str = ""
    bill: bool = False


class StockNotice(Message):
    """Stock of `sku` arrived; back-ordered lines may be reserved now."""

    sku: str = ""


class Retry(Message):
    """Try a parked item again (`item` empty: all of them)."""

    item: str = ""


class Resolve(Message):
    """Answer the question of a parked item: `answer` is one of the answers its hold offers."""

    item: str = ""
    answer: str = ""
    reason: str = ""


class Cancellation(Message):
    """End the deal with its current term."""

    reason: str = ""


class LineCancellation(Message):
    """Give up a back-ordered line that has not been delivered."""

    line: str = ""
    reason: str = ""


class ClockAdvance(Message):
    """Move the deal's test clock forward, item by item, to `until`."""

    until: AwareDatetime | None = None


class Answer(Value):
    """What became of a message; `request_hash` is that of the command it answers, if known."""

    accepted: bool
    text: str
    reference: str = ""
    request_hash: str = ""


class Command(Value):
    """A message in the inbox of a deal, with the name it came under."""

    name: str
    command_id: str
    decision: Decision | None = None
    delivery: Delivery | None = None
    payment: PaymentNotice | None = None
    account: AccountNotice | None = None
    stock: StockNotice | None = None
    retry: Retry | None = None
    resolve: Resolve | None = None
    cancellation: Cancellation | None = None
    line_cancellation: LineCancellation | None = None
    clock: ClockAdvance | None = None
    revision: Revision | None = None
    comment: Comment | None = None
    counter_offer: CounterOffer | None = None
    counter_answer: CounterAnswer | None = None
    link_revocation: LinkRevocation | None = None
    amendment: Amendment | None = None

    @property
    def request_hash(self) -> str:
        """SHA-256 of what was asked, so that the same id with another request is noticed."""
        left_out = {"command_id", "channel", "problems"}
        if self.decision is not None and self.decision.counter is None:
            left_out.add("counter")  # so that messages from before there were counters keep theirs
        changes = getattr(self.message, "delta", None)
        exclude: dict[str, Any] = dict.fromkeys(left_out, True)
        if self.decision is not None and not self.decision.reason_code:
            exclude["reason_code"] = True  # likewise
        if isinstance(changes, QuoteDelta) and changes.total_discount is None:
            exclude["delta"] = {"total_discount"}  # likewise, from before it could be asked for
        asked = self.message.model_dump_json(exclude=exclude)
        return hashlib.sha256(f"{self.name}:{asked}".encode()).hexdigest()

    @property
    def message(self) -> Message:
        """The message itself, whichever kind it is."""
        fields = (
            self.decision,
            self.delivery,
            self.payment,
            self.account,
            self.stock,
            self.retry,
            self.resolve,
            self.cancellation,
            self.line_cancellation,
            self.clock,
            self.revision,
            self.comment,
            self.counter_offer,
            self.counter_answer,
            self.link_revocation,
            self.amendment,
        )
        return next((field for field in fields if field is not None), Message())
