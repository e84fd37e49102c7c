"""Structured invoices in their two syntaxes, written and read, and what a stranger's file says."""

from typing import assert_never

from activities.adapters.einvoice.cii import write_cii
from activities.adapters.einvoice.ubl import write_ubl
from models.einvoice import EInvoice
from models.einvoice_settings import EInvoiceFormat


def write(einvoice: EInvoice, wanted: EInvoiceFormat) -> bytes:
    """Return a document in a format; equal documents give equal bytes."""
    match wanted:
        case EInvoiceFormat.CII:
            return write_cii(einvoice)
        case EInvoiceFormat.UBL:
            return write_ubl(einvoice)
        case _:
            assert_never(wanted)
