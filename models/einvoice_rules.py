"""The rules of EN 16931 on a structured invoice: its sums, and what may not be missing.

Sums hold to the minor unit. Rules that concern terms we never write are left to the official
Schematron.
"""

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from models.einvoice import Allowance, EInvoice, EInvoiceLine, TaxBreakdown
from models.einvoice_codes import DocumentType
from models.einvoice_settings import PEPPOL_SCHEMES, EInvoiceFormat
from models.errors import Problem
from models.money import Money, exponent

MOST_DECIMALS = 2
"""Amounts have at most two decimals (BR-DEC-1 to BR-DEC-28)."""

PEPPOL_SLACK = 2
"""How many minor units a line may differ from quantity times price (PEPPOL-EN16931-R120)."""

_UNTAXED = frozenset({"AE", "E", "G", "K", "O", "Z"})
_NEEDS_BUYER_VAT = frozenset({"AE", "K"})
_NEEDS_SELLER_VAT = frozenset({"AE", "G", "K"})
_NEEDS_REASON = frozenset({"AE", "E", "G", "K", "O"})


def einvoice_problems(einvoice: EInvoice, wanted: EInvoiceFormat) -> tuple[Problem, ...]:
    """Return everything that keeps our document from being written in a format, with remedies."""
    problems = [*sum_problems(einvoice), *_general_problems(einvoice), *_tax_problems(einvoice)]
    if wanted is EInvoiceFormat.UBL:
        problems += _peppol_problems(einvoice)
    return tuple(problems)


def sum_problems(einvoice: EInvoice, slack: int = 0) -> Iterator[Problem]:
    """Yield every amount that does not follow from the others (BR-CO-10 to BR-CO-17, BR-S-8).

    `slack` is by how many minor units a line may miss quantity times price: EN 16931 leaves that
    open, and others round their unit prices.
    """
    for line in einvoice.lines:
        yield from _line_problems(einvoice, line, slack)
    yield from _breakdown_problems(einvoice)
    yield from _total_problems(einvoice)


def _total_problems(einvoice: EInvoice) -> Iterator[Problem]:
    totals, zero = einvoice.totals, Money.zero(einvoice.currency)
    nets = sum((line.net for line in einvoice.lines), zero)
    allowances, charges = _sums(einvoice.allowances, einvoice.currency)
    taxes = sum((each.tax for each in einvoice.taxes), zero)
    if einvoice.lines:
        yield from _differs("totals.lines", totals.lines, nets, "the sum of the lines (BR-CO-10)")
    # A document in a profile without lines or categories (Factur-X MINIMUM) has totals alone.
    taxed = ("tax", totals.tax, taxes, "the sum of the tax per category (BR-CO-14)")
    rules = (
        ("allowances", totals.allowances, allowances, "the sum of the allowances (BR-CO-11)"),
        ("charges", totals.charges, charges, "the sum of the charges (BR-CO-12)"),
        (
            "net",
            totals.net,
            totals.lines - totals.allowances + totals.charges,
            "lines - allowances + charges (BR-CO-13)",
        ),
        *([taxed] if einvoice.taxes else []),
        ("gross", totals.gross, totals.net + totals.tax, "net + tax (BR-CO-15)"),
        (
            "due",
            totals.due,
            totals.gross - totals.paid + totals.rounding,
            "gross - paid + rounding (BR-CO-16)",
        ),
    )
    for name, shown, computed, rule in rules:
        yield from _differs(f"totals.{name}", shown, computed, rule)


def _line_problems(einvoice: EInvoice, line: EInvoiceLine, slack: int) -> Iterator[Problem]:
    where = f"lines[{line.id}]"
    if line.base_quantity <= 0:
        yield Problem(field=f"{where}.base_quantity", reason="is not above zero")
        return
    exact = Fraction(line.quantity) * Fraction(line.price) / Fraction(line.base_quantity)
    listed = Money(minor=10 ** exponent(einvoice.currency), currency=einvoice.currency).times(exact)
    allowances, charges = _sums(line.allowances, einvoice.currency)
    computed = listed - allowances + charges
    if abs(line.net.minor_of(computed) - line.net.minor) > slack:
        rule = "quantity x price - allowances + charges"
        yield from _differs(f"{where}.net", line.net, computed, rule)


def _sums(allowances: tuple[Allowance, ...], currency: str) -> tuple[Money, Money]:
    zero = Money.zero(currency)
    return (
        sum((each.amount for each in allowances if not each.is_charge), zero),
        sum((each.amount for each in allowances if each.is_charge), zero),
    )


def _breakdown_problems(einvoice: EInvoice) -> Iterator[Problem]:
    known = {_group(each.tax_code, each.tax_rate) for each in einvoice.taxes}
    for line in einvoice.lines:
        if _group(line.tax_code, line.tax_rate) not in known:
            reason = f"has no total in the tax breakdown: {_named(line.tax_code, line.tax_rate)}"
            yield Problem(field=f"lines[{line.id}].tax_code", reason=f"{reason} (BR-CO-18)")
    for each in einvoice.taxes:
        where = f"taxes[{_named(each.tax_code, each.tax_rate)}]"
        if einvoice.lines:
            base, rule = _base(einvoice, each), "the sum of its lines and allowances (BR-S-8)"
            yield from _differs(f"{where}.base", each.base, base, rule)
        computed = each.base.times(Fraction(each.tax_rate or Decimal(0)) / 100)
        if abs((each.tax - computed).minor) > _tax_slack(einvoice, each):
            yield from _differs(f"{where}.tax", each.tax, computed, "base x rate (BR-CO-17)")


