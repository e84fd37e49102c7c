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
from models.levies import Levy, LevyKind, PricedUnits, effective_percent, levied
from models.money import Money, round_half_up
from models.parties import CustomerStatus, TaxRounding
from models.reading import FieldRule, read
from models.value import Value

ANY_OTHER_EU_COUNTRY = "EU"
"""As a rule's place: every country of the Union but the seller's."""

CODES_WITH_TEXT = frozenset({"AE", "E", "G", "K", "O"})
"""Categories whose reason the invoice must state (EN 16931 BR-AE-10, E-10, G-10, IC-10, O-10)."""

_UNTAXED_CODES = CODES_WITH_TEXT | {"Z"}
EN16931_CODES = _UNTAXED_CODES | {"S", "L", "M"}
"""The categories of VAT (UNTDID 5305, as restricted by EN 16931)."""

_WHOLE = 100
_RATE_DECIMALS = 4


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
    law asks for a reason. `reason_code` is its code of the list VATEX, `levies` are the taxes of
    several jurisdictions that the rate is made of, each on its line and by its name.
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
    reason_code: str = ""
    levies: tuple[Levy, ...] = ()


class LevyTotal(Value):
    """What one jurisdiction's tax comes to within a category."""

    name: str
    base: Money
    tax: Money


class TaxTotal(Value):
    """One category and rate of an invoice; `levies` are its parts by jurisdiction, if any."""

    code: str
    rate_percent: Decimal
    name: str
    text: str = ""
    base: Money
    tax: Money
    reason_code: str = ""
    levies: tuple[LevyTotal, ...] = ()


class _TaxRules(Value):
    rules: tuple[TaxRule, ...]


class TaxableLine(Value):
    """An amount before tax and the rule that taxes it; a credit or an allowance is negative.

    `gross` is what was agreed with tax in it: then the tax is what lies between the two.
    """

    net: Money
    rule: TaxRule
    quantity: Decimal = Decimal(1)
    gross: Money | None = None


class TaxedFee(Value):
    """A fee in minor units before tax, and the exact part of the coupons that comes off it."""

    net_minor: int
    rate_percent: Decimal
    coupon_minor: Decimal = Decimal(0)


