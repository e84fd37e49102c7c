"""What the Temporal web UI shows of a deal: search attributes and current details."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from temporalio import workflow
from temporalio.common import SearchAttributeKey, SearchAttributeUpdate

with workflow.unsafe.imports_passed_through():
    from models import agenda as agendas
    from models import attributes
    from models.deal import DealState
    from models.money import Money

Shown = dict[str, str | int | bool | datetime | None]


def _keys() -> dict[str, SearchAttributeKey[Any]]:
    makers: dict[str, Callable[[str], SearchAttributeKey[Any]]] = {
        "Keyword": SearchAttributeKey.for_keyword,
        "Int": SearchAttributeKey.for_int,
        "Bool": SearchAttributeKey.for_bool,
        "Datetime": SearchAttributeKey.for_datetime,
    }
    return {entry.name: makers[entry.type](entry.name) for entry in attributes.ATTRIBUTES}


class Showcase:
    """Publishes what changed since it last looked; all changes in one command."""

    def __init__(self) -> None:
        self._keys = _keys()
        self._shown: Shown = {}

    def show(self, state: DealState, now: datetime) -> None:
        """Show where the deal is."""
        wanted = _attributes_of(state)
        updates: list[SearchAttributeUpdate[Any]] = []
        for name, value in wanted.items():
            if name in self._shown and self._shown[name] == value:
                continue
            key = self._keys[name]
            updates.append(key.value_unset() if value is None else key.value_set(value))
        if updates:
            workflow.upsert_search_attributes(updates)
            self._shown = wanted
        workflow.set_current_details(details_of(state, now))


def _attributes_of(state: DealState) -> Shown:
    item = state.agenda[0] if state.agenda else None
    return {
        "Q2cStage": state.stage.value,
        "Q2cCustomer": state.customer or None,
        "Q2cOwner": state.seller or None,
        "Q2cEntity": state.entity or None,
        "Q2cCurrency": state.currency or None,
        "Q2cNextAction": item.kind.value if item else None,
        "Q2cNextActionAt": item.due_at if item else None,
        "Q2cRenewalAt": _renewal_at(state),
        "Q2cBalanceMinor": state.balance_minor,
        "Q2cTotalMinor": state.quote.total_minor if state.quote else None,
        "Q2cOnHold": bool(state.holds),
    }


def _renewal_at(state: DealState) -> datetime | None:
    ends = [item.due_at for item in state.agenda if item.kind is agendas.AgendaKind.TERM_END]
    return ends[0] if ends else None


def details_of(state: DealState, now: datetime) -> str:
    """Describe the deal as markdown: facts, what is parked, what comes next, what happened last."""
    total = Money(minor=state.quote.total_minor, currency=state.currency) if state.quote else "-"
    balance = Money(minor=state.balance_minor, currency=state.currency or "XXX")
    lines = [
        f"**Deal {state.number}** for customer {state.customer}, stage **{state.stage}**",
        "",
        "| | |",
        "|---|---|",
        f"| Contract value | {total} |",
        f"| Receivable | {balance} |",
        f"| Term | {_term_of(state)} |",
        f"| {'Test clock' if state.test_clock else 'As of'} | {now:%Y-%m-%d %H:%M} |",
    ]
    if state.holds:
        lines += ["", "**On hold**", ""]
        lines += [f"- `{hold.key}`: {hold.reason}" for hold in state.holds]
    lines += ["", "**Waiting for**", "", *(_waiting_for(state) or ["- nothing but time"])]
    lines += ["", "**Next**", ""]
    lines += [f"- {item.due_at:%Y-%m-%d %H:%M} {item.words}" for item in state.agenda[:10]]
    lines += ["", "**Lately**", ""]
    lines += [
        f"- {entry.at:%Y-%m-%d} {entry.actor}: {entry.what} {entry.detail}"
        for entry in reversed(state.audit[-8:])
    ]
    return "\n".join(lines)


def _term_of(state: DealState) -> str:
    if state.starts_on is None:
        return "not signed yet"
    return f"{state.term}: {state.starts_on} to before {state.ends_on}"


def _waiting_for(state: DealState) -> list[str]:
    steps = (*state.approval.steps, *state.renewal.approval.steps)
    asked = [
        f"- approval by {', '.join(step.undecided)} ({step.title})"
        for step in steps
        if step.status.value == "active"
    ]
    if state.stage.value == "accept":
        asked.append("- acceptance by the customer")
    if state.stage.value == "contract":
        asked += [
            f"- signature of {signer.person}"
            for signer in state.signers
            if signer.signed_at is None
        ]
    if state.undelivered:
        asked.append(f"- delivery of {state.undelivered} lines ({state.back_ordered} back-ordered)")
    return asked
