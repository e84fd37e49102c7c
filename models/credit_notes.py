"""Credit notes: what is taken back of an issued invoice, line by line.

Amounts are positive: a credit note takes back what its lines say (EN 16931, type code 381). An
invoice is never edited; this is the later document that corrects it and points to it.
"""

from datetime import date
from decimal import Decimal
from enum import StrEnum

from models.money import Money
from models.parties import Customer, Entity
from models.periods import Interval
from models.tax import TaxTotal
from models.value import Value


class CreditBy(StrEnum):
    """What was named of an invoice line: all that is left of it, units, an amount, or days."""

    REST = "rest"
    QUANTITY = "quantity"
    AMOUNT = "amount"
    DAYS = "days"


class CreditEffect(StrEnum):
    """What a credit does to the contract besides taking back what was billed.

    A concession lowers the price, and revenue follows it (ASC 606-10-32-42 to 45). After a reversal
    the same is billed again, so the price stands. With a change the contract itself was changed,
    and its modification moves price and plan.
    """

    CONCESSION = "concession"
    REVERSAL = "reversal"
    CHANGE = "change"


class CreditNoteLine(Value):
    """What is taken back of one line of an invoice, at the price, discount and tax it was billed.

    `invoice_line` is that line's position in the invoice, from 0. `quantity` times `unit_price`
    less `discount` is `net`; `period` are the days that are taken back, and `by` says what of the
    line was named.
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
    by: CreditBy = CreditBy.REST


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
    effect: CreditEffect = CreditEffect.CONCESSION
