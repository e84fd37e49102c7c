"""Preview: what a deal file comes to before there is a deal, tax included.

It is made by the functions that make the quote and the invoices, so it is what they will say, as
long as prices and tax rules stay as they are.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal

from models.billing import Invoice, InvoiceRequest, draft_invoice, due_charges
from models.errors import ParkedError
from models.guidance import Guidance
from models.inclusive import rules_between, without_tax
from models.invoice_groups import invoice_groups
from models.leakage import (
    Bar,
    BelowFloor,
    below_floor,
    leakage,
    leakage_by_cause,
    margin_by_kind,
    max_line_discount,
    waterfall_of,
)
from models.money import Money
from models.parties import Customer, Entity
from models.quoting import Quote, discount_percent, margin_percent
from models.tax import TaxRule, TaxTotal, together
from models.value import Value

Taxed = Callable[[InvoiceRequest], InvoiceRequest | None]
"""Has an invoice taxed by an engine; None while the engine was not asked."""


class TaxPreview(Value):
    """The tax of a quote: over its whole term, by category and rate, and on its first invoice.

    `question` is what a person has to answer before an invoice can be issued; then there are no
    figures. What is billed on delivery counts as delivered on the first day. `withheld` is what the
    customer keeps back of all of it.
    """

    taxes: tuple[TaxTotal, ...] = ()
    tax: Money
    gross: Money
    invoices: int = 0
    first_invoice_gross: Money
    question: str = ""
    withheld: Money | None = None
    net: Money | None = None


class Figures(Value):
    """What a quote is worth and what it costs us; a margin is None where a cost is unknown."""

    discount_percent: Decimal
    max_line_discount_percent: Decimal
    margin_percent: Decimal | None = None
    margin_by_kind: Mapping[str, Decimal | None] = {}
    leakage: Money
    leakage_by_cause: Mapping[str, Money] = {}
    below_floor: tuple[BelowFloor, ...] = ()
    waterfall: tuple[Bar, ...] = ()


class Preview(Value):
    """A quote that is not on record, with its tax, its figures and what the past says about it."""

    quote: Quote
    tax: TaxPreview
    figures: Figures
    guidance: tuple[Guidance, ...] = ()


def figures_of(quote: Quote) -> Figures:
    """Return what a quote is worth and what it costs us."""
    return Figures(
        discount_percent=discount_percent(quote),
        max_line_discount_percent=max_line_discount(quote),
        margin_percent=margin_percent(quote),
        margin_by_kind={kind.value: margin for kind, margin in margin_by_kind(quote).items()},
        leakage=leakage(quote),
        leakage_by_cause=leakage_by_cause(quote),
        below_floor=below_floor(quote),
        waterfall=waterfall_of(quote),
    )


def _by_rules(request: InvoiceRequest) -> InvoiceRequest:
    return request


def tax_preview(
    quote: Quote,
    entity: Entity,
    customer: Customer,
    rules: Sequence[TaxRule],
    *,
    refused_vat_id: str = "",
    taxed: Taxed = _by_rules,
) -> TaxPreview:
    """Return the tax on every invoice the plan will lead to, summed by category and rate.

    `taxed` has each of them answered by a tax engine, or says that it was not asked yet.
    """
    nothing = Money.zero(quote.currency)
    try:
        quote = without_tax(quote, rules_between(entity, customer, rules))
    except ParkedError as error:
        return _asking(quote, str(error))
    delivered = {line.reference: quote.starts_on for line in quote.lines}
    reached = {each.reference: quote.starts_on for each in quote.plan if each.milestone}
    due = due_charges(quote.plan, {**delivered, **reached}, {}, date.max)
    groups = invoice_groups(due, quote.billing, quote.ends_on, date.max)
    lines = {line.reference: line for line in quote.lines}
    try:
        requests = [
            taxed(
                InvoiceRequest(
                    deal=quote.deal,
                    term=quote.term,
                    entity=entity,
                    customer=customer,
                    currency=quote.currency,
                    issued_on=group.charges[-1].billable_on,
                    payment_terms_days=quote.payment_terms_days,
                    charges=group.charges,
                    lines=lines,
                    rules=tuple(rules),
                    refused_vat_id=refused_vat_id,
                    prices_include_tax=quote.prices_include_tax,
                )
            )
            for group in groups
        ]
        invoices = [draft_invoice(request) for request in requests if request is not None]
    except ParkedError as error:
        return _asking(quote, str(error))
    tax = Money.total((invoice.tax for invoice in invoices), quote.currency)
    return TaxPreview(
        taxes=tuple(_summed(invoices)),
        tax=tax,
        gross=quote.total + tax,
        invoices=len(invoices),
        first_invoice_gross=invoices[0].gross if invoices else nothing,
        withheld=_withheld(invoices),
        net=quote.total,
    )


def _asking(quote: Quote, question: str) -> TaxPreview:
    nothing = Money.zero(quote.currency)
    return TaxPreview(
        tax=nothing, gross=quote.total, first_invoice_gross=nothing, question=question
    )


def _withheld(invoices: Iterable[Invoice]) -> Money | None:
    amounts = [invoice.withheld.amount for invoice in invoices if invoice.withheld]
    return Money.total(amounts, amounts[0].currency) if amounts else None


def _summed(invoices: Iterable[Invoice]) -> Iterable[TaxTotal]:
    totals: dict[tuple[str, Decimal], TaxTotal] = {}
    for invoice in invoices:
        for each in invoice.taxes:
            key = (each.code, each.rate_percent)
            known = totals.setdefault(key, each)
            if known is not each:
                totals[key] = together(known, each)
    return totals.values()
