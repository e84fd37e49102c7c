"""Renew: offer the next term in time, hear the customer, and renew, expire or ask a person."""

from datetime import datetime, timedelta

from temporalio import workflow

from workflows.desk import Desk
from workflows.stages import approval
from workflows.stages.contract import take_contract
from workflows.stages.quoting import record

with workflow.unsafe.imports_passed_through():
    from activities.signatures import NOTIFY, PRICE_QUOTE, PUBLISH_DOCUMENT, RENEW_TERM
    from models import renewal as rules
    from models import steps
    from models.agenda import AgendaItem, AgendaKind
    from models.deal import RenewalProgress, Stage, local_date, start_of_day
    from models.decisions import DecisionKind
    from models.documents import DocumentKind
    from models.messages import Answer, Command

HOLD = "renewal"
NEEDS_A_REASON = "2026-11-25-a-cancellation-needs-a-reason"


def schedule(desk: Desk) -> None:
    """Put the renewal's dates and the term's end on the agenda."""
    state = desk.state
    if not state.term_months or state.starts_on is None or state.ends_on is None:
        return
    desk.put_on_day("term-end", AgendaKind.TERM_END, state.ends_on, f"term {state.term}")
    if state.cancel_requested:
        return
    dates = rules.renewal_calendar(state.starts_on, state.ends_on, state.renewal_terms.notice_days)
    desk.put_on_day("renewal:quote", AgendaKind.RENEWAL_QUOTE, dates.quote_on)
    desk.put_on_day("renewal:offer", AgendaKind.RENEWAL_OFFER, dates.offer_on)
    desk.put_on_day("renewal:alarm", AgendaKind.RENEWAL_ALARM, dates.alarm_on)
    desk.put_on_day("renewal:reminder", AgendaKind.RENEWAL_REMINDER, dates.last_reminder_on)


async def prepare(desk: Desk, item: AgendaItem) -> None:
    """Price the next term with its uplift and ask for the approvals it needs."""
    payload = desk.step(steps.PriceQuote, renewal=True)
    payload = payload.model_copy(update={"term": desk.state.term + 1})
    outcome = await desk.attempt(PRICE_QUOTE, payload, f"renewal quote, term {payload.term}")
    if outcome.problems:
        reason = "; ".join(str(problem) for problem in outcome.problems)
        desk.hold(HOLD, f"the next term cannot be priced: {reason}", item=item)
        return
    progress = RenewalProgress(quote=outcome.quote, approval=approval.approval_of(outcome))
    if outcome.steps:
        await desk.attempt(PUBLISH_DOCUMENT, _offer(desk, progress, mail=False))
    desk.state.renewal = progress
    approval.ask(desk, progress.approval)


async def offer(desk: Desk, item: AgendaItem) -> None:
    """Mail the renewal quote once it is approved; look again tomorrow until then."""
    progress = desk.state.renewal
    if desk.now() >= _notice_ends(desk):
        desk.note("q2c", "renewal offer missed", "the last notice day has passed")
        return
    if progress.quote is None or not approval.is_approved(progress.approval):
        desk.put(item.key, item.kind, desk.now() + timedelta(days=1))
        return
    payload = _offer(desk, progress, mail=True)
    await desk.attempt(PUBLISH_DOCUMENT, payload, f"offer {progress.quote.number}")
    today = local_date(desk.now(), desk.state.time_zone)
    desk.state.renewal = progress.model_copy(update={"offered_on": today})


def _offer(desk: Desk, progress: RenewalProgress, *, mail: bool) -> steps.PublishDocument:
    return desk.step(
        steps.PublishDocument,
        kind=DocumentKind.RENEWAL_QUOTE,
        number=progress.quote.number if progress.quote else "",
        quote_version=progress.quote.version if progress.quote else 0,
        mail=mail,
    )


def _notice_ends(desk: Desk) -> datetime:
    """Return the moment after which notice is late: the end of the last notice day."""
    if desk.state.starts_on is None or desk.state.ends_on is None:
        return desk.now()
    dates = rules.renewal_calendar(
        desk.state.starts_on, desk.state.ends_on, desk.state.renewal_terms.notice_days
    )
    return start_of_day(dates.last_notice_on + timedelta(days=1), desk.state.time_zone)


async def alarm(desk: Desk, item: AgendaItem) -> None:
    """Tell the seller that a renewal is undecided shortly before the notice day."""
    if desk.state.renewal.decision:
        return
    await desk.attempt(
        NOTIFY,
        desk.step(steps.Notify, notice=steps.Notice.RENEWAL_ALARM, reference=f"{desk.state.term}"),
    )


async def remind(desk: Desk, item: AgendaItem) -> None:
    """Send the customer the last reminder before the notice day."""
    progress = desk.state.renewal
    if progress.decision or progress.quote is None or progress.offered_on is None:
        return
    if desk.now() >= _notice_ends(desk):
        desk.note("q2c", "renewal reminder missed", "the last notice day has passed")
        return
    payload = desk.step(
        steps.Notify,
        notice=steps.Notice.RENEWAL_REMINDER,
        reference=progress.quote.number,
        quote_version=progress.quote.version,
    )
    await desk.attempt(NOTIFY, payload)
    today = local_date(desk.now(), desk.state.time_zone)
    desk.state.renewal = progress.model_copy(update={"reminded_on": today})


