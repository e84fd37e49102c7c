"""Following: the lines that rules add to a quote, and what percentages are percentages of.

Both are worked out in the order of the catalogue, never in that of the deal file, in one pass.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import groupby

from models.catalog import Catalog
from models.catalog_checks import additions_in_order, counts, percentages_in_order
from models.derivation import AddedProduct, Derivation, DerivationKind
from models.errors import Problem
from models.opening import ConfiguredLine, Opened, Shop, Wanted
from models.products import Product
from models.ramps import Segment

Quantities = Mapping[str, Decimal]


def quantities_of(lines: Iterable[ConfiguredLine]) -> dict[str, Decimal]:
    """Return the units of each SKU in a quote; a ramp counts with its largest segment."""
    by_number: dict[str, tuple[str, Decimal]] = {}
    for line in lines:
        known = by_number.get(line.number, (line.product.sku, Decimal(0)))[1]
        by_number[line.number] = (line.product.sku, max(known, line.quantity))
    found: dict[str, Decimal] = {}
    for sku, quantity in by_number.values():
        found[sku] = found.get(sku, Decimal(0)) + quantity
    return found


def added_lines(
    catalog: Catalog, shop: Shop, lines: Sequence[ConfiguredLine], count: int
) -> Opened:
    """Return the lines the catalogue's rules add to a quote that has `count` lines of its own.

    What the quote has already counts, so asking again with the added lines written down adds
    nothing. Rules that stand in a circle add nothing; validation refuses them.
    """
    by_sku = catalog.by_sku()
    rules, _ = additions_in_order(catalog.added, by_sku)
    quantities = quantities_of(lines)
    opened: list[Opened] = []
    for sku, group in groupby(rules, key=lambda rule: rule.add):
        wanted = _missing(tuple(group), by_sku, quantities, lines)
        if wanted is None or sku not in by_sku:
            continue
        part = shop.open(wanted.model_copy(update={"number": str(count + len(opened) + 1)}))
        opened.append(part)
        for added, units in quantities_of(part.lines).items():
            quantities[added] = quantities.get(added, Decimal(0)) + units
    return Opened(
        lines=tuple(line for part in opened for line in part.lines),
        problems=tuple(problem for part in opened for problem in part.problems),
        warnings=tuple(warning for part in opened for warning in part.warnings),
    )


def _missing(
    rules: Sequence[AddedProduct],
    by_sku: Mapping[str, Product],
    quantities: Quantities,
    lines: Sequence[ConfiguredLine],
) -> Wanted | None:
    """Return what is missing of the product that some rules add, or None."""
    asked = [(rule.asked(_units(rule, by_sku, quantities)), rule) for rule in rules]
    most, deciding = max(asked, key=lambda pair: pair[0])
    missing = most - quantities.get(deciding.add, Decimal(0))
    if missing <= 0:
        return None
    cause = next((line.path for line in lines if deciding.when.matches(line.product)), "lines")
    return Wanted(
        number="",
        sku=deciding.add,
        quantity=missing,
        derivation=Derivation(kind=DerivationKind.ADDED, rule=deciding.key, reason=deciding.reason),
        path=cause,
    )


def _units(rule: AddedProduct, by_sku: Mapping[str, Product], quantities: Quantities) -> Decimal:
    found = (
        units
        for sku, units in quantities.items()
        if sku in by_sku and rule.when.matches(by_sku[sku])
    )
    return sum(found, Decimal(0))


def with_percentages(
    catalog: Catalog, lines: Sequence[ConfiguredLine]
) -> tuple[tuple[ConfiguredLine, ...], tuple[Problem, ...]]:
    """Return the lines with each percentage told which lines it is a percentage of.

    A percentage of a ramp has the segments of the ramp. Problems are percentages of nothing, of
    ramps that change on different days, and of each other.
    """
    if not any(line.product.percent_of is not None for line in lines):
        return tuple(lines), ()
    ranks = {
        product.sku: rank for rank, product in enumerate(percentages_in_order(catalog.products))
    }
    percentages = sorted(
        (line for line in lines if line.product.percent_of is not None),
        key=lambda line: ranks.get(line.product.sku, len(ranks)),
    )
    worked: dict[str, list[ConfiguredLine]] = {}
    problems: list[Problem] = []
    for line in percentages:
        if line.segment is not None and line.segment.index > 1:
            worked[line.key] = []
            continue
        counted = [
            other for one in lines if _counts(line, one) for other in worked.get(one.key, [one])
        ]
        problem = _percentage_problem(line, counted, is_ranked=line.product.sku in ranks)
        problems += [problem] if problem else []
        rank = len(worked)
        worked[line.key] = _segmented(line, [] if problem else counted, rank)
    return tuple(done for line in lines for done in worked.get(line.key, [line])), tuple(problems)


def _counts(percentage: ConfiguredLine, other: ConfiguredLine) -> bool:
    terms = percentage.product.percent_of
    if terms is None or not counts(percentage.product, other.product):
        return False
    if not terms.within_bundle or percentage.parent is None:
        return True
    return other.number == percentage.parent or other.number.startswith(f"{percentage.parent}.")


def _percentage_problem(
    line: ConfiguredLine, counted: Sequence[ConfiguredLine], *, is_ranked: bool
) -> Problem | None:
    field, sku = f"{line.path}.product", line.product.sku
    if not is_ranked:
        return Problem(field=field, reason=f"{sku} is a percentage of what is a percentage of it")
    if not counted:
        of = line.derivation.filter if line.derivation else ""
        return Problem(
            field=field,
            reason=f"{sku} is a percentage of {of}, and the quote has none of it",
            remedy="add what it is a percentage of, or leave it out",
        )
    if len({_days(ramp) for ramp in _ramps(counted).values()}) > 1:
        return Problem(
            field=field,
            reason=f"{sku} is a percentage of ramps that change on different days",
            remedy="let them change on the same days",
        )
    return None


def _ramps(lines: Iterable[ConfiguredLine]) -> dict[str, list[Segment]]:
    ramps: dict[str, list[Segment]] = {}
    for line in lines:
        if line.segment is not None:
            ramps.setdefault(line.number, []).append(line.segment)
    return ramps


def _days(ramp: Sequence[Segment]) -> tuple[tuple[object, ...], ...]:
    return tuple(
        (one.from_month if one.from_on is None else one.from_on, one.until_month, one.until_on)
        for one in ramp
    )


def _segmented(
    line: ConfiguredLine, counted: Sequence[ConfiguredLine], rank: int
) -> list[ConfiguredLine]:
    """Return a percentage as one line, or as one for each segment of the ramps it follows."""
    ramp = next(iter(_ramps(counted).values()), None)
    if ramp is None:
        return [_of(line, None, counted, rank)]
    return [
        _of(
            line,
            segment,
            [one for one in counted if one.segment is None or one.segment.index == segment.index],
            rank,
        )
        for segment in ramp
    ]


def _of(
    line: ConfiguredLine,
    segment: Segment | None,
    counted: Sequence[ConfiguredLine],
    rank: int,
) -> ConfiguredLine:
    derived = line.derivation or Derivation(kind=DerivationKind.PERCENT_OF_TOTAL)
    found = derived.model_copy(update={"of": tuple(one.key for one in counted), "rank": rank})
    return line.model_copy(update={"derivation": found, "segment": segment, "quantity": Decimal(1)})
