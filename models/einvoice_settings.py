"""What a party wants of structured invoices: addresses, format and sending, with its defaults."""

from collections.abc import Iterator, Mapping
from enum import StrEnum

from models.errors import Problem
from models.reading import text_at, value_at
from models.value import Value


class EInvoiceFormat(StrEnum):
    """The two syntaxes a structured invoice is written in (EN 16931-2)."""

    CII = "cii"
    """UN/CEFACT Cross Industry Invoice, as it is embedded in a Factur-X PDF."""
    UBL = "ubl"
    """OASIS UBL 2.1, as Peppol BIS Billing 3 wants it."""


class EInvoiceUse(StrEnum):
    """Whether the invoices of an entity carry their content as XML (Factur-X)."""

    AUTO = "auto"
    """Those of an entity in the EU do."""
    ALWAYS = "always"
    NEVER = "never"


class ElectronicAddress(Value):
    """Where structured documents reach a party (BT-34, BT-49): a scheme of EAS and its identifier.

    German VAT numbers are 9930, French SIRENE 0002, GLN 0088, a German Leitweg-ID 0204.
    """

    scheme: str
    id: str


_PEPPOL = """
0002 0007 0009 0037 0060 0088 0096 0097 0106 0130 0135 0142 0147 0151 0154 0158 0170 0177 0183
0184 0188 0190 0191 0192 0193 0194 0195 0196 0198 0199 0200 0201 0202 0203 0204 0205 0208 0209
0210 0211 0212 0213 0215 0216 0217 0218 0221 0225 0230 0235 0240 0242 0244 0245 0246
0248 9910 9913 9914 9915 9918 9919 9920 9922 9923 9924 9925 9926 9927 9928 9929 9930 9931 9932
9933 9934 9935 9936 9937 9938 9939 9940 9941 9942 9943 9944 9945 9946 9947 9948 9949 9950 9951
9952 9953 9957 9959
"""

PEPPOL_SCHEMES = frozenset(_PEPPOL.split())
"""The schemes of electronic addresses that Peppol carries to."""

ADDRESS_SCHEMES = PEPPOL_SCHEMES | {"AN", "AQ", "AS", "AU", "EM"}
"""The schemes of electronic addresses (EAS): EM is a mail address."""


def address_problems(data: Mapping[str, object]) -> Iterator[Problem]:
    """Yield what is wrong with the `electronic_address` of a party as it was written."""
    if not isinstance(value_at(data, "electronic_address"), Mapping):
        return
    scheme = value_at(data, "electronic_address.scheme")
    if scheme is not None and scheme not in ADDRESS_SCHEMES:
        yield Problem(
            field="electronic_address.scheme",
            reason="is no scheme of electronic addresses (EAS)",
            remedy="write its code in quotes, such as '9930' for a German VAT number",
        )
    if not text_at(data, "electronic_address.id").strip():
        yield Problem(
            field="electronic_address.id", reason="is empty", remedy="write the identifier"
        )


def format_problems(data: Mapping[str, object]) -> Iterator[Problem]:
    """Yield what keeps a customer as it was written from getting invoices the way it asks for."""
    if data.get("e_invoice_send") is not True:
        return
    if not text_at(data, "e_invoice_format"):
        remedy = f"write {' or '.join(EInvoiceFormat)}"
        reason = "is missing, and invoices that are sent over a network have one"
        yield Problem(field="e_invoice_format", reason=reason, remedy=remedy)
    if value_at(data, "electronic_address") is None:
        remedy = "write its scheme and id"
        reason = "is missing, and a network needs it to deliver"
        yield Problem(field="electronic_address", reason=reason, remedy=remedy)
