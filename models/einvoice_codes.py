"""The code lists of structured invoices: what our own words are called in them.

Lists and rules are those of EN 16931 and its registered code lists; Peppol BIS Billing 3 takes a
part of them.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from models.countries import COUNTRIES


class DocumentType(StrEnum):
    """What a document is (UNTDID 1001, BT-3)."""

    INVOICE = "380"
    CREDIT_NOTE = "381"


class PaymentMeans(StrEnum):
    """How a document is paid (UNTDID 4461, BT-81)."""

    CREDIT_TRANSFER = "30"
    SEPA_CREDIT_TRANSFER = "58"


DISCOUNT = "95"
"""The code of a discount as the reason of an allowance (UNTDID 5189)."""

ONE = "C62"
"""The unit of what is counted piece by piece (UN/ECE recommendation 20)."""

_UNITS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("", "unit", "units", "piece", "pieces", "each", "pc"), ONE),
        **dict.fromkeys(("s", "second", "seconds"), "SEC"),
        **dict.fromkeys(("min", "minute", "minutes"), "MIN"),
        **dict.fromkeys(("h", "hour", "hours"), "HUR"),
        **dict.fromkeys(("day", "days"), "DAY"),
        **dict.fromkeys(("week", "weeks"), "WEE"),
        **dict.fromkeys(("month", "months"), "MON"),
        **dict.fromkeys(("year", "years"), "ANN"),
        "mg": "MGM",
        "g": "GRM",
        "kg": "KGM",
        "t": "TNE",
        "mm": "MMT",
        "cm": "CMT",
        "m": "MTR",
        "km": "KMT",
        "ml": "MLT",
        "l": "LTR",
        "mb": "4L",
        "gb": "E34",
        "tb": "E35",
        "kwh": "KWH",
        "dozen": "DZN",
        "pair": "PR",
        "set": "SET",
        "bottle": "XBO",
        "box": "XBX",
        "carton": "XCT",
        "package": "XPK",
        "case": "XCS",
        "pallet": "XPX",
        "bag": "XBG",
    }
)
"""Our unit words in UN/ECE recommendation 20, packages in 21 with an X before them."""

UNIT_CODES = frozenset(_UNITS.values())
"""Every unit code we write."""

VATEX: Mapping[str, str] = MappingProxyType(
    {"AE": "VATEX-EU-AE", "G": "VATEX-EU-G", "K": "VATEX-EU-IC", "O": "VATEX-EU-O"}
)
"""The reason a category of tax has by itself (BT-121). Of an exemption (E) only the text is known,
unless the text of the tax rule names a code."""

_VATEX_IN_TEXT = re.compile(r"\bVATEX-[A-Z]{2}(?:-[0-9A-Z]+)+\b", re.ASCII)

_VAT_PREFIX = re.compile(r"[A-Z]{2}[0-9A-Z+*]", re.ASCII)
_OTHER_VAT_PREFIXES = frozenset({"EL", "XI"})


def unit_code(unit: str) -> str:
    """Return the code of one of our unit words; what we do not know is counted by the piece."""
    return _UNITS.get(unit.strip().lower(), ONE)


def is_lost(unit: str) -> bool:
    """Whether the code of a unit says less than the word, as of a seat or a user."""
    return unit.strip().lower() not in _UNITS


def exemption_code(tax_code: str, text: str) -> str:
    """Return why no tax is charged as a VATEX code: the one in the text, else the category's."""
    written = _VATEX_IN_TEXT.search(text)
    return written.group() if written else VATEX.get(tax_code, "")


def is_vat_id(number: str) -> bool:
    """Whether a tax number has the letters of its country before it (EN 16931 BR-CO-9)."""
    known = number[:2] in COUNTRIES or number[:2] in _OTHER_VAT_PREFIXES
    return known and bool(_VAT_PREFIX.match(number))
