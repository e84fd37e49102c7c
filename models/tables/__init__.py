"""How facts are stored: SQLModel tables, nothing else.

Amounts are whole minor units beside their currency. Documents are kept whole as JSON next to the
columns that are searched and summed. Rows of the tables in `APPEND_ONLY` are never changed; the
database itself refuses it.
"""

from models.tables.amendment import AmendmentBookedRow, AmendmentRow
from models.tables.approval import ApprovalPathRow, DecisionRow
from models.tables.approval_cases import ApprovalCaseRow, CaseDecisionRow, CaseOutcomeRow
from models.tables.billing import (
    DraftNoteRow,
    InvoiceLineRow,
    InvoiceRow,
    MilestoneRow,
    NumberSeries,
    PlannedChargeRow,
)
from models.tables.collection import (
    PaymentApplicationRow,
    PaymentRow,
    RefundRow,
    ReminderItemRow,
    ReminderRow,
    WriteOffRow,
)
from models.tables.contract import ContractRow
from models.tables.credits import (
    CreditApplicationRow,
    CreditNoteLineRow,
    CreditNoteRow,
    FreedIntervalRow,
    InvoiceVoidRow,
    RebillRow,
)
from models.tables.deal import AuditRow, CommandRow, DealFileRow, DealRow
from models.tables.documents import DocumentRow, MailRow
from models.tables.fulfillment import FulfillmentEventRow, OrderLineRow, StockMovement, WorkOrderRow
from models.tables.ledger import JournalEntryRow, PostingRow
from models.tables.negotiation import (
    CommentRow,
    CounterAnswerRow,
    CounterOfferRow,
    LinkRevocationRow,
)
from models.tables.pricing import PricedLineRow, PromotionUseRow
from models.tables.quoting import QuoteRow, RevisionRow
from models.tables.recognition import ObligationRow, RecognizedRow
from models.tables.register import RegisterRow, TokenRow
from models.tables.requests import RequestRow
from models.tables.tax import VatCheckRow, WithheldRow
from models.tables.transmissions import TransmissionRow
from models.tables.usage import (
    UsageBatchRow,
    UsageEventRow,
    UsagePeriodRow,
    UsagePoolRow,
    UsageRatingRow,
)

APPEND_ONLY = (
    AmendmentRow,
    AmendmentBookedRow,
    RegisterRow,
    DealFileRow,
    AuditRow,
    QuoteRow,
    RevisionRow,
    CommentRow,
    CounterOfferRow,
    CounterAnswerRow,
    LinkRevocationRow,
    ApprovalPathRow,
    DecisionRow,
    ApprovalCaseRow,
    CaseDecisionRow,
    CaseOutcomeRow,
    ContractRow,
    FulfillmentEventRow,
    StockMovement,
    InvoiceRow,
    InvoiceLineRow,
    MilestoneRow,
    CreditNoteRow,
    CreditNoteLineRow,
    FreedIntervalRow,
    CreditApplicationRow,
    InvoiceVoidRow,
    RebillRow,
    DraftNoteRow,
    PaymentRow,
    PaymentApplicationRow,
    WriteOffRow,
    RefundRow,
    ReminderRow,
    ReminderItemRow,
    RecognizedRow,
    JournalEntryRow,
    PostingRow,
    DocumentRow,
    TransmissionRow,
    PromotionUseRow,
    PricedLineRow,
    VatCheckRow,
    WithheldRow,
    UsageBatchRow,
    UsageEventRow,
    UsagePoolRow,
    UsageRatingRow,
)

__all__ = [
    "APPEND_ONLY",
    "AmendmentBookedRow",
    "AmendmentRow",
    "ApprovalCaseRow",
    "ApprovalPathRow",
    "AuditRow",
    "CaseDecisionRow",
    "CaseOutcomeRow",
    "CommandRow",
    "CommentRow",
    "ContractRow",
    "CounterAnswerRow",
    "CounterOfferRow",
    "CreditApplicationRow",
    "CreditNoteLineRow",
    "CreditNoteRow",
    "DealFileRow",
    "DealRow",
    "DecisionRow",
    "DocumentRow",
    "DraftNoteRow",
    "FreedIntervalRow",
    "FulfillmentEventRow",
    "InvoiceLineRow",
    "InvoiceRow",
    "InvoiceVoidRow",
    "JournalEntryRow",
    "LinkRevocationRow",
    "MailRow",
    "MilestoneRow",
    "NumberSeries",
    "ObligationRow",
    "OrderLineRow",
    "PaymentApplicationRow",
    "PaymentRow",
    "PlannedChargeRow",
    "PostingRow",
    "PricedLineRow",
    "PromotionUseRow",
    "QuoteRow",
    "RebillRow",
    "RecognizedRow",
    "RefundRow",
    "RegisterRow",
    "ReminderItemRow",
    "ReminderRow",
    "RequestRow",
    "RevisionRow",
    "StockMovement",
    "TokenRow",
    "TransmissionRow",
    "UsageBatchRow",
    "UsageEventRow",
    "UsagePeriodRow",
    "UsagePoolRow",
    "UsageRatingRow",
    "VatCheckRow",
    "WithheldRow",
    "WorkOrderRow",
    "WriteOffRow",
]
