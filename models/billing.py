"""Billing: what should have been billed, minus what was, becomes the next invoices.

Comparing the plan with the record instead of reacting to events makes every run repeatable: late,
early or twice, the same charges are billed once. For one charge two billed periods never overlap.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby

from models.charges import ChargeModel, Timing
from models.errors import InvalidInputError, ParkedError, Problem
from models.money import Money
from models.parties import Customer, Entity, TaxRounding
from models.periods import Interval
from models.pricing import PricedLine
from models.quoting import PlannedCharge
from models.tax import CODES_WITH_TEXT, TaxRule, TaxTotal, percentage
from models.taxing import (
    Supply,
    TaxAnswer,
    TaxedSupply,
    TaxInquiry,
    answer_by_rules,
    totals_of,
)
from models.value import Value
from models.withholding import Withheld, withheld_of

_ONE_DAY = timedelta(days=1)
_BUYER_PAYS_TAX = frozenset({"AE", "K"})


class InvoiceLine(Value):
    """One billed amount with its service period; amounts before tax except `tax`.

    `quantity` times `unit_price` less `discount` is `net`. `unconditional_on` is the day from which
    the right to the amount depends on nothing but time (IFRS 15.105, 108): only then it makes a
    receivable. `period` is what is billed, `supplied` when it was or is supplied: for goods the day
    of their delivery (None on invoices from before it was kept). `gross` is what was agreed with
    tax in it, if it was: net and tax sum to it. `deal` and `term` are named where an invoice is for
    several deals, `recipient` where somebody else pays for who is served.
    """

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
    unconditional_on: date
    supplied: Interval | None = None
    gross: Money | None = None
    deal: str = ""
    term: int = 0
    recipient: str = ""


class Invoice(Value):
    """An issued invoice. It never changes; a later document corrects it and points to it.

    A draft is an invoice without a number. `note` is printed below the lines. `tax_engine` worked
    out the tax, under `tax_reference`; it is empty for the rules on record. `withheld` is what the
    customer keeps back of `gross`.
    """

    number: str
    deal: str
    term: int
    entity: Entity
    customer: Customer
    currency: str
    issued_on: date
    due_on: date
    supplied: Interval
    purchase_order: str = ""
    lines: tuple[InvoiceLine, ...]
    taxes: tuple[TaxTotal, ...]
    net: Money
    tax: Money
    gross: Money
    note: str = ""
    tax_engine: str = ""
    tax_reference: str = ""
    withheld: Withheld | None = None

    def deal_of(self, line: InvoiceLine) -> str:
        """Return the deal of a line: its own, or that of the invoice."""
        return line.deal or self.deal

    @property
    def deals(self) -> tuple[str, ...]:
        """The deals that have lines on the invoice, in their order."""
        return tuple(dict.fromkeys(self.deal_of(line) for line in self.lines))

    def part_of(self, deal: str) -> "Invoice":
        """Return the invoice with the lines of one deal only; its sums stay those of the whole."""
        lines = tuple(line for line in self.lines if self.deal_of(line) == deal)
        return self.model_copy(update={"lines": lines})

    @property
    def payable(self) -> Money:
        """What is to be paid: all of it, less what the customer keeps back."""
        return self.gross - self.withheld.amount if self.withheld else self.gross


class DueCharge(Value):
    """A planned charge that may be billed, and since when.

    On an invoice for several deals it names its `deal` and `term`, and its `recipient` where
    somebody else is billed.
    """

    charge: PlannedCharge
    billable_on: date
    deal: str = ""
    term: int = 0
    recipient: str = ""

    @property
    def line_key(self) -> str:
        """Where a request has its priced line: by its reference, and its deal if it names one."""
        reference = self.charge.line_reference
        return f"{self.deal}:{self.term}|{reference}" if self.deal else reference

    @property
    def supplied(self) -> Interval:
        """The service period; for a charge billed on delivery the day it was delivered."""
        period = self.charge.period
        if self.charge.bill_on is None:
            return Interval(start=self.billable_on, end=self.billable_on + _ONE_DAY)
        return Interval(start=period.start, end=max(period.end, period.start + _ONE_DAY))

    @property
    def supplied_on(self) -> date:
        """The day whose tax rules count: the delivery, or the last day of the period."""
        return self.supplied.end - _ONE_DAY


class InvoiceRequest(Value):
    """Everything one invoice is made of; `lines` are the priced lines by the key of their charges.

    `customer` is who is billed, `recipient` who is served, if that is somebody else.
    `taxed` is the answer of a tax engine; without it the rules decide. `refused_vat_id` is why the
    customer's VAT number does not count, if it does not. With `prices_include_tax` every charge was
    agreed with tax in it.
    """

    deal: str
    term: int
    entity: Entity
    customer: Customer
    currency: str
    issued_on: date
    payment_terms_days: int
    purchase_order: str = ""
    charges: tuple[DueCharge, ...]
    lines: Mapping[str, PricedLine]
    rules: tuple[TaxRule, ...]
    note: str = ""
    taxed: TaxAnswer | None = None
    refused_vat_id: str = ""
    prices_include_tax: bool = False
    recipient: Customer | None = None

    @property
    def due_on(self) -> date:
        """The last day of the payment terms."""
        return self.issued_on + timedelta(days=self.payment_terms_days)


def due_charges(
    plan: Sequence[PlannedCharge],
    transferred: Mapping[str, date],
    billed: Mapping[str, Sequence[Interval]],
    as_of: date,
) -> tuple[DueCharge, ...]:
    """Return what is billable on `as_of` and not billed yet, oldest first.

    `transferred` and `billed` go by the charge's reference. A charge without a billing date is
    billable from its transfer on. Nothing is proposed for days that are billed already.
    """
    taken = {reference: list(periods) for reference, periods in billed.items()}
    due: list[DueCharge] = []
    for charge in plan:
        billable_on = charge.bill_on or transferred.get(charge.reference)
        periods = taken.setdefault(charge.reference, [])
        if billable_on is None or billable_on > as_of or _is_taken(charge.period, periods):
            continue
        periods.append(charge.period)
        due.append(DueCharge(charge=charge, billable_on=billable_on))
    return tuple(sorted(due, key=lambda item: item.billable_on))


def next_billing_on(
    plan: Sequence[PlannedCharge],
    transferred: Mapping[str, date],
    billed: Mapping[str, Sequence[Interval]],
) -> date | None:
    """Return the earliest day on which something unbilled is billable, past days included.

    None when everything is billed, or only deliveries that have not happened are left.
    """
    due = due_charges(plan, transferred, billed, date.max)
    return due[0].billable_on if due else None


def group_by_invoice(due: Sequence[DueCharge]) -> tuple[tuple[DueCharge, ...], ...]:
    """Return one group for each billable day, oldest first: late work bills each for itself."""
    ordered = sorted(due, key=lambda item: item.billable_on)
    groups = groupby(ordered, key=lambda item: item.billable_on)
    return tuple(tuple(group) for _, group in groups)


def unconditional_on(charge: PlannedCharge, timing: Timing, issued_on: date, due_on: date) -> date:
    """Return the day from which nothing but time stands between us and the amount.

    What is delivered or billed in arrears is earned, so the issue date counts. What is billed in
    advance is unconditional from the start of its period or from its due date, whichever is
    earlier, but not before it is issued (IFRS 15.105 and 108, Illustrative Example 38).
    """
    if charge.bill_on is None or (timing is Timing.IN_ARREARS and not charge.part):
        return issued_on
    return max(issued_on, min(charge.period.start, due_on))


def draft_invoice(request: InvoiceRequest) -> Invoice:
    """Compute an invoice without a number; lines in the order of the charges.

    Each line shows its quantity at list price, its discount and its net amount; gross is net plus
    tax (EN 16931 BR-CO-15).

    Raises:
        InvalidInputError: nothing to bill, or a charge without its priced line.
        ParkedError: a line's tax is a question for a person.
        CurrencyMismatchError: a charge is in another currency.
    """
    _require_complete(request)
    inquiry = tax_inquiry(request)
    answer = request.taxed or answer_by_rules(inquiry, request.rules)
    net = Money.total((supply.net for supply in inquiry.supplies), request.currency)
    tax = Money.total((line.tax for line in answer.lines), request.currency)
    return Invoice(
        number="",
        deal=request.deal,
        term=request.term,
        entity=request.entity,
        customer=request.customer,
        currency=request.currency,
        issued_on=request.issued_on,
        due_on=request.due_on,
        supplied=_supplied(request.charges),
        purchase_order=request.purchase_order,
        lines=tuple(
            _invoice_line(request, due, taxed)
            for due, taxed in zip(request.charges, answer.lines, strict=True)
        ),
        taxes=totals_of(inquiry, answer),
        net=net,
        tax=tax,
        gross=net + tax,
        note=request.note,
        tax_engine=answer.engine,
        tax_reference=answer.reference,
        withheld=_withheld(request, inquiry),
    )


def tax_inquiry(request: InvoiceRequest) -> TaxInquiry:
    """Return what a tax engine is asked about an invoice: each charge on its day of supply.

    Raises `InvalidInputError` as `draft_invoice` does.
    """
    _require_complete(request)
    supplies = [_supply(request, due) for due in request.charges]
    taxed = request.customer
    if request.recipient is not None:
        place = request.recipient.place_of_supply
        taxed = taxed.model_copy(update={"ship_to": place})
    inquiry = TaxInquiry.between(request.entity, taxed, supplies, request.currency)
    changes = {
        "deal": request.deal,
        "term": request.term,
        "refused_vat_id": request.refused_vat_id,
    }
    return inquiry.model_copy(update=changes)


def check_invoice(invoice: Invoice) -> tuple[Problem, ...]:
    """Return everything that keeps an invoice from being issued; nothing when it may go out.

    Checked are the particulars of the EU VAT Directive (2006/112/EC, art. 226), the bank account
    to pay to, and the sums of EN 16931 (BR-CO-10 to BR-CO-17). A draft lacks its number.
    """
    problems = [*_missing_particulars(invoice), *_tax_problems(invoice)]
    strangers = list(_foreign_amounts(invoice))
    if not strangers:
        problems += [*_line_problems(invoice), *_sum_problems(invoice)]
    return (*problems, *strangers)


def _is_taken(period: Interval, taken: Sequence[Interval]) -> bool:
    # A period without days overlaps nothing, not even itself; it must not be billed twice either.
    return any(period == other or period.overlaps(other) for other in taken)


def _require_complete(request: InvoiceRequest) -> None:
    problems = [
        Problem(field=f"lines[{reference}]", reason="a charge is due that no priced line explains")
        for reference in dict.fromkeys(due.line_key for due in request.charges)
        if reference not in request.lines
    ]
    if not request.charges:
        problems.append(Problem(field="charges", reason="an invoice needs something to bill"))
    if request.payment_terms_days < 0:
        problems.append(Problem(field="payment_terms_days", reason="must not be negative"))
    if problems:
        raise InvalidInputError(problems)


def _supply(request: InvoiceRequest, due: DueCharge) -> Supply:
    charge, line = due.charge, request.lines[due.line_key]
    quantity, _ = _quantity_and_price(charge, line)
    if request.prices_include_tax and charge.gross is None:
        raise ParkedError(
            f"{charge.description} was priced with tax in it, but its net amount is not known. "
            "What is it before tax?"
        )
    return Supply(
        reference=f"{due.deal}:{due.term}|{charge.reference}" if due.deal else charge.reference,
        description=charge.description,
        category=line.tax_category,
        net=charge.amount,
        quantity=quantity,
        supplied_on=due.supplied_on,
        gross=charge.gross,
    )


def _withheld(request: InvoiceRequest, inquiry: TaxInquiry) -> Withheld | None:
    nets = [(supply.category, supply.net) for supply in inquiry.supplies]
    return withheld_of(request.customer.withholding, nets, request.issued_on, request.currency)


def _invoice_line(request: InvoiceRequest, due: DueCharge, taxed: TaxedSupply) -> InvoiceLine:
    charge, line = due.charge, request.lines[due.line_key]
    quantity, unit_price = _quantity_and_price(charge, line)
    return InvoiceLine(
        reference=charge.reference,
        description=charge.description,
        quantity=quantity,
        unit=charge.unit or line.billed_unit,
        unit_price=unit_price,
        period=charge.period,
        discount=charge.discount,
        net=charge.amount,
        tax_code=taxed.code,
        tax_rate_percent=taxed.rate_percent,
        tax=taxed.tax,
        unconditional_on=unconditional_on(charge, line.timing, request.issued_on, request.due_on),
        supplied=due.supplied,
        gross=charge.gross,
        deal=due.deal,
        term=due.term,
        recipient=due.recipient,
    )


def _quantity_and_price(charge: PlannedCharge, line: PricedLine) -> tuple[Decimal, Decimal]:
    if charge.quantity is not None and charge.unit_price is not None:
        return charge.quantity, charge.unit_price
    listed = charge.amount + charge.discount
    if line.model is ChargeModel.FLAT or not line.quantity:
        return Decimal(1), listed.decimal
    if Money.from_decimal(line.quantity * line.list_unit, listed.currency) == listed:
        return line.quantity, line.list_unit
    # Tiers, packages and part periods have no single price; their average keeps the line's sum.
    return line.quantity, listed.decimal / line.quantity


def _supplied(charges: Sequence[DueCharge]) -> Interval:
    periods = [due.supplied for due in charges]
    return Interval(
        start=min(period.start for period in periods), end=max(period.end for period in periods)
    )


def _missing_particulars(invoice: Invoice) -> Iterator[Problem]:
    seller, buyer = invoice.entity, invoice.customer
    required = (
        ("number", invoice.number, "art. 226(2): a sequential number"),
        ("entity.tax_id", seller.vat_id or seller.tax_id, "art. 226(3): the seller's tax number"),
        ("entity.legal_name", seller.legal_name, "art. 226(5): the seller's full name"),
        ("entity.address.line1", seller.address.line1, "art. 226(5): the seller's address"),
        ("entity.address.city", seller.address.city, "art. 226(5): the seller's address"),
        ("entity.address.country", seller.address.country, "art. 226(5): the seller's address"),
        ("customer.legal_name", buyer.legal_name, "art. 226(5): the buyer's full name"),
        ("customer.bill_to.line1", buyer.bill_to.line1, "art. 226(5): the buyer's address"),
        ("customer.bill_to.city", buyer.bill_to.city, "art. 226(5): the buyer's address"),
        ("customer.bill_to.country", buyer.bill_to.country, "art. 226(5): the buyer's address"),
        ("entity.bank.account", seller.bank.account, "the account to pay to"),
    )
    for field, value, requirement in required:
        if not value.strip():
            yield Problem(field=field, reason=f"is missing; an invoice needs {requirement}")
    if not invoice.lines:
        yield Problem(field="lines", reason="are missing; art. 226(6): what was supplied")
    if invoice.supplied.days < 1:
        yield Problem(field="supplied", reason="holds no day; art. 226(7): when it was supplied")
    if invoice.due_on < invoice.issued_on:
        yield Problem(field="due_on", reason="is before the issue date")


def _tax_problems(invoice: Invoice) -> Iterator[Problem]:
    for total in invoice.taxes:
        if total.code in CODES_WITH_TEXT and not total.text.strip():
            yield Problem(
                field=f"{_category_name(total)}.text",
                reason="is missing; art. 226(11) and (11a): why no tax is charged",
            )
        if total.code in _BUYER_PAYS_TAX and not invoice.customer.vat_id.strip():
            yield Problem(
                field="customer.vat_id",
                reason=f"is missing; art. 226(4): code {total.code} needs the buyer's VAT ID",
            )


def _foreign_amounts(invoice: Invoice) -> Iterator[Problem]:
    amounts = {"net": invoice.net, "tax": invoice.tax, "gross": invoice.gross}
    for index, line in enumerate(invoice.lines):
        for name, amount in (("discount", line.discount), ("net", line.net), ("tax", line.tax)):
            amounts[f"lines[{index}].{name}"] = amount
    for total in invoice.taxes:
        where = _category_name(total)
        amounts |= {f"{where}.base": total.base, f"{where}.tax": total.tax}
    for field, amount in amounts.items():
        if amount.currency != invoice.currency:
            yield Problem(field=field, reason=f"is in {amount.currency}, not {invoice.currency}")


def _line_problems(invoice: Invoice) -> Iterator[Problem]:
    for index, line in enumerate(invoice.lines):
        where = f"lines[{index}]"
        if not line.description.strip():
            yield Problem(
                field=f"{where}.description", reason="is missing; art. 226(6): what was supplied"
            )
        if not line.quantity:
            yield Problem(field=f"{where}.quantity", reason="is zero; art. 226(6): how much")
        if line.gross is not None:
            yield from _difference(f"{where}.gross", line.gross, line.net + line.tax, "net + tax")
        shown = Money.from_decimal(line.quantity * line.unit_price, invoice.currency)
        yield from _difference(
            f"{where}.net", line.net, shown - line.discount, "quantity x unit price - discount"
        )


def _sum_problems(invoice: Invoice) -> Iterator[Problem]:
    lines, taxes, currency = invoice.lines, invoice.taxes, invoice.currency
    nets = Money.total((line.net for line in lines), currency)
    line_taxes = Money.total((line.tax for line in lines), currency)
    bases = Money.total((total.base for total in taxes), currency)
    category_taxes = Money.total((total.tax for total in taxes), currency)
    yield from _difference("net", invoice.net, nets, "the sum of the lines (BR-CO-10)")
    yield from _difference("net", invoice.net, bases, "the sum of the taxable amounts")
    yield from _difference("tax", invoice.tax, category_taxes, "the category taxes (BR-CO-14)")
    yield from _difference("tax", invoice.tax, line_taxes, "the taxes of the lines")
    yield from _difference("gross", invoice.gross, nets + category_taxes, "net + tax (BR-CO-15)")
    for total in taxes:
        yield from _category_problems(invoice, total)


def _category_problems(invoice: Invoice, total: TaxTotal) -> Iterator[Problem]:
    where = _category_name(total)
    members = [
        line
        for line in invoice.lines
        if (line.tax_code, line.tax_rate_percent) == (total.code, total.rate_percent)
    ]
    base = Money.total((line.net for line in members), invoice.currency)
    tax = Money.total((line.tax for line in members), invoice.currency)
    yield from _difference(f"{where}.base", total.base, base, "the sum of its lines")
    yield from _difference(f"{where}.tax", total.tax, tax, "the sum of its lines' taxes")
    if total.levies:
        parts = Money.total((levy.tax for levy in total.levies), invoice.currency)
        yield from _difference(f"{where}.tax", total.tax, parts, "the sum of its levies")
    elif invoice.entity.tax_rounding is TaxRounding.CATEGORY:
        computed = percentage(total.base, total.rate_percent)
        if abs(total.tax - computed).minor > _room(invoice, members):
            yield from _difference(f"{where}.tax", total.tax, computed, "base x rate (BR-CO-17)")


def _room(invoice: Invoice, members: Sequence[InvoiceLine]) -> int:
    """Return how many minor units a category may lie beside base times rate.

    None for what is added by our rules. A price with tax in it stays to the cent, and an engine may
    round by line, so that each such line moves its category by at most one.
    """
    return sum(1 for line in members if line.gross is not None or invoice.tax_engine)


def _category_name(total: TaxTotal) -> str:
    return f"taxes[{total.code} {total.rate_percent} %]"


def _difference(field: str, shown: Money, computed: Money, rule: str) -> Iterator[Problem]:
    if shown != computed:
        yield Problem(field=field, reason=f"{shown} is not {rule}, which is {computed}")
