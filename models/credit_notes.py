"""Credit notes: what is taken back of an issued invoice, line by line.

Amounts are positive: a credit note takes back what its lines say (EN 16931, type code 381). An
invoice is never edited; this is the later document that corrects it and points to it.
"""

from datetime import date
from decimal import Decimal

from models.money import Money
from models.parties import Customer, Entity
from models.periods import Interval
from models.tax import TaxTotal
from models.value import Value


class CreditNoteLine(Value):
    """What is taken back of one line of an invoice, at the price, discount and tax it was billed.

    `invoice_line` is that line's position in the invoice, from 0. `quantity` times `unit_price`
    less `discount` is `net`; `period` are the days that are taken back.
    """

    invoice_line: int
    reference: str
    description: str
    quantity: Decimal
    unit: str
    unit_price: Decimal
    period: Interval
    discount: Money
    net: Money
    tax_code: str
    tax_rate_percent: Decimal
    tax: Money


class CreditNote(Value):
    """An issued credit note; it never changes. A draft is one without a number.

    `corrects` is the number of the invoice it takes back from (EU VAT Directive art. 219),
    `reason` is printed.
    """

    number: str
    corrects: str
    corrects_issued_on: date
    reason: str
    deal: str
    term: int
    entity: Entity
    customer: Customer
    currency: str
    issued_on: date
    supplied: Interval
    purchase_order: str = ""
    lines: tuple[CreditNoteLine, ...]
    taxes: tuple[TaxTotal, ...]
    net: Money
    tax: Money
    gross: Money
