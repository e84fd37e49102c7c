"""Every message a door takes for a deal: its fields, who may send it, and an example."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from models import messages
from models.decisions import DecisionKind
from models.messages import Message
from models.parties import Role
from models.revision import QuoteDelta
from models.value import Value

_SALES = (Role.SALES,)
_OFFERERS = (Role.SALES, Role.PARTNER)
_APPROVERS = (Role.APPROVER,)
_OPERATORS = (Role.OPERATOR,)
_OVERRIDERS = (Role.OVERRIDE,)

SET_BY_THE_DOOR = frozenset({"command_id", "actor", "channel", "problems"})
"""Fields of every message that a caller does not write."""


class MessageKind(NamedTuple):
    """One message: `field` is its place in a command, `decision` what it decides, if anything.

    `by_the_door` are the fields a caller does not write, `parts` the fields read as files are:
    strictly.
    """

    name: str
    model: type[Message]
    field: str
    roles: tuple[Role, ...]
    summary: str
    example: Mapping[str, Any]
    decision: DecisionKind | None = None
    by_the_door: frozenset[str] = SET_BY_THE_DOOR
    parts: Mapping[str, type[Value]] = MappingProxyType({})

    @property
    def fields(self) -> frozenset[str]:
        """The fields a caller may write."""
        return frozenset(self.model.model_fields) - self.by_the_door


def _decision(
    name: str,
    kind: DecisionKind,
    roles: tuple[Role, ...],
    summary: str,
    example: Mapping[str, Any],
) -> MessageKind:
    return MessageKind(name, messages.Decision, "decision", roles, summary, example, kind)


_KINDS = (
    _decision(
        "approve",
        DecisionKind.APPROVE,
        _APPROVERS,
        "Approve the quote, for the step that waits for you",
        {"reason": "Agreed with the customer's volume in mind"},
    ),
    _decision(
        "reject",
        DecisionKind.REJECT,
        _APPROVERS,
        "Reject the quote, with a reason",
        {"reason": "Discount too high for one year"},
    ),
    _decision(
        "counter",
        DecisionKind.COUNTER,
        _APPROVERS,
        "Say what you would approve instead; the seller decides what to do with it",
        {"counter": {"discount_percent": "12"}, "reason": "Fine at 12 %"},
    ),
    _decision(
        "recall",
        DecisionKind.RECALL,
        _SALES,
        "Take the quote back from its approvers, until it is decided",
        {"reason": "The customer wants another quantity"},
    ),
    _decision(
        "resubmit",
        DecisionKind.RESUBMIT,
        _SALES,
        "Hand a recalled or countered quote in again, unchanged",
        {"reason": "The customer cannot accept less"},
    ),
    _decision(
        "override",
        DecisionKind.OVERRIDE,
        _OVERRIDERS,
        "Approve for everybody who is missing, in an emergency; it is reviewed afterwards",
        {"reason": "The offer ends today and nobody can be reached"},
    ),
    _decision(
        "review",
        DecisionKind.REVIEW,
        _APPROVERS,
        "Review an override that passed you over",
        {"reason": "I would have approved it too"},
    ),
    _decision(
        "accept_quote",
        DecisionKind.ACCEPT,
        _SALES,
        "Record that the customer accepts the quote",
        {"person": "bea@acme.example", "purchase_order": "PO-77"},
    ),
    _decision(
        "decline_quote",
        DecisionKind.DECLINE,
        _SALES,
        "Record that the customer declines the quote",
        {"person": "bea@acme.example", "reason": "Budget cut"},
    ),
    MessageKind(
        "revise_quote",
        messages.Revision,
        "revision",
        (Role.SALES, Role.APPROVER, Role.PARTNER),
        "Change the quote on offer: its next version replaces it",
        {"delta": {"lines": [{"line": 1, "quantity": "30"}]}, "reason": "Five more seats"},
        by_the_door=SET_BY_THE_DOOR | {"origin", "person", "token"},
        parts={"delta": QuoteDelta},
    ),
    MessageKind(
        "comment",
        messages.Comment,
        "comment",
        _OFFERERS,
        "Write to the buyer about the offer; it is shown on their page and mailed",
        {"text": "We can deliver in two weeks."},
        by_the_door=SET_BY_THE_DOOR | {"origin", "person", "token"},
    ),
    MessageKind(
        "answer_counter_offer",
        messages.CounterAnswer,
        "counter_answer",
        _OFFERERS,
        "Accept the buyer's counter-offer, which revises the quote, or reject it with a reason",
        {"answer": "reject", "counter": 1, "reason": "10 % is the most we can do"},
    ),
    MessageKind(
        "revoke_link",
        messages.LinkRevocation,
        "link_revocation",
        (Role.SALES, Role.PARTNER, Role.OPERATOR),
        "End the links to the buyer page that a contact has; links made later work again",
        {"person": "bea@acme.example", "reason": "Sent to the wrong address"},
    ),
    _decision(
        "contract_signed",
        DecisionKind.SIGN,
        (Role.SALES, Role.APPROVER),
        "Sign the contract, or record another signer's signature with the token from their mail",
        {},
    ),
    MessageKind(
        "delivery_confirmed",
        messages.Delivery,
        "delivery",
        (Role.SALES, Role.OPERATOR),
        "Confirm that order lines were shipped, delivered or accepted, or a milestone reached",
        {"lines": ["2"], "event": "deliver", "delivered_on": "2026-02-03"},
    ),
    MessageKind(
        "stock_arrived",
        messages.StockNotice,
        "stock",
        _OPERATORS,
        "Reserve back-ordered lines again",
        {"sku": "SCANNER"},
    ),
    MessageKind(
        "cancel_line",
        messages.LineCancellation,
        "line_cancellation",
        _SALES,
        "Give up an order line that was not delivered",
        {"line": "2", "reason": "Out of production"},
    ),
    _decision(
        "renew",
        DecisionKind.RENEW,
        _SALES,
        "Record that the customer renews for the next term",
        {"person": "bea@acme.example"},
    ),
    _decision(
        "decline_renewal",
        DecisionKind.DECLINE,
        _SALES,
        "Record that the customer lets the deal end with its term",
        {"person": "bea@acme.example", "reason": "Moved to another vendor"},
    ),
    MessageKind(
        "cancel",
        messages.Cancellation,
        "cancellation",
        _SALES,
        "End the deal: before the signature at once, afterwards with its term",
        {"reason": "Customer closed"},
    ),
    MessageKind(
        "amend",
        messages.Amendment,
        "amendment",
        _SALES,
        "Change the contract of the running term: lines, prices, a rest, or its early end",
        {
            "delta": {"lines": [{"line": 1, "add": "5"}], "effective_on": "2026-02-16"},
            "accepted_by": "bea@acme.example",
            "purchase_order": "PO-4712",
            "reason": "Two more teams",
        },
    ),
    MessageKind(
        "retry",
        messages.Retry,
        "retry",
        _OPERATORS,
        "Try parked items again: the named one, or all",
        {"item": "converge"},
    ),
    MessageKind(
        "resolve",
        messages.Resolve,
        "resolve",
        (Role.OPERATOR, Role.FINANCE),
        "Answer the question of a parked item",
        {"item": "dunning", "answer": "wait", "reason": "They promised to pay on Friday"},
    ),
    MessageKind(
        "advance_clock",
        messages.ClockAdvance,
        "clock",
        _OPERATORS,
        "Move the test clock of a deal forward",
        {"until": "2026-03-01T09:00:00Z"},
    ),
)

KINDS: Mapping[str, MessageKind] = {kind.name: kind for kind in _KINDS}
"""The messages by name."""