def _tax_slack(einvoice: EInvoice, breakdown: TaxBreakdown) -> int:
    """Return how far tax may be off: a credit's is a share of what was billed, line by line."""
    if einvoice.type is not DocumentType.CREDIT_NOTE or not breakdown.tax_rate:
        return 0
    group = _group(breakdown.tax_code, breakdown.tax_rate)
    return sum(_group(line.tax_code, line.tax_rate) == group for line in einvoice.lines)


def _base(einvoice: EInvoice, breakdown: TaxBreakdown) -> Money:
    group = _group(breakdown.tax_code, breakdown.tax_rate)
    base = Money.zero(einvoice.currency)
    for line in einvoice.lines:
        if _group(line.tax_code, line.tax_rate) == group:
            base += line.net
    for each in einvoice.allowances:
        if _group(each.tax_code, each.tax_rate) == group:
            base += each.amount if each.is_charge else -each.amount
    return base


def _group(code: str, rate: Decimal | None) -> tuple[str, Decimal]:
    return code, rate or Decimal(0)


def _named(code: str, rate: Decimal | None) -> str:
    return code if rate is None else f"{code} {rate.normalize():f} %"


def _differs(field: str, shown: Money, computed: Money, rule: str) -> Iterator[Problem]:
    if shown != computed:
        yield Problem(field=field, reason=f"{shown} is not {rule}, which is {computed}")


def _general_problems(einvoice: EInvoice) -> Iterator[Problem]:
    if exponent(einvoice.currency) > MOST_DECIMALS:
        yield Problem(
            field="currency",
            reason=f"{einvoice.currency} has more than two decimals (BR-DEC)",
            remedy="bill in another currency, or set the entity's e_invoice to never",
        )
    if not einvoice.lines:
        yield Problem(field="lines", reason="are missing (BR-16)")
    for line in einvoice.lines:
        if not line.name.strip():
            yield Problem(field=f"lines[{line.id}].name", reason="is missing (BR-25)")
        if line.price < 0:
            yield Problem(field=f"lines[{line.id}].price", reason="is negative (BR-27)")
    if einvoice.totals.due.minor > 0 and einvoice.due_on is None and not einvoice.terms:
        yield Problem(field="due_on", reason="is missing beside an amount due (BR-CO-25)")
    seller = einvoice.seller
    if not (seller.number or seller.registration or seller.vat_id):
        yield Problem(
            field="entity.vat_id",
            reason="is missing, and so are number and registration (BR-CO-26)",
            remedy="write one of them on the entity",
        )


def _tax_problems(einvoice: EInvoice) -> Iterator[Problem]:
    codes = [each.tax_code for each in einvoice.taxes]
    if "O" in codes and len(codes) > 1:
        yield Problem(
            field="taxes",
            reason="mix what is outside the scope of VAT (O) with other categories (BR-O-11)",
            remedy="bill it on an invoice of its own",
        )
    for each in einvoice.taxes:
        yield from _category_problems(einvoice, each)


def _category_problems(einvoice: EInvoice, each: TaxBreakdown) -> Iterator[Problem]:
    code, where = each.tax_code, f"taxes[{_named(each.tax_code, each.tax_rate)}]"
    if code == "S" and not (each.tax_rate or 0) > 0:
        remedy = "use code Z for a zero rate, E with a reason for an exemption"
        yield Problem(field=where, reason="code S needs a rate above zero (BR-S-5)", remedy=remedy)
    if code in _UNTAXED and (each.tax_rate or 0) > 0:
        yield Problem(field=where, reason=f"code {code} carries no tax", remedy="use rate 0")
    if code in _NEEDS_REASON and not (each.exemption.strip() or each.exemption_code):
        remedy = "write the text of the tax rule"
        yield Problem(field=f"{where}.exemption", reason="is missing (BR-E-10)", remedy=remedy)
    if code in _NEEDS_SELLER_VAT and not einvoice.seller.vat_id:
        yield Problem(
            field="entity.vat_id",
            reason=f"is missing or without the letters of its country; code {code} needs it",
            remedy="write the VAT number on the entity",
        )
    if code in _NEEDS_BUYER_VAT and not einvoice.buyer.vat_id:
        yield Problem(
            field="customer.vat_id",
            reason=f"is missing or without the letters of its country; code {code} needs it",
            remedy="write the VAT number on the customer",
        )
    if code != "O" and not (einvoice.seller.vat_id or einvoice.seller.tax_id):
        remedy = "write the tax number on the entity"
        yield Problem(field="entity.tax_id", reason="is missing (BR-S-2)", remedy=remedy)


def _peppol_problems(einvoice: EInvoice) -> Iterator[Problem]:
    if not (einvoice.buyer_reference or einvoice.purchase_order):
        yield Problem(
            field="customer.buyer_reference",
            reason="is missing, and so is a purchase order (PEPPOL-EN16931-R003)",
            remedy="write the customer's buyer_reference, or have the order signed with its number",
        )
    parties = (("entity", einvoice.seller, "R020"), ("customer", einvoice.buyer, "R010"))
    for name, party, rule in parties:
        where = f"{name}.electronic_address"
        if party.endpoint is None:
            remedy = "write scheme and id, such as 9930 and the German VAT number"
            reason = f"is missing (PEPPOL-EN16931-{rule})"
            yield Problem(field=where, reason=reason, remedy=remedy)
        elif party.endpoint.scheme not in PEPPOL_SCHEMES:
            reason = f"is of scheme {party.endpoint.scheme}, which Peppol does not carry to"
            yield Problem(field=f"{where}.scheme", reason=reason, remedy="use a scheme of Peppol")
