"""Bill and recognize: one convergence writes what is due by now and not on record."""

from temporalio import workflow
from temporalio.exceptions import WorkflowAlreadyStartedError

from workflows.desk import Desk
from workflows.ids import transmission_workflow_id
from workflows.stages.fulfillment import publish

with workflow.unsafe.imports_passed_through():
    from activities.signatures import CONVERGE, PUBLISH_DOCUMENT
    from models import steps
    from models.agenda import AgendaItem, AgendaKind
    from models.documents import DocumentKind
    from models.transmission import SendEInvoice, Transmitted

BILLING_HOLD = "billing"


async def converge(desk: Desk, item: AgendaItem) -> None:
    """Issue the invoices and post the revenue that are due, and put the next date on the agenda."""
    outcome = await desk.attempt(
        CONVERGE, desk.step(steps.Converge), f"bill and recognize up to {desk.now():%Y-%m-%d}"
    )
    for number in outcome.invoices:
        publish(desk, DocumentKind.INVOICE, number)
    for number in outcome.covered_by:
        desk.note("q2c", steps.COVERED, number)
    if outcome.invoices:
        desk.count_cycle()
    if outcome.next_on is not None:
        desk.put_on_day("converge", AgendaKind.CONVERGE, outcome.next_on)
    if outcome.parked:
        desk.hold(BILLING_HOLD, outcome.parked, item=item)
    else:
        desk.release(BILLING_HOLD)
    desk.take_account(outcome.account)


async def publish_document(desk: Desk, item: AgendaItem) -> None:
    """Render, store and mail one document."""
    kind, _, number = item.reference.partition("/")
    payload = desk.step(
        steps.PublishDocument,
        kind=DocumentKind(kind),
        number=number,
        quote_version=desk.state.quote.version if desk.state.quote else 0,
    )
    published = await desk.attempt(PUBLISH_DOCUMENT, payload, f"{kind.replace('_', ' ')} {number}")
    if published.send:
        await _send(desk, number)


async def _send(desk: Desk, number: str) -> None:
    """Have a document of billing sent, by a workflow of its own that outlives this run."""
    asked = SendEInvoice(number=number, actor="q2c", at=desk.now())
    try:
        await workflow.start_child_workflow(
            "TransmissionWorkflow",
            asked,
            id=transmission_workflow_id(number, asked.attempt),
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
            result_type=Transmitted,
        )
    except WorkflowAlreadyStartedError:
        desk.note("q2c", "sent already", number)
