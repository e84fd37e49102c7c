"""Taxing: what a tax engine is asked about an invoice, and what it answers.

The built-in engine goes by the tax rules on record. Another one may stand in its place: it gets the
same inquiry and its answer is checked, so that nothing but figures that sum reaches an invoice.
"""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Self

from models.certificates import TaxCertificate, certificate_for
from models.errors import ParkedError, Problem
from models.money import Money
from models.parties import Address, Customer, CustomerStatus, Entity, TaxRounding
from models.tax import (
    CODES_WITH_TEXT,
    EN16931_CODES,
    LevyTotal,
    TaxableLine,
    TaxKey,
    TaxRule,
    TaxTotal,
    find_rule,
    levies_of,
    tax_totals,
    together,
)
from models.value import Value


class Supply(Value):
    """One line of an invoice to be taxed; `gross` is what was agreed with tax in it."""

    reference: str
    description: str
    category: str
    net: Money
    quantity: Decimal
    supplied_on: date
    gross: Money | None = None


class TaxInquiry(Value):
    """Everything that decides the tax of one invoice.

    `refused_vat_id` is why the buyer's VAT number does not count, if it does not.
    """

    deal: str = ""
    term: int = 0
    currency: str
    seller: Address
    seller_vat_id: str = ""
    customer: str
    place: Address
    status: CustomerStatus
    vat_id: str = ""
    refused_vat_id: str = ""
    exemption: str = ""
    certificates: tuple[TaxCertificate, ...] = ()
    rounding: TaxRounding = TaxRounding.CATEGORY
    supplies: tuple[Supply, ...]

    @classmethod
    def between(
        cls, seller: Entity, buyer: Customer, supplies: Sequence[Supply], currency: str
    ) -> Self:
        """Return the inquiry about supplies of one of our entities to a customer."""
        return cls(
            currency=currency,
            seller=seller.address,
            seller_vat_id=seller.vat_id,
            customer=buyer.number,
            place=buyer.place_of_supply,
            status=buyer.status,
            vat_id=buyer.vat_id,
            exemption=buyer.tax_exemption,
            certificates=buyer.tax_certificates,
            rounding=seller.tax_rounding,
            supplies=tuple(supplies),
        )

    @property
    def key(self) -> str:
        """The identity of what is asked: the same supplies have the same key."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


class TaxedSupply(Value):
    """The tax of one line, in the terms of EN 16931."""

    code: str
    rate_percent: Decimal
    tax: Money
    name: str = "VAT"
    text: str = ""
    reason_code: str = ""
    levies: tuple[LevyTotal, ...] = ()


class TaxAnswer(Value):
    """What an engine says to an inquiry, line by line; `reference` is its own name for it.

    `engine` is empty for the rules on record.
    """

    engine: str = ""
    reference: str = ""
    lines: tuple[TaxedSupply, ...]


def answer_by_rules(inquiry: TaxInquiry, rules: Sequence[TaxRule]) -> TaxAnswer:
    """Return the answer of the built-in engine: each line by the rule in force when supplied.

    Raises `ParkedError` with the question where no rule applies, two do, a certificate has expired,
    or a price with tax in it was agreed at another rate.
    """
    taxable = [
        TaxableLine(
            net=supply.net,
            rule=_rule_of(inquiry, supply, rules),
            quantity=supply.quantity,
            gross=supply.gross,
        )
        for supply in inquiry.supplies
    ]
    _, taxes = tax_totals(taxable, inquiry.rounding)
    lines = zip(taxable, taxes, strict=True)
    return TaxAnswer(lines=tuple(_taxed(line, tax) for line, tax in lines))


def totals_of(inquiry: TaxInquiry, answer: TaxAnswer) -> tuple[TaxTotal, ...]:
    """Return the tax per category and rate, in order of appearance (EN 16931 BG-23)."""
    totals: dict[tuple[str, Decimal], TaxTotal] = {}
    for supply, line in zip(inquiry.supplies, answer.lines, strict=True):
        total = TaxTotal(base=supply.net, **line.model_dump())
        known = totals.get((line.code, line.rate_percent))
        totals[line.code, line.rate_percent] = together(known, total) if known else total
    return tuple(totals.values())


def answer_problems(inquiry: TaxInquiry, answer: TaxAnswer) -> tuple[Problem, ...]:
    """Return what keeps an answer from being used: it must tax every line, in its currency."""
    if len(answer.lines) != len(inquiry.supplies):
        reason = f"are {len(answer.lines)} for {len(inquiry.supplies)} supplies"
        return (Problem(field="lines", reason=reason, remedy="answer each supply in its order"),)
    return tuple(_line_problems(inquiry, answer))


def _line_problems(inquiry: TaxInquiry, answer: TaxAnswer) -> Iterator[Problem]:
    for index, line in enumerate(answer.lines):
        where = f"lines[{index}]"
        amounts = (line.tax, *(levy.tax for levy in line.levies))
        if any(amount.currency != inquiry.currency for amount in amounts):
            remedy = f"answer in {inquiry.currency}"
            yield Problem(field=f"{where}.tax", reason="is in another currency", remedy=remedy)
        elif line.levies and line.tax != Money.total(amounts[1:], inquiry.currency):
            remedy = "let the levies sum to the tax"
            yield Problem(field=f"{where}.levies", reason="are not the tax", remedy=remedy)
        if line.code not in EN16931_CODES:
            remedy = f"use one of {', '.join(sorted(EN16931_CODES))}"
            yield Problem(field=f"{where}.code", reason="is no category", remedy=remedy)
        if line.rate_percent < 0:
            yield Problem(field=f"{where}.rate_percent", reason="is negative", remedy="use 0")
        if line.code in CODES_WITH_TEXT and not line.text.strip():
            remedy = "give the reason that is printed"
            yield Problem(field=f"{where}.text", reason="is missing", remedy=remedy)


def tax_key(inquiry: TaxInquiry, supply: Supply) -> TaxKey:
    """Return what decides the tax of a supply.

    Raises `ParkedError` if the certificate that covered it has expired.
    """
    return TaxKey(
        seller_country=inquiry.seller.country,
        seller_region=inquiry.seller.region,
        place_country=inquiry.place.country,
        place_region=inquiry.place.region,
        category=supply.category,
        status=inquiry.status,
        has_vat_id=bool(inquiry.vat_id),
        exempt=bool(inquiry.exemption) or _certificate(inquiry, supply) is not None,
        supplied_on=supply.supplied_on,
    )


def _certificate(inquiry: TaxInquiry, supply: Supply) -> TaxCertificate | None:
    place = (inquiry.place.country, inquiry.place.region)
    return certificate_for(inquiry.certificates, place, supply.category, supply.supplied_on)


def _rule_of(inquiry: TaxInquiry, supply: Supply, rules: Sequence[TaxRule]) -> TaxRule:
    rule = find_rule(rules, tax_key(inquiry, supply))
    if rule.needs_vat_id and inquiry.refused_vat_id:
        raise ParkedError(f"{rule.name} {rule.code} needs a valid VAT ID: {inquiry.refused_vat_id}")
    if supply.gross is not None:
        _require_agreed(supply, rule)
    certificate = _certificate(inquiry, supply)
    return _with_certificate(rule, certificate) if rule.exempt and certificate else rule


def _with_certificate(rule: TaxRule, certificate: TaxCertificate) -> TaxRule:
    said = f"{certificate.reason}, {certificate.number}"
    return rule.model_copy(update={"text": f"{rule.text} ({said})"})


def _require_agreed(supply: Supply, rule: TaxRule) -> None:
    """Park a price with tax in it whose net amount was worked out at another rate."""
    if supply.gross is not None and net_of(supply.gross, rule) != supply.net:
        raise ParkedError(
            f"{supply.description} was agreed at {supply.gross} with tax, of which {supply.net} is "
            f"net, but {rule.rate_percent} % applies on {supply.supplied_on}. Who bears the "
            "difference?"
        )


def net_of(gross: Money, rule: TaxRule) -> Money:
    """Return the net amount of a price with tax in it; what is left is the tax, to the cent."""
    rate = Fraction(rule.rate_percent)
    return gross - gross.times(rate / (100 + rate))


def _taxed(line: TaxableLine, tax: Money) -> TaxedSupply:
    rule = line.rule
    return TaxedSupply(
        code=rule.code,
        rate_percent=rule.rate_percent,
        tax=tax,
        name=rule.name,
        text=rule.text,
        reason_code=rule.reason_code,
        levies=levies_of(line) if rule.levies and line.gross is None else (),
    )
