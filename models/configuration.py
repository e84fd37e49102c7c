"""Configuration: from what a seller wants to a complete list of products that may be sold together.

Bundles are opened, required and default components added, and every rule of the catalogue checked.
Nothing is refused alone: all violations are found in one pass, each with its reason and its place
in the deal file.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import localcontext

from models.catalog import Catalog, Product
from models.charges import Charge, ChargeType
from models.deal_file import DealFile
from models.eligibility import SaleContext
from models.errors import Problem
from models.following import added_lines, quantities_of, with_percentages
from models.opening import ConfiguredLine, Shop, line_wanted
from models.parties import Customer
from models.rules import RuledQuote, broken_rules
from models.tiers import EXACT
from models.value import Value
from models.written import nearest, number_problem

__all__ = [
    "Configuration",
    "ConfiguredLine",
    "addressed_charge",
    "charge_refusal",
    "configure",
    "context_for",
]


class Configuration(Value):
    """The lines of a quote and everything wrong with them; without problems it may be priced.

    `warnings` are recommendations and whatever else is pointed out and never blocks.
    """

    lines: tuple[ConfiguredLine, ...] = ()
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()


def configure(
    catalog: Catalog, file: DealFile, context: SaleContext | None = None
) -> Configuration:
    """Return the lines a deal file asks for, what follows from them, and every broken rule.

    What `check_deal_file` refuses is not reported again; a quantity it refuses counts as 1.
    Relations between products hold over the whole quote, components included; a product's own
    minimum and maximum hold for each line, in or out of a bundle. Lines that rules add are numbered
    after those of the file, in the order of the catalogue. Without a `context`, nobody is known to
    sell to, and eligibility is not looked at.
    """
    by_sku = catalog.by_sku()
    shop = Shop(by_sku, catalog.regions, context)
    with localcontext(EXACT):
        opened = [
            shop.open(wanted)
            for index, line in enumerate(file.lines)
            for wanted in line_wanted(line, index)
        ]
        asked = tuple(line for part in opened for line in part.lines)
        added = added_lines(catalog, shop, asked, len(file.lines))
        lines, unfounded = with_percentages(catalog, (*asked, *added.lines))
        findings = broken_rules(
            catalog.rules,
            lines,
            quantities_of(lines),
            RuledQuote(term_months=file.term_months, currency=file.currency, context=context),
        )
    problems = (
        *(problem for part in (*opened, added) for problem in part.problems),
        *(problem for line in lines for problem in _line_problems(line, file.term_months)),
        *unfounded,
        *_relation_problems(lines),
        *findings.errors,
    )
    warnings = (warning for part in (*opened, added) for warning in part.warnings)
    return Configuration(
        lines=lines,
        problems=_each_once(problems),
        warnings=_each_once((*warnings, *findings.warnings)),
    )


def _each_once(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Leave out repetitions: the segments of a ramp have the same things wrong with them."""
    return tuple({(one.field, one.reason): one for one in problems}.values())


def context_for(customer: Customer | None, file: DealFile, on: date) -> SaleContext | None:
    """Return what eligibility looks at, or None for a customer who is not on record."""
    if customer is None:
        return None
    place = customer.place_of_supply
    return SaleContext(
        on=on,
        customer=customer.number,
        segment=customer.segment,
        tags=customer.tags,
        country=place.country,
        region=place.region,
        channel=file.sales_channel,
    )


def addressed_charge(product: Product) -> Charge | None:
    """Return the charge that an agreed price or a discount amount is meant for.

    That is the only charge, or the only recurring one; None if neither is unique.
    """
    recurring = [charge for charge in product.charges if charge.type is ChargeType.RECURRING]
    candidates = recurring or product.charges
    return candidates[0] if len(candidates) == 1 else None