async def end_term(desk: Desk, item: AgendaItem) -> None:
    """At the end of the term: renew it, let it expire, or ask a person."""
    decided = _decide(desk)
    if decided is rules.RenewalOutcome.ASK:
        reason = "the customer was not reminded in time or the offer is not approved: renew?"
        desk.hold(HOLD, reason, answers=("renew", "expire"))
    elif decided is rules.RenewalOutcome.RENEW:
        await renew(desk)
    else:
        desk.note("q2c", "term ended", f"term {desk.state.term} is not renewed")
        desk.state.term_over = True


def _decide(desk: Desk) -> rules.RenewalOutcome:
    progress = desk.state.renewal
    decision = "decline" if desk.state.cancel_requested else progress.decision
    reminded = progress.offered_on is not None and progress.reminded_on is not None
    approved = progress.quote is not None and approval.is_approved(progress.approval)
    return rules.outcome(
        desk.state.renewal_terms,
        rules.RenewalDecision(decision) if decision else None,
        reminded_in_time=reminded and approved,
    )


def missing_for_renewal(desk: Desk) -> str:
    """Return what keeps the next term from starting, or an empty text."""
    progress = desk.state.renewal
    if progress.quote is None:
        return "There is no renewal quote to renew with; fix its cause and use `retry`."
    if not approval.is_approved(progress.approval):
        return f"Renewal quote {progress.quote.number} is not approved; answer `expire`."
    return ""


async def renew(desk: Desk) -> None:
    """Start the next term under the approved renewal quote."""
    progress = desk.state.renewal
    if progress.quote is None:
        reason = "there is no renewal quote to renew with; answer `expire`"
        desk.hold(HOLD, reason, answers=("expire",))
        return
    payload = desk.step(steps.RenewTerm, quote_version=progress.quote.version)
    payload = payload.model_copy(update={"term": desk.state.term + 1})
    concluded = await desk.attempt(RENEW_TERM, payload, f"renew, term {payload.term}")
    desk.strike("renewal:", "approval:")
    desk.state.term += 1
    desk.state.quote = progress.quote
    desk.state.renewal = RenewalProgress()
    take_contract(desk, concluded)
    desk.note("q2c", "renewed", f"term {desk.state.term} until {concluded.ends_on}")
    schedule(desk)
    desk.put("converge", AgendaKind.CONVERGE)
    desk.start_new_run()


async def take_renewal(desk: Desk, command: Command) -> Answer:
    """Record the customer's yes to the next term."""
    return await _take(desk, command, DecisionKind.RENEW)


async def take_refusal(desk: Desk, command: Command) -> Answer:
    """Record the customer's no to the next term; the deal ends with the current one."""
    return await _take(desk, command, DecisionKind.DECLINE)


async def _take(desk: Desk, command: Command, kind: DecisionKind) -> Answer:
    progress = desk.state.renewal
    if desk.state.stage is not Stage.LIVE or progress.quote is None:
        return Answer(accepted=False, text=f"No renewal is offered now ({desk.state.stage}).")
    if progress.decision:
        return Answer(accepted=False, text=f"The renewal was already decided: {progress.decision}.")
    if desk.now() >= _notice_ends(desk):
        return Answer(accepted=False, text="The last notice day has passed.")
    if kind is DecisionKind.RENEW and not approval.is_approved(progress.approval):
        text = (
            f"Renewal quote {progress.quote.number} is not approved yet; it is mailed when it is."
        )
        return Answer(accepted=False, text=text)
    refusal = await record(desk, command, kind, version=progress.quote.version)
    if refusal:
        return Answer(accepted=False, text=refusal)
    decision = (
        rules.RenewalDecision.RENEW if kind is DecisionKind.RENEW else rules.RenewalDecision.DECLINE
    )
    desk.state.renewal = progress.model_copy(update={"decision": decision})
    desk.strike("renewal:")
    ends = desk.state.ends_on
    text = "renewed" if kind is DecisionKind.RENEW else "not renewed"
    return Answer(accepted=True, text=f"The deal is {text} on {ends}.")


def _says_why(command: Command) -> bool:
    """Whether a cancellation gives its reason, which no malformed message does by chance."""
    reason = command.cancellation.reason if command.cancellation else ""
    return bool(reason.strip()) or not workflow.patched(NEEDS_A_REASON)


async def take_cancellation(desk: Desk, command: Command) -> Answer:
    """End the deal with its current term; before the contract is signed, end it now."""
    if not _says_why(command):
        return Answer(accepted=False, text="Say why the deal shall end: `reason` is empty.")
    if desk.state.stage in (Stage.LIVE, Stage.FULFILL) and desk.state.term_months:
        if desk.now() >= _notice_ends(desk):
            text = f"The last notice day has passed; the term after {desk.state.ends_on} is due."
            return Answer(accepted=False, text=text)
        desk.state.cancel_requested = True
        desk.strike("renewal:")
        return Answer(accepted=True, text=f"The deal ends on {desk.state.ends_on}.")
    if desk.state.contract_signed:
        return Answer(accepted=False, text="A signed one-off sale is given up line by line.")
    desk.state.outcome = "withdrawn"
    return Answer(accepted=True, text="The offer is withdrawn.")
