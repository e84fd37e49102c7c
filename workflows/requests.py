"""What the short workflows are asked for, in a form that never leaves one running without running.

A start whose input cannot be decoded is retried for ever. So these read whatever was sent and keep
what does not fit as problems, and the workflow ends as failed with all of them.
"""

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from models.approval_cases import OpenCase
    from models.credit_steps import CorrectInvoice, SendStatement
    from models.errors import Problem
    from models.messages import Message
    from models.steps import (
        CheckVatId,
        RecordPayment,
        RegisterChange,
        StockReceipt,
        TopUpCredit,
        UsageBatch,
    )
    from models.transmission import SendEInvoice


class PaymentRequest(Message, RecordPayment):
    """A payment as it was sent."""


class CorrectionRequest(Message, CorrectInvoice):
    """A correction of an invoice as it was sent."""


class StatementRequest(Message, SendStatement):
    """A statement of account as it was asked for."""


class ChangeRequest(Message, RegisterChange):
    """A change of the register as it was sent."""


class CaseRequest(Message, OpenCase):
    """A case as it was handed in."""


class ReceiptRequest(Message, StockReceipt):
    """A stock receipt as it was sent."""


class VatCheckRequest(Message, CheckVatId):
    """A question about a VAT number as it was sent."""


class UsageRequest(Message, UsageBatch):
    """A batch of usage as it was sent."""


class CreditRequest(Message, TopUpCredit):
    """Prepaid credit as it was asked for."""


class SendRequest(Message, SendEInvoice):
    """An invoice to be sent as it was asked for."""


def refuse(fact: str, problems: tuple[Problem, ...]) -> None:
    """End a workflow as failed with all its problems, if there are any.

    Raises:
        ApplicationError: `fact` and every problem; the details carry them for programs.
    """
    if problems:
        raise ApplicationError(
            f"{fact}: " + "; ".join(str(problem) for problem in problems),
            *[problem.model_dump() for problem in problems],
            type="invalid_input",
            non_retryable=True,
        )


def refuse_unread(fact: str, request: Message | None) -> None:
    """End a workflow as failed if its input is missing or cannot be read."""
    missing = Problem(field="input", reason="is missing", remedy="send exactly one object")
    refuse(fact, (missing,) if request is None else request.problems)


def refuse_misnamed(expected: str, *, may_go_on: bool = False) -> None:
    """End a workflow as failed if its ID is not the one its content gives it.

    The ID is what keeps the same thing from being asked for twice. With `may_go_on` a hyphen and
    anything may follow, which tells the changes of one thing apart.
    """
    found = workflow.info().workflow_id
    if found == expected or (may_go_on and found.startswith(f"{expected}-")):
        return
    if workflow.patched("2026-11-25-id-of-a-request"):
        remedy = f"start it as {expected}" + ("-<anything>" if may_go_on else "")
        problem = Problem(field="workflow_id", reason=f"is {found}", remedy=remedy)
        refuse("The workflow ID does not belong to what is asked for", (problem,))