def charge_refusal(charge: Charge, term_months: int) -> str | None:
    """Return why a charge cannot be sold for a term of that many months, or None if it can."""
    match charge.type:
        case ChargeType.USAGE if not charge.meter:
            return f"has the usage charge {charge.key}, which names no meter"
        case ChargeType.RECURRING | ChargeType.USAGE if term_months == 0:
            return f"has the {charge.type} charge {charge.key}, and a one-off sale has no periods"
        case _:
            return None


def _line_problems(line: ConfiguredLine, term_months: int) -> Iterator[Problem]:
    yield from _quantity_problems(line)
    yield from _price_problems(line)
    yield from _usage_problems(line)
    for charge in line.product.charges:
        reason = charge_refusal(charge, term_months)
        if reason:
            yield Problem(
                field=f"{line.path}.product",
                reason=f"{line.product.sku} {reason}",
                remedy="leave it out or give the deal a term",
            )


def _usage_problems(line: ConfiguredLine) -> Iterator[Problem]:
    known = {one.key for one in line.product.charges if one.type is ChargeType.USAGE}
    for key, quantity in line.expected_usage.items():
        field = f"{line.path}.expected_usage.{key}"
        if key not in known:
            reason = f"{key} is no usage charge of {line.product.sku}"
            yield Problem(field=field, reason=reason, remedy=nearest(key, known))
        yield from number_problem(field, quantity)


def _quantity_problems(line: ConfiguredLine) -> Iterator[Problem]:
    product, quantity, field = line.product, line.quantity, f"{line.place}.quantity"
    if product.whole_units and quantity != int(quantity):
        yield Problem(
            field=field,
            reason=f"{product.sku} is sold in whole units only, not {quantity}",
            remedy="use a whole number",
        )
    if quantity < product.minimum_quantity:
        yield Problem(
            field=field,
            reason=f"{quantity} of {product.sku} is less than the minimum",
            remedy=f"order at least {product.minimum_quantity}",
        )
    if product.maximum_quantity is not None and quantity > product.maximum_quantity:
        yield Problem(
            field=field,
            reason=f"{quantity} of {product.sku} is more than the maximum",
            remedy=f"order at most {product.maximum_quantity}",
        )


def _price_problems(line: ConfiguredLine) -> Iterator[Problem]:
    """Report an agreed price or a discount that has no charge, or no single one, to apply to."""
    asked = {
        "unit_price": line.unit_price is not None,
        "discount.amount": line.discount is not None and line.discount.amount is not None,
    }
    sku, addressed = line.product.sku, addressed_charge(line.product)
    if not line.product.charges:
        asked["discount.percent"] = line.discount is not None and not asked["discount.amount"]
        reason, remedy = f"{sku} has no charge of its own", "put it on the components"
    elif addressed is None:
        reason, remedy = f"{sku} has several charges it could mean", "use a discount percentage"
    elif addressed.type is ChargeType.USAGE:
        asked["unit_price"] = False
        reason, remedy = f"{sku} is charged by usage", "use a discount percentage"
    else:
        return
    for name, is_asked in asked.items():
        if is_asked:
            yield Problem(field=f"{line.place}.{name}", reason=reason, remedy=remedy)


def _relation_problems(lines: Sequence[ConfiguredLine]) -> Iterator[Problem]:
    """Report each unmet requirement and each forbidden pair once, at the first line it concerns."""
    first: dict[str, ConfiguredLine] = {}
    for line in lines:
        first.setdefault(line.product.sku, line)
    forbidden: set[frozenset[str]] = set()
    for sku, line in first.items():
        for needed in line.product.requires:
            if needed not in first:
                yield Problem(
                    field=f"{line.path}.product",
                    reason=f"{sku} requires {needed}",
                    remedy=f"add {needed} or leave {sku} out",
                )
        for other in line.product.excludes:
            pair = frozenset((sku, other))
            if other in first and pair not in forbidden:
                forbidden.add(pair)
                yield Problem(
                    field=f"{line.path}.product",
                    reason=f"{sku} cannot be sold together with {other}",
                    remedy=f"leave out {sku} or {other}",
                )
