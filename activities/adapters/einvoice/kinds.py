"""What the codes of strangers' documents come to here."""

from models.einvoice_codes import DocumentType

_CREDITS = frozenset({"81", "83", "261", "262", "296", "308", "381", "396", "420", "458", "532"})


def type_of(code: str) -> DocumentType:
    """Return whether a document gives back or asks for money, by its code (UNTDID 1001)."""
    return DocumentType.CREDIT_NOTE if code in _CREDITS else DocumentType.INVOICE
