"""Which workflows and activities each worker role serves: the one place where they are listed."""

from collections.abc import Callable, Sequence
from typing import Any

from activities.amending import AmendmentActivities
from activities.approval import ApprovalActivities
from activities.approval_cases import CaseActivities
from activities.approval_subjects import subjects_of
from activities.billing import BillingActivities
from activities.collection import CollectionActivities
from activities.configuration import ConfigurationActivities
from activities.contract import ContractActivities
from activities.correcting import CorrectingActivities
from activities.fulfillment import FulfillmentActivities
from activities.milestones import MilestoneActivities
from activities.negotiation import NegotiationActivities
from activities.pools import PoolActivities
from activities.ports import Office
from activities.pricing import PricingActivities
from activities.progress import ProgressActivities
from activities.publishing import PublishingActivities, PublishingOffice
from activities.register import RegisterActivities
from activities.renewal import RenewalActivities
from activities.revision import RevisionActivities
from activities.signatures import Queue
from activities.tax import TaxActivities
from activities.transmitting import TransmissionActivities
from activities.usage import UsageActivities
from workflows.cases import ApprovalWorkflow
from workflows.correction import CorrectionWorkflow
from workflows.deal import DealWorkflow
from workflows.payment import PaymentWorkflow
from workflows.register import RegisterWorkflow, StockWorkflow, VatCheckWorkflow
from workflows.statement import StatementWorkflow
from workflows.transmission import TransmissionWorkflow
from workflows.usage import CreditWorkflow, UsageWorkflow

WORKFLOWS: Sequence[type] = (
    DealWorkflow,
    PaymentWorkflow,
    CorrectionWorkflow,
    StatementWorkflow,
    RegisterWorkflow,
    StockWorkflow,
    VatCheckWorkflow,
    ApprovalWorkflow,
    UsageWorkflow,
    CreditWorkflow,
    TransmissionWorkflow,
)


def activities_of(queue: Queue, publishing: PublishingOffice) -> list[Callable[..., Any]]:
    """Return the activities of one task queue; every activity is on exactly one."""
    office = publishing.office
    match queue:
        case Queue.CORE:
            return _core(office)
        case Queue.BOOKS:
            return _books(office)
        case Queue.DOCUMENTS:
            documents = PublishingActivities(publishing)
            transmission = TransmissionActivities(
                office, publishing.store, publishing.write, publishing.network
            )
            return [
                documents.publish_document,
                documents.publish_receipt,
                documents.send_statement,
                documents.notify,
                documents.notify_case,
                transmission.send_einvoice,
                transmission.follow_einvoice,
            ]
        case Queue.PAYMENTS:
            return [CollectionActivities(office).record_payment]


def _core(office: Office) -> list[Callable[..., Any]]:
    return [
        CollectionActivities(office).read_account,
        ProgressActivities(office).record_progress,
    ]


def _books(office: Office) -> list[Callable[..., Any]]:
    approval, contract = ApprovalActivities(office), ContractActivities(office)
    amending = AmendmentActivities(office)
    fulfillment, register = FulfillmentActivities(office), RegisterActivities(office)
    cases = CaseActivities(office, subjects_of(office))
    return [
        ConfigurationActivities(office).configure_deal,
        PricingActivities(office).price_quote,
        RevisionActivities(office).revise_quote,
        NegotiationActivities(office).record_negotiation,
        approval.record_decision,
        approval.escalate_approval,
        cases.open_case,
        cases.decide_case,
        cases.escalate_case,
        cases.close_case,
        contract.draw_up_contract,
        contract.conclude_contract,
        fulfillment.fulfill_order,
        fulfillment.confirm_delivery,
        fulfillment.cancel_line,
        MilestoneActivities(office).confirm_milestone,
        BillingActivities(office).converge,
        CorrectingActivities(office).correct_invoice,
        CollectionActivities(office).dun,
        RenewalActivities(office).renew_term,
        amending.amend_deal,
        amending.book_amendment,
        ProgressActivities(office).close_deal,
        register.record_change,
        register.receive_stock,
        TaxActivities(office).check_vat_id,
        UsageActivities(office).take_usage,
        PoolActivities(office).top_up,
    ]
