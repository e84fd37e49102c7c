"""Tax: which rule applies to a supply, and how much tax its total carries.

A supply that no rule covers, or two rules cover equally well, is a question for a person: guessing
0 % or the domestic rate would put a wrong figure on a legal document.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from itertools import combinations

from pydantic import ValidationError

from models.countries import COUNTRIES, EU_COUNTRIES
from models.errors import ParkedError, Problem
from models.money import Money
from models.parties import CustomerStatus, TaxRounding
from models.reading import FieldRule, read
from models.value import Value

ANY_OTHER_EU_COUNTRY = "EU"
"""As a rule's place: every country of the Union but the seller's."""

CODES_WITH_TEXT = frozenset({"AE", "E", "G", "K", "O"})
"""Categories whose reason the invoice must state (EN 16931 BR-AE-10, E-10, G-10, IC-10, O-10)."""

_UNTAXED_CODES = CODES_WITH_TEXT | {"Z"}
_CODES = _UNTAXED_CODES | {"S", "L", "M"}


class TaxKey(Value):
    """What decides the tax of one supply."""

    seller_country: str
    seller_region: str = ""
    place_country: str
    place_region: str = ""
    category: str
    status: CustomerStatus
    has_vat_id: bool
    exempt: bool = False
    supplied_on: date


class TaxRule(Value):
    """One dated rate, in force from `valid_from` until before `valid_until`.

    Empty `place_region` or None fields match anything; `exempt` True matches only customers with an
    exemption certificate. `code` is the EN 16931 category (S standard, AE reverse charge, Z zero,
    E exempt, O out of scope, G export, K intra-community); `text` is printed on the invoice where
    law asks for a reason.
    """

    seller_country: str
    place_country: str
    place_region: str = ""
    category: str
    status: CustomerStatus | None = None
    needs_vat_id: bool | None = None
    exempt: bool = False
    valid_from: date
    valid_until: date | None = None
    rate_percent: Decimal
    code: str = "S"
    name: str = "VAT"
    text: str = ""


class TaxTotal(Value):
    """One category and rate of an invoice."""

    code: str
    rate_percent: Decimal
    name: str
    text: str = ""
    base: Money
    tax: Money


class _TaxRules(Value):
    rules: tuple[TaxRule, ...]


class TaxableLine(Value):
    """An amount before tax and the rule that taxes it; a credit or an allowance is negative."""

    net: Money
    rule: TaxRule


def parse_tax_rules(data: object) -> tuple[TaxRule, ...]:
    """Read a list of rules as it comes out of JSON or YAML.

    Raises `InvalidInputError` with all problems of all rules: malformed fields, unknown countries
    and codes, negative rates, a rate on an untaxed code, a missing reason, overlapping windows.
    """
    return read(_TaxRules, {"rules": data}, _FIELD_RULES, [_content_problems]).rules


def find_rule(rules: Iterable[TaxRule], key: TaxKey) -> TaxRule:
    """Return the most specific rule in force for a supply.

    Who buys outranks where it goes, so that a certificate or a reverse charge beats a local rate:
    exemption, VAT ID, status, then region over country over "any other EU country".

    Raises `ParkedError` with the question when no rule matches or two match equally well; it is
    never answered by 0 % or by the domestic rate.
    """
    matching = [rule for rule in rules if _matches(rule, key)]
    if not matching:
        raise ParkedError(f"No tax rule covers {_described(key)}. Which rate applies?")
    best = max(_specificity(rule) for rule in matching)
    chosen = [rule for rule in matching if _specificity(rule) == best]
    if len(chosen) > 1:
        offers = ", ".join(f"{rule.name} {rule.rate_percent} % ({rule.code})" for rule in chosen)
        raise ParkedError(
            f"{len(chosen)} tax rules cover {_described(key)} equally well: {offers}. "
            "Which applies?"
        )
    return chosen[0]


def tax_totals(
    lines: Sequence[TaxableLine], rounding: TaxRounding
) -> tuple[tuple[TaxTotal, ...], tuple[Money, ...]]:
    """Return the tax per category and rate in order of appearance, and the tax of each line.

    By category the tax is base times rate, rounded once (EN 16931 BR-CO-17), and spread over the
    lines by largest remainder; by line every line is rounded and the category is their sum. Either
    way the lines sum to the totals. Raises `CurrencyMismatchError` when currencies meet.
    """
    groups: dict[tuple[str, Decimal], list[int]] = {}
    for index, line in enumerate(lines):
        groups.setdefault((line.rule.code, line.rule.rate_percent), []).append(index)
    totals: list[TaxTotal] = []
    shares: dict[int, Money] = {}
    for members in groups.values():
        group = [lines[index] for index in members]
        taxes = _line_taxes(group, rounding)
        shares.update(zip(members, taxes, strict=True))
        totals.append(_tax_total(group, taxes))
    return tuple(totals), tuple(shares[index] for index in range(len(lines)))


def percentage(net: Money, rate_percent: Decimal) -> Money:
    """Return a rate of an amount, rounded half up once."""
    return net.times(Fraction(rate_percent) / 100)


def _line_taxes(group: Sequence[TaxableLine], rounding: TaxRounding) -> list[Money]:
    rate = group[0].rule.rate_percent
    if rounding is TaxRounding.LINE:
        return [percentage(line.net, rate) for line in group]
    nets = [line.net for line in group]
    tax = percentage(Money.total(nets, nets[0].currency), rate)
    charged, credited = _charges_and_credits(nets)
    # The lesser side is rounded by itself, so that the mirror of the lines has the mirrored taxes.
    if charged >= -credited:
        on_credits = percentage(credited, rate)
        on_charges = tax - on_credits
    else:
        on_charges = percentage(charged, rate)
        on_credits = tax - on_charges
    charges = _spread(on_charges, [max(net.minor, 0) for net in nets])
    credits_ = _spread(on_credits, [max(-net.minor, 0) for net in nets])
    return [charge + credit for charge, credit in zip(charges, credits_, strict=True)]


def _charges_and_credits(nets: Sequence[Money]) -> tuple[Money, Money]:
    zero = Money.zero(nets[0].currency)
    return (
        Money.total((net for net in nets if net > zero), zero.currency),
        Money.total((net for net in nets if net < zero), zero.currency),
    )


def _spread(amount: Money, weights: Sequence[int]) -> list[Money]:
    if not any(weights):
        return [Money.zero(amount.currency) for _ in weights]
    return amount.allocate(weights)


def _tax_total(group: Sequence[TaxableLine], taxes: Sequence[Money]) -> TaxTotal:
    rule, currency = group[0].rule, group[0].net.currency
    return TaxTotal(
        code=rule.code,
        rate_percent=rule.rate_percent,
        name=_joined(line.rule.name for line in group),
        text=_joined(line.rule.text for line in group),
        base=Money.total((line.net for line in group), currency),
        tax=Money.total(taxes, currency),
    )


def _joined(texts: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(text for text in texts if text))


def _matches(rule: TaxRule, key: TaxKey) -> bool:
    return (
        rule.seller_country == key.seller_country
        and rule.category == key.category
        and _covers_place(rule, key)
        and _covers_customer(rule, key)
        and rule.valid_from <= key.supplied_on < (rule.valid_until or date.max)
    )


def _covers_place(rule: TaxRule, key: TaxKey) -> bool:
    if rule.place_country == ANY_OTHER_EU_COUNTRY:
        abroad = key.place_country in EU_COUNTRIES and key.place_country != key.seller_country
        return abroad and not rule.place_region
    return rule.place_country == key.place_country and rule.place_region in ("", key.place_region)


def _covers_customer(rule: TaxRule, key: TaxKey) -> bool:
    return (
        rule.status in (None, key.status)
        and rule.needs_vat_id in (None, key.has_vat_id)
        and (key.exempt or not rule.exempt)
    )


def _specificity(rule: TaxRule) -> tuple[bool, bool, bool, bool, bool]:
    return (
        rule.exempt,
        rule.needs_vat_id is not None,
        rule.status is not None,
        bool(rule.place_region),
        rule.place_country != ANY_OTHER_EU_COUNTRY,
    )


def _described(key: TaxKey) -> str:
    place = "-".join(part for part in (key.place_country, key.place_region) if part)
    vat_id = "with a VAT ID" if key.has_vat_id else "without a VAT ID"
    exempt = ", exemption certificate" if key.exempt else ""
    return (
        f"a supply of category '{key.category}' from {key.seller_country} to {place} "
        f"on {key.supplied_on} ({key.status} {vat_id}{exempt})"
    )


def _is_charged(rate: object) -> bool:
    """Whether something written as a rate is none below zero; other than numbers pass."""
    try:
        return not Decimal(str(rate)) < 0
    except InvalidOperation:
        return True


def _one_of(known: Collection[str]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and value in known


_CAPITALS = "use the two capitals of ISO 3166-1"

_FIELD_RULES = (
    FieldRule("rules.*.seller_country", _one_of(COUNTRIES), "is no known country", _CAPITALS),
    FieldRule(
        "rules.*.place_country",
        _one_of({*COUNTRIES, ANY_OTHER_EU_COUNTRY}),
        "is no known country",
        f"{_CAPITALS}, or {ANY_OTHER_EU_COUNTRY}",
    ),
    FieldRule("rules.*.rate_percent", _is_charged, "is negative"),
    FieldRule(
        "rules.*.code",
        _one_of(_CODES),
        "is no category of EN 16931",
        f"use one of {', '.join(sorted(_CODES))}",
    ),
)


def _content_problems(written: Mapping[str, object]) -> Iterator[Problem]:
    rules = dict(_readable(written.get("rules")))
    for index, rule in rules.items():
        yield from _rule_problems(f"rules[{index}]", rule)
    for (first, earlier), (second, later) in combinations(rules.items(), 2):
        if _supply_of(earlier) == _supply_of(later) and _in_force_together(earlier, later):
            yield Problem(
                field=f"rules[{second}]",
                reason=f"is in force together with rules[{first}] for the same supply",
                remedy="end one before the other begins",
            )


def _readable(written: object) -> Iterator[tuple[int, TaxRule]]:
    for index, item in enumerate(written if isinstance(written, list) else ()):
        with suppress(ValidationError):
            yield index, TaxRule.model_validate(item)


def _rule_problems(where: str, rule: TaxRule) -> Iterator[Problem]:
    if rule.code in _UNTAXED_CODES and rule.rate_percent > 0:
        yield Problem(
            field=f"{where}.rate_percent", reason=f"code {rule.code} carries no tax", remedy="use 0"
        )
    if rule.code in CODES_WITH_TEXT and not rule.text.strip():
        yield Problem(
            field=f"{where}.text",
            reason=f"code {rule.code} needs the reason that is printed on the invoice",
            remedy="add it",
        )
    if rule.place_country == ANY_OTHER_EU_COUNTRY and rule.place_region:
        yield Problem(
            field=f"{where}.place_region", reason="EU has no regions", remedy="name the country"
        )
    if rule.valid_until is not None and rule.valid_until <= rule.valid_from:
        remedy = "give the first day on which it no longer holds"
        yield Problem(field=f"{where}.valid_until", reason="is not after valid_from", remedy=remedy)


def _supply_of(rule: TaxRule) -> tuple[object, ...]:
    return (
        rule.seller_country,
        rule.place_country,
        rule.place_region,
        rule.category,
        rule.status,
        rule.needs_vat_id,
        rule.exempt,
    )


def _in_force_together(one: TaxRule, other: TaxRule) -> bool:
    ends = one.valid_until or date.max, other.valid_until or date.max
    return one.valid_from < ends[1] and other.valid_from < ends[0]