class CouponTax(Value):
    """What fees come to after coupons and tax, in minor units; `fee_tax_minor` is each fee's."""

    fees_minor: int
    coupons_minor: int
    net_minor: int
    tax_minor: int
    total_minor: int
    fee_tax_minor: tuple[int, ...]


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
    way the lines sum to the totals. Levies are always worked out line by line, for each
    jurisdiction. Raises `CurrencyMismatchError` when currencies meet.
    """
    groups: dict[tuple[str, Decimal], list[int]] = {}
    for index, line in enumerate(lines):
        groups.setdefault((line.rule.code, line.rule.rate_percent), []).append(index)
    totals: list[TaxTotal] = []
    shares: dict[int, Money] = {}
    for members in groups.values():
        group = [lines[index] for index in members]
        taxes = category_taxes(group, rounding)
        shares.update(zip(members, taxes, strict=True))
        totals.append(_tax_total(group, taxes))
    return tuple(totals), tuple(shares[index] for index in range(len(lines)))


def percentage(net: Money, rate_percent: Decimal) -> Money:
    """Return a rate of an amount, rounded half up once."""
    return net.times(Fraction(rate_percent) / 100)


def tax_after_coupons(fees: Sequence[TaxedFee]) -> CouponTax:
    """Return fees less their coupons, and the tax on what is left.

    Coupons are taken off exactly; the document's tax is rounded half up once over exact amounts,
    the tax of each fee by itself, so that it is for display and need not sum to the document's.
    """
    left = [Fraction(fee.net_minor) - Fraction(fee.coupon_minor) for fee in fees]
    taxes = [net * Fraction(fee.rate_percent) / 100 for net, fee in zip(left, fees, strict=True)]
    net, tax = _nearest(sum(left, Fraction(0))), _nearest(sum(taxes, Fraction(0)))
    return CouponTax(
        fees_minor=sum(fee.net_minor for fee in fees),
        coupons_minor=_nearest(sum((Fraction(fee.coupon_minor) for fee in fees), Fraction(0))),
        net_minor=net,
        tax_minor=tax,
        total_minor=net + tax,
        fee_tax_minor=tuple(map(_nearest, taxes)),
    )


def _nearest(value: Fraction) -> int:
    return int(round_half_up(value, 0))


def category_taxes(group: Sequence[TaxableLine], rounding: TaxRounding) -> list[Money]:
    """Return the tax of each line of one category and rate.

    Lines are rounded by themselves where the policy says so, where a price holds its tax, or where
    several jurisdictions tax it.
    """
    rate = group[0].rule.rate_percent
    if rounding is TaxRounding.LINE or any(line.gross or line.rule.levies for line in group):
        return [_tax_of_line(line) for line in group]
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


def _tax_of_line(line: TaxableLine) -> Money:
    if line.gross is not None:
        return line.gross - line.net
    if line.rule.levies:
        return Money.total((each.tax for each in levies_of(line)), line.net.currency)
    return percentage(line.net, line.rule.rate_percent)


def levies_of(line: TaxableLine) -> tuple[LevyTotal, ...]:
    """Return the tax of each jurisdiction on a line, rounded half up to the minor unit."""
    currency = line.net.currency
    # The levies are worked out on the net amount in minor units, an amount per unit in major ones.
    per_major = Decimal(Money.from_decimal(Decimal(1), currency).minor)
    levies = tuple(
        levy.model_copy(update={"amount": levy.amount * per_major}) for levy in line.rule.levies
    )
    each = Fraction(line.net.minor) / Fraction(line.quantity)
    found = levied(PricedUnits(each, line.quantity, levies), Decimal(1))
    return tuple(
        LevyTotal(
            name=levy.name,
            base=Money(minor=int(base), currency=currency),
            tax=Money(minor=int(amount), currency=currency),
        )
        for levy, (base, amount) in zip(levies, found.levies, strict=True)
    )


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
        reason_code=_joined(line.rule.reason_code for line in group),
        levies=_by_name(levy for line in group if line.rule.levies for levy in levies_of(line)),
    )


def together(one: TaxTotal, other: TaxTotal) -> TaxTotal:
    """Return two totals of one category and rate as one; texts and names are each said once."""
    changes = {
        "name": _joined((one.name, other.name)),
        "text": _joined((one.text, other.text)),
        "base": one.base + other.base,
        "tax": one.tax + other.tax,
        "levies": _by_name((*one.levies, *other.levies)),
    }
    return one.model_copy(update=changes)


def _by_name(levies: Iterable[LevyTotal]) -> tuple[LevyTotal, ...]:
    sums: dict[str, LevyTotal] = {}
    for each in levies:
        known = sums.get(each.name)
        sums[each.name] = (
            each
            if known is None
            else LevyTotal(name=each.name, base=known.base + each.base, tax=known.tax + each.tax)
        )
    return tuple(sums.values())


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
        _one_of(EN16931_CODES),
        "is no category of EN 16931",
        f"use one of {', '.join(sorted(EN16931_CODES))}",
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
    yield from _levy_problems(where, rule)
    if rule.valid_until is not None and rule.valid_until <= rule.valid_from:
        remedy = "give the first day on which it no longer holds"
        yield Problem(field=f"{where}.valid_until", reason="is not after valid_from", remedy=remedy)


def _levy_problems(where: str, rule: TaxRule) -> Iterator[Problem]:
    if not rule.levies:
        return
    if rule.seller_country in EU_COUNTRIES:
        remedy = "write one rate; bill other levies as charges"
        reason = "are not for an entity in the EU, whose lines bear one VAT (EN 16931 BG-30)"
        yield Problem(field=f"{where}.levies", reason=reason, remedy=remedy)
    names = [levy.name.strip() for levy in rule.levies]
    if "" in names or len(set(names)) < len(names):
        remedy = "name each jurisdiction once"
        yield Problem(field=f"{where}.levies", reason="need names of their own", remedy=remedy)
    if any(levy.price_included for levy in rule.levies):
        reason = "come on top of net amounts; whether prices hold them is said by the price book"
        remedy = "leave out price_included"
        yield Problem(field=f"{where}.levies", reason=reason, remedy=remedy)
        return
    yield from _levy_rate_problems(where, rule)


def _levy_rate_problems(where: str, rule: TaxRule) -> Iterator[Problem]:
    shares = [levy.rate_percent for levy in rule.levies if levy.kind is LevyKind.DIVISION]
    if sum(shares, Decimal(0)) >= _WHOLE:
        remedy = "write less than 100 % in all"
        yield Problem(field=f"{where}.levies", reason="leave nothing of the price", remedy=remedy)
        return
    come_to = round_half_up(effective_percent(rule.levies), _RATE_DECIMALS)
    if come_to != round_half_up(rule.rate_percent, _RATE_DECIMALS):
        reason = f"is not what the levies come to, which is {come_to.normalize():f}"
        remedy = "write that rate or correct a levy"
        yield Problem(field=f"{where}.rate_percent", reason=reason, remedy=remedy)


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
