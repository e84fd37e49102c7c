"""What follows a correction: its document is out, its deal billed and recognized again."""

from temporalio import workflow

from workflows import policies

with workflow.unsafe.imports_passed_through():
    from activities.signatures import CONVERGE, PUBLISH_DOCUMENT
    from models.approval_cases import IssuedCredit
    from models.documents import DocumentKind
    from models.steps import Converge, Converged, DocumentPublished, PublishDocument


async def follow(issued: IssuedCredit) -> tuple[str, ...]:
    """Publish a credit note, bill its deal again, and publish what that makes; return these."""
    await _publish(issued, DocumentKind.CREDIT_NOTE, issued.number)
    converged: Converged = await workflow.execute_activity(
        CONVERGE.name,
        Converge(deal=issued.deal, term=issued.term, at=issued.at, on=issued.on),
        result_type=Converged,
        task_queue=CONVERGE.queue.value,
        start_to_close_timeout=policies.start_to_close(CONVERGE.name),
        heartbeat_timeout=policies.heartbeat_timeout(CONVERGE.name),
        retry_policy=policies.KEEP_TRYING,
        summary=f"bill and recognize {issued.deal}",
    )
    for number in converged.invoices:
        await _publish(issued, DocumentKind.INVOICE, number)
    return converged.invoices


async def _publish(issued: IssuedCredit, kind: DocumentKind, number: str) -> None:
    """Store and mail a document; none for no number."""
    if not number:
        return
    step = PublishDocument(
        deal=issued.deal, term=issued.term, at=issued.at, on=issued.on, kind=kind, number=number
    )
    published: DocumentPublished = await workflow.execute_activity(
        PUBLISH_DOCUMENT.name,
        step,
        result_type=DocumentPublished,
        task_queue=PUBLISH_DOCUMENT.queue.value,
        start_to_close_timeout=policies.start_to_close(PUBLISH_DOCUMENT.name),
        heartbeat_timeout=policies.heartbeat_timeout(PUBLISH_DOCUMENT.name),
        retry_policy=policies.KEEP_TRYING,
        summary=f"{kind.value.replace('_', ' ')} {number}",
    )
    workflow.logger.debug("%s is stored as %s", number, published.sha256)
