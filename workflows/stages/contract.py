"""Contract: the order form goes to its signers; when all have signed, the deal is committed."""

from datetime import timedelta

from temporalio import workflow

from workflows.desk import Desk
from workflows.stages.fulfillment import publish
from workflows.stages.quoting import record

with workflow.unsafe.imports_passed_through():
    from activities.signatures import CONCLUDE_CONTRACT, DRAW_UP_CONTRACT, PUBLISH_DOCUMENT
    from models import steps
    from models.agenda import AgendaItem, AgendaKind
    from models.deal import Signer, Stage, local_date, start_of_day
    from models.decisions import DecisionKind
    from models.documents import DocumentKind
    from models.messages import Answer, Command


async def contract(desk: Desk) -> None:
    """Have the order form signed before its deadline, then put the contract on record."""
    if desk.has_outcome() or not desk.enter(Stage.CONTRACT):
        return
    if not desk.state.signers:
        await _draw_up(desk)
    await desk.until(lambda: _all_signed(desk) or desk.has_outcome())
    desk.strike("signature-deadline")
    if desk.has_outcome() or desk.state.contract_signed:
        return
    concluded = await desk.do(
        CONCLUDE_CONTRACT,
        lambda: desk.step(steps.ConcludeContract, quote_version=_version(desk)),
    )
    take_contract(desk, concluded)
    publish(desk, DocumentKind.ORDER_FORM, concluded.signed_copy)


async def _draw_up(desk: Desk) -> None:
    drawn_up = await desk.do(
        DRAW_UP_CONTRACT,
        lambda: desk.step(steps.DrawUpContract, quote_version=_version(desk)),
    )
    desk.state.order_form_hash = drawn_up.content_hash
    await desk.do(
        PUBLISH_DOCUMENT,
        lambda: desk.step(
            steps.PublishDocument,
            kind=DocumentKind.ORDER_FORM,
            number=drawn_up.number,
            quote_version=_version(desk),
        ),
        "order form to signers",
    )
    desk.state.signers = tuple(
        Signer(person=person, party=party) for person, party in drawn_up.signers
    )
    today = local_date(desk.now(), desk.state.time_zone)
    deadline = today + timedelta(days=desk.state.signature_days + 1)
    ends = start_of_day(deadline, desk.state.time_zone)
    desk.put("signature-deadline", AgendaKind.SIGNATURE_DEADLINE, ends, drawn_up.number)


def take_contract(desk: Desk, concluded: steps.ContractConcluded) -> None:
    """Take over the dates of a contract term that is on record."""
    desk.state.contract_signed = True
    desk.state.starts_on = concluded.starts_on
    desk.state.ends_on = concluded.ends_on
    desk.state.term_months = concluded.term_months
    desk.state.renewal_terms = concluded.renewal


def _version(desk: Desk) -> int:
    return desk.state.quote.version if desk.state.quote else 0


def _all_signed(desk: Desk) -> bool:
    return all(signer.signed_at is not None for signer in desk.state.signers)


async def give_up(desk: Desk, item: AgendaItem) -> None:
    """The contract was not signed in time: the deal is lost."""
    desk.note("q2c", "signature deadline passed", item.reference)
    desk.state.outcome = "not signed"


async def take_signature(desk: Desk, command: Command) -> Answer:
    """Record one signer's signature under the hash of the order form."""
    if desk.state.stage is not Stage.CONTRACT or desk.state.contract_signed:
        return Answer(accepted=False, text=f"No contract waits for signature ({desk.state.stage}).")
    person = command.decision.person if command.decision else ""
    waiting = [signer for signer in desk.state.signers if signer.person == person]
    if not waiting:
        names = ", ".join(signer.person for signer in desk.state.signers)
        return Answer(accepted=False, text=f"{person or 'Nobody'} is no signer; these are: {names}")
    if waiting[0].signed_at is not None:
        return Answer(accepted=False, text=f"{person} has already signed.")
    refusal = await record(desk, command, DecisionKind.SIGN)
    if refusal:
        return Answer(accepted=False, text=refusal)
    now = desk.now()
    desk.state.signers = tuple(
        signer.model_copy(update={"signed_at": now}) if signer.person == person else signer
        for signer in desk.state.signers
    )
    left = [signer.person for signer in desk.state.signers if signer.signed_at is None]
    text = f"Signed; still missing: {', '.join(left)}." if left else "Signed by everyone."
    return Answer(accepted=True, text=text)
