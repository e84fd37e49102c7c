"""Workflow IDs come from business keys, so that the engine refuses duplicates."""

DEAL_PREFIX = "deal-"


def deal_workflow_id(number: str) -> str:
    """Return the workflow ID of a deal."""
    return f"{DEAL_PREFIX}{number}"


def payment_workflow_id(provider: str, reference: str) -> str:
    """Return the workflow ID of a payment: the payer's bank or provider and its reference."""
    return f"payment-{provider}-{reference}"


def correction_workflow_id(key: str) -> str:
    """Return the workflow ID of a credit, void or rebill of an invoice, by its request's key."""
    return f"correction-{key}"


def statement_workflow_id(customer: str, key: str) -> str:
    """Return the workflow ID of one sending of a customer's statement."""
    return f"statement-{customer}-{key}"


def approval_workflow_id(case: str) -> str:
    """Return the workflow ID of a case: what is handed in for approval beside a quote."""
    return f"approval-{case}"


def register_workflow_id(kind: str, key: str, content_hash: str = "") -> str:
    """Return the workflow ID of one change of a party, catalogue or policy.

    Without a hash it is what the IDs of all its changes begin with.
    """
    return f"{kind}-{key}" + (f"-{content_hash[:12]}" if content_hash else "")


def usage_workflow_id(file_hash: str) -> str:
    """Return the workflow ID of one batch of usage events, which its hash names."""
    return f"usage-{file_hash[:32]}"


def credit_workflow_id(deal: str, reference: str) -> str:
    """Return the workflow ID of prepaid credit that a deal is topped up with."""
    return f"credit-{deal}-{reference}"


def transmission_workflow_id(number: str, attempt: int) -> str:
    """Return the workflow ID of one attempt to send an invoice over a network."""
    return f"e-invoice-{number}-{attempt}"


def stock_workflow_id(entity: str, sku: str, reference: str) -> str:
    """Return the workflow ID of one stock receipt."""
    return f"stock-{entity}-{sku}-{reference}"


def vat_check_workflow_id(customer: str, vat_id: str, number: int) -> str:
    """Return the workflow ID of one check of a customer's VAT number."""
    return f"vat-check-{customer}-{vat_id}-{number}"
