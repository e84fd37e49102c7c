"""Kinds of tax: EN 16931 totals, levies on a price, rounding, rates by place, coupons."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from models.en16931 import DocumentLine, DocumentPart, document_totals
from models.levies import (
    Levied,
    Levy,
    LevyRounding,
    PricedUnits,
    levied,
    levy_totals,
    net_unit_price,
    reverse_charged,
)
from models.money import Money, round_half_up
from models.parties import CustomerStatus, TaxRounding
from models.tax import (
    TaxableLine,
    TaxedFee,
    TaxKey,
    TaxRule,
    find_rule,
    percentage,
    tax_after_coupons,
    tax_totals,
)
from tests.oracles.adapters.contract import Adapter, Answer, Inputs, chosen

_ROUNDINGS = {rounding.value: rounding for rounding in LevyRounding}
_LINE_ROUNDINGS = {"per_line half_up": TaxRounding.LINE}
_CENT = Decimal("0.01")
_EXACT_DECIMALS = 6
_CURRENCY = "EUR"


def en16931_totals(inputs: Inputs) -> Answer:
    """Answer `en16931_totals`, with or without the net amounts of the lines given."""
    totals = document_totals(
        [_document_line(line) for line in inputs["lines"]],
        [_document_part(part) for part in inputs.get("document_allowances_charges") or ()],
        prepaid=_decimal(inputs.get("prepaid")),
        rounding=_decimal(inputs.get("rounding")),
        scale=inputs.get("scale", 2),
    )
    return {
        **totals.model_dump(exclude={"breakdown"}),
        "vat_breakdown": [each.model_dump() for each in totals.breakdown],
    }


def tax_engine(inputs: Inputs) -> Answer:
    """Answer `tax_engine`: a price under its levies; without rounding to six decimals."""
    units = PricedUnits(
        Decimal(inputs["unit_price"]),
        Decimal(inputs.get("quantity", "1")),
        _levies(inputs["taxes"]),
    )
    if inputs.get("rounding", "none") == "none":
        return _levied_answer(levied(units))
    chosen(_ROUNDINGS, inputs["rounding"], "rounding")
    return _levied_answer(levied(units, Decimal(inputs.get("precision", _CENT))))


def tax_reverse_charge(inputs: Inputs) -> Answer:
    """Answer `tax_reverse_charge`: the tax accounted for and deducted."""
    price, rate = Decimal(inputs["unit_price"]), Decimal(inputs["rate_percent"])
    return _levied_answer(reverse_charged(price, rate, _CENT))


def tax_rounding_document(inputs: Inputs) -> Answer:
    """Answer `tax_rounding_document`: lines of one or several rates, rounded as asked."""
    rounding = chosen(_ROUNDINGS, inputs["rounding"], "rounding")
    lines = [_priced_units(line, inputs) for line in _repeated(inputs["lines"])]
    totals = levy_totals(lines, rounding, Decimal(inputs.get("precision") or _increment(inputs)))
    return {
        "base": totals.base,
        "untaxed": totals.base,
        "tax": totals.tax,
        "total": totals.total,
        "tax_minor": totals.tax,
        "total_minor": totals.total,
        "by_rate": {
            str(levy.rate_percent): {"base": base, "tax": tax} for levy, base, tax in totals.levies
        },
    }


def tax_reverse_compute(inputs: Inputs) -> Answer:
    """Answer `tax_reverse_compute`: the net price of a total with all its taxes."""
    quantity = Decimal(inputs.get("quantity", "1"))
    total = Decimal(inputs["total_included"])
    return {"unit_price": net_unit_price(total, _levies(inputs["taxes"]), quantity)}


def tax_lines_minor(inputs: Inputs) -> Answer:
    """Answer `tax_lines_minor`: lines of minor units, each with its rate."""
    rounding = chosen(_LINE_ROUNDINGS, inputs["rounding"], "rounding")
    lines = [
        TaxableLine(net=_money(line["net_minor"]), rule=_rule(rate_percent=line["rate_percent"]))
        for line in inputs["lines"]
    ]
    _, taxes = tax_totals(lines, rounding)
    tax = Money.total(taxes, _CURRENCY)
    net = Money.total((line.net for line in lines), _CURRENCY)
    return {"tax_minor": tax.minor, "total_minor": (net + tax).minor}


def tax_rate_selection(inputs: Inputs) -> Answer:
    """Answer `tax_rate_selection`: the most specific rate of a place."""
    rules = [
        _rule(
            place_country=rule["country"],
            place_region=rule["region"] or "",
            rate_percent=rule["rate_percent"],
        )
        for rule in inputs["rules"]
    ]
    key = TaxKey(
        seller_country="DE",
        place_country=inputs["country"],
        place_region=inputs.get("region") or "",
        category="standard",
        status=CustomerStatus.BUSINESS,
        has_vat_id=False,
        supplied_on=date(2026, 1, 1),
    )
    rate = find_rule(rules, key).rate_percent
    return {"rate_percent": rate, "tax_minor": percentage(_money(inputs["net_minor"]), rate).minor}


def discount_and_tax_allocation(inputs: Inputs) -> Answer:
    """Answer `discount_and_tax_allocation`: coupons come off before tax."""
    taxed = tax_after_coupons(
        [
            TaxedFee(
                net_minor=fee["net_minor"],
                rate_percent=fee["tax_percent"],
                coupon_minor=fee["coupon_minor"],
            )
            for fee in inputs["fees"]
        ]
    )
    return taxed.model_dump()


def _document_line(line: Mapping[str, Any]) -> DocumentLine:
    return DocumentLine(
        quantity=line["quantity"],
        net_price=line["net_price"],
        price_base_quantity=line.get("price_base_quantity") or 1,
        allowances=line.get("allowances") or (),
        charges=line.get("charges") or (),
        category=line["vat_category"],
        rate=line["vat_rate"],
        net_given=line.get("net_given"),
    )


def _document_part(part: Mapping[str, Any]) -> DocumentPart:
    return DocumentPart(
        is_charge=part["charge"],
        amount=part["amount"],
        category=part["vat_category"],
        rate=part["vat_rate"],
    )


def _priced_units(line: Mapping[str, Any], inputs: Inputs) -> PricedUnits:
    price = line["net_minor"] if "net_minor" in line else line["unit_price"]
    return PricedUnits(Decimal(price), Decimal(line.get("quantity", "1")), _taxes_of(line, inputs))


def _taxes_of(line: Mapping[str, Any], inputs: Inputs) -> tuple[Levy, ...]:
    for said in (line, inputs):
        if "taxes" in said:
            return _levies(said["taxes"])
        if "rates_percent" in said:
            return tuple(Levy(rate_percent=rate) for rate in said["rates_percent"])
    return ()


def _repeated(lines: Any) -> Sequence[Mapping[str, Any]]:
    return [lines] * lines["repeat"] if isinstance(lines, dict) else lines


def _increment(inputs: Inputs) -> Decimal:
    lines = _repeated(inputs["lines"])
    return Decimal(1) if any("net_minor" in line for line in lines) else _CENT


def _levies(taxes: Sequence[Mapping[str, Any]]) -> tuple[Levy, ...]:
    return tuple(Levy.model_validate({"kind": tax["type"], **tax}) for tax in taxes)


def _levied_answer(found: Levied) -> Answer:
    return {
        "total_included": _six(found.included),
        "total_excluded": _six(found.excluded),
        "taxes": [{"base": _six(each.base), "amount": _six(each.amount)} for each in found.levies],
    }


def _six(value: Fraction) -> Decimal:
    return round_half_up(value, _EXACT_DECIMALS)


def _rule(**changes: Any) -> TaxRule:
    place = {"seller_country": "DE", "place_country": "DE", "valid_from": date(2000, 1, 1)}
    return TaxRule.model_validate({**place, "category": "standard", **changes})


def _money(minor: int) -> Money:
    return Money(minor=minor, currency=_CURRENCY)


def _decimal(written: str | None) -> Decimal:
    return Decimal(written or 0)


ADAPTERS: Mapping[str, Adapter] = MappingProxyType(
    {
        "discount_and_tax_allocation": discount_and_tax_allocation,
        "en16931_totals": en16931_totals,
        "en16931_totals_from_line_net": en16931_totals,
        "tax_engine": tax_engine,
        "tax_lines_minor": tax_lines_minor,
        "tax_rate_selection": tax_rate_selection,
        "tax_reverse_charge": tax_reverse_charge,
        "tax_reverse_compute": tax_reverse_compute,
        "tax_rounding_document": tax_rounding_document,
    }
)
"""The kinds answered here."""
