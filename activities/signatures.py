"""The name, queue and types of every activity: all the workflows know of the activities.

Queues: `books` writes the database, `documents` makes PDFs and mail, `payments` takes money in,
`core` runs beside the workflows as local activities (short reads and the deal's progress row).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from models import approval_cases as cases
from models import credit_steps, steps, transmission

Input = TypeVar("Input")
Output = TypeVar("Output")


class Queue(StrEnum):
    """The task queues."""

    CORE = "q2c-core"
    BOOKS = "q2c-books"
    DOCUMENTS = "q2c-documents"
    PAYMENTS = "q2c-payments"


@dataclass(frozen=True)
class Signature(Generic[Input, Output]):
    """One activity: its name in history, the one queue it runs on, and its types."""

    name: str
    queue: Queue
    takes: type[Input]
    gives: type[Output]


CONFIGURE_DEAL = Signature("configure_deal", Queue.BOOKS, steps.ConfigureDeal, steps.DealConfigured)
PRICE_QUOTE = Signature("price_quote", Queue.BOOKS, steps.PriceQuote, steps.QuotePriced)
REVISE_QUOTE = Signature("revise_quote", Queue.BOOKS, steps.ReviseQuote, steps.QuotePriced)
RECORD_NEGOTIATION = Signature("record_negotiation", Queue.BOOKS, steps.Negotiate, steps.Negotiated)
RECORD_DECISION = Signature(
    "record_decision", Queue.BOOKS, steps.RecordDecision, steps.DecisionRecorded
)
ESCALATE_APPROVAL = Signature(
    "escalate_approval", Queue.BOOKS, steps.EscalateApproval, steps.ApprovalEscalated
)
DRAW_UP_CONTRACT = Signature(
    "draw_up_contract", Queue.BOOKS, steps.DrawUpContract, steps.ContractDrawnUp
)
CONCLUDE_CONTRACT = Signature(
    "conclude_contract", Queue.BOOKS, steps.ConcludeContract, steps.ContractConcluded
)
FULFILL_ORDER = Signature(
    "fulfill_order", Queue.BOOKS, steps.FulfillOrder, steps.FulfillmentOutcome
)
CONFIRM_DELIVERY = Signature(
    "confirm_delivery", Queue.BOOKS, steps.ConfirmDelivery, steps.FulfillmentOutcome
)
CANCEL_LINE = Signature("cancel_line", Queue.BOOKS, steps.CancelLine, steps.FulfillmentOutcome)
CONFIRM_MILESTONE = Signature(
    "confirm_milestone", Queue.BOOKS, steps.ConfirmMilestone, steps.MilestoneConfirmed
)
CONVERGE = Signature("converge", Queue.BOOKS, steps.Converge, steps.Converged)
CORRECT_INVOICE = Signature(
    "correct_invoice", Queue.BOOKS, credit_steps.CorrectInvoice, credit_steps.Corrected
)
DUN = Signature("dun", Queue.BOOKS, steps.Dun, steps.Dunned)
RENEW_TERM = Signature("renew_term", Queue.BOOKS, steps.RenewTerm, steps.ContractConcluded)
AMEND_DEAL = Signature("amend_deal", Queue.BOOKS, steps.AmendDeal, steps.DealAmended)
BOOK_AMENDMENT = Signature("book_amendment", Queue.BOOKS, steps.BookAmendment, steps.DealAmended)
CLOSE_DEAL = Signature("close_deal", Queue.BOOKS, steps.CloseDeal, steps.Account)
RECORD_CHANGE = Signature("record_change", Queue.BOOKS, steps.RegisterChange, steps.ChangeRecorded)
CHECK_VAT_ID = Signature("check_vat_id", Queue.BOOKS, steps.CheckVatId, steps.VatIdChecked)
TOP_UP = Signature("top_up", Queue.BOOKS, steps.TopUpCredit, steps.ToppedUp)
TAKE_USAGE = Signature("take_usage", Queue.BOOKS, steps.UsageBatch, steps.UsageTaken)
RECEIVE_STOCK = Signature("receive_stock", Queue.BOOKS, steps.StockReceipt, steps.ChangeRecorded)

OPEN_CASE = Signature("open_case", Queue.BOOKS, cases.OpenCase, cases.CaseOpened)
DECIDE_CASE = Signature("decide_case", Queue.BOOKS, cases.DecideCase, cases.CaseDecided)
ESCALATE_CASE = Signature("escalate_case", Queue.BOOKS, cases.EscalateCase, cases.CaseDecided)
CLOSE_CASE = Signature("close_case", Queue.BOOKS, cases.CloseCase, cases.CaseClosed)
NOTIFY_CASE = Signature("notify_case", Queue.DOCUMENTS, cases.NotifyCase, steps.Recorded)

PUBLISH_DOCUMENT = Signature(
    "publish_document", Queue.DOCUMENTS, steps.PublishDocument, steps.DocumentPublished
)
PUBLISH_RECEIPT = Signature(
    "publish_receipt", Queue.DOCUMENTS, steps.PublishReceipt, steps.DocumentPublished
)
SEND_STATEMENT = Signature(
    "send_statement", Queue.DOCUMENTS, credit_steps.SendStatement, credit_steps.StatementSent
)
SEND_EINVOICE = Signature(
    "send_einvoice", Queue.DOCUMENTS, transmission.SendEInvoice, transmission.Transmitted
)
FOLLOW_EINVOICE = Signature(
    "follow_einvoice", Queue.DOCUMENTS, transmission.FollowEInvoice, transmission.Transmitted
)
NOTIFY = Signature("notify", Queue.DOCUMENTS, steps.Notify, steps.Recorded)

RECORD_PAYMENT = Signature(
    "record_payment", Queue.PAYMENTS, steps.RecordPayment, steps.PaymentRecorded
)

READ_ACCOUNT = Signature("read_account", Queue.CORE, steps.ReadAccount, steps.Account)
RECORD_PROGRESS = Signature("record_progress", Queue.CORE, steps.Progress, steps.Recorded)
