"""What makes a catalogue unsound beyond a single product: circles and contradictions."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from models.derivation import AddedProduct, in_order
from models.errors import Problem
from models.products import Product
from models.rules import Rule, RuleKind

_BySku = Mapping[str, Product]


def bundle_circles(products: Sequence[Product]) -> Iterator[Problem]:
    """Report each bundle that contains itself, at the product where the circle was entered."""
    by_sku = {product.sku: product for product in reversed(products)}
    reported: set[str] = set()
    for index, product in enumerate(products):
        circle = _circle(by_sku, product.sku)
        if circle and not reported & set(circle):
            reported |= set(circle)
            yield Problem(
                field=f"products[{index}].components",
                reason=f"contain the product itself: {' > '.join(circle)}",
                remedy="remove one of these components",
            )


def _circle(by_sku: _BySku, start: str) -> tuple[str, ...]:
    """Return a way from a product through components back to it, or nothing."""
    ways: list[tuple[str, ...]] = [(start,)]
    seen = {start}
    while ways:
        way = ways.pop()
        product = by_sku.get(way[-1])
        for component in product.components if product else ():
            if component.sku == start:
                return (*way, start)
            if component.sku not in seen:
                seen.add(component.sku)
                ways.append((*way, component.sku))
    return ()


def inside(by_sku: _BySku, sku: str, *, required: bool = False) -> frozenset[str]:
    """Return the SKUs a product may bring along, itself included; or only those it must."""
    found: set[str] = set()
    ways = [sku]
    while ways:
        current = ways.pop()
        if current in found:
            continue
        found.add(current)
        product = by_sku.get(current)
        ways += [
            component.sku
            for component in (product.components if product else ())
            if component.required or not required
        ]
    return frozenset(found)


def counts(percentage: Product, other: Product) -> bool:
    """Whether a line of `other` counts towards the total that `percentage` is a part of.

    A product never counts towards itself, and another percentage only if it is named by SKU.
    """
    terms = percentage.percent_of
    if terms is None or other.sku == percentage.sku or not terms.of.matches(other):
        return False
    return other.percent_of is None or other.sku in terms.of.skus


def percentages_in_order(products: Sequence[Product]) -> tuple[Product, ...]:
    """Return the products sold for a percentage, each after those that count towards it."""
    percentages = [product for product in products if product.percent_of is not None]
    return in_order(percentages, counts)[0]


def additions_in_order(
    rules: Sequence[AddedProduct], by_sku: _BySku
) -> tuple[tuple[AddedProduct, ...], tuple[AddedProduct, ...]]:
    """Return the rules that add products, each after those whose products it counts, and the rest.

    Whatever a product may bring along counts as added by it. Rules that add the same product stay
    together, so that one decision is made about it.
    """
    brought = {rule.add: inside(by_sku, rule.add) for rule in rules}
    targets = list(dict.fromkeys(rule.add for rule in rules))

    def watches(target: str, other: str) -> bool:
        triggers = [rule.when for rule in rules if rule.add == target]
        added = [by_sku[sku] for sku in sorted(brought[other]) if sku in by_sku]
        changed = any(trigger.matches(product) for trigger in triggers for product in added)
        return changed or (target != other and target in brought[other])

    done, left = in_order(targets, watches)
    return (
        tuple(rule for target in done for rule in rules if rule.add == target),
        tuple(rule for target in left for rule in rules if rule.add == target),
    )


def derivation_circles(
    products: Sequence[Product], added: Sequence[AddedProduct]
) -> Iterator[Problem]:
    """Report percentages of each other, and rules that add what makes them add."""
    places = {product.sku: index for index, product in enumerate(products)}
    percentages = [product for product in products if product.percent_of is not None]
    for product in in_order(percentages, counts)[1]:
        yield Problem(
            field=f"products[{places[product.sku]}].percent_of",
            reason=f"{product.sku} is a percentage of what is a percentage of it",
            remedy="leave one of them out of the other's total",
        )
    by_sku = {product.sku: product for product in products}
    _, circular = additions_in_order(added, by_sku)
    for index, rule in enumerate(added):
        if rule in circular and rule.add in by_sku:
            yield Problem(
                field=f"added[{index}].when",
                reason=f"counts what follows from adding {rule.add}, so it would never end",
                remedy="count other products",
            )


def contradictions(
    products: Sequence[Product], rules: Sequence[Rule], added: Sequence[AddedProduct]
) -> Iterator[Problem]:
    """Report each product that can never be sold, because what it requires is excluded.

    Requirements are followed as far as they leave no choice: named SKUs, required components,
    rules with one product to choose, and products that are added to every single unit.
    """
    by_sku = {product.sku: product for product in products}
    excluded = _excluded(products, rules)
    needs = {product.sku: _needs(product, products, rules, added) for product in products}
    for index, product in enumerate(products):
        ways = _needed(needs, product.sku)
        clash = next(
            (
                (one, other)
                for one in ways
                for other in ways
                if one in by_sku and other in by_sku and frozenset((one, other)) in excluded
            ),
            None,
        )
        if clash and not _is_told(product, clash):
            one, other = clash
            yield Problem(
                field=f"products[{index}]",
                reason=f"{product.sku} can never be sold: it needs {_way(ways, one)} and "
                f"{_way(ways, other)}, and {one} excludes {other}",
                remedy="remove one of these rules",
            )


def _is_told(product: Product, clash: tuple[str, str]) -> bool:
    """Whether the product's own relations are reported for that pair already."""
    parts = {component.sku for component in product.components if component.required}
    other = clash[1] if clash[0] == product.sku else clash[0]
    own = product.sku in clash and other in product.excludes
    return own and (other in product.requires or other in parts)


def _excluded(products: Sequence[Product], rules: Sequence[Rule]) -> frozenset[frozenset[str]]:
    pairs = {frozenset((one.sku, other)) for one in products for other in one.excludes}
    for rule in rules:
        if rule.kind is RuleKind.EXCLUDES:
            ones = [product.sku for product in products if rule.when.matches(product)]
            others = [product.sku for product in products if rule.then.matches(product)]
            pairs |= {frozenset((one, other)) for one in ones for other in others}
    return frozenset(pair for pair in pairs if len(pair) == 2)


def _needs(
    product: Product,
    products: Sequence[Product],
    rules: Sequence[Rule],
    added: Sequence[AddedProduct],
) -> list[str]:
    found = [*product.requires, *(part.sku for part in product.components if part.required)]
    for rule in rules:
        if rule.kind is RuleKind.REQUIRES and rule.when.matches(product):
            choices = [one.sku for one in products if rule.then.matches(one)]
            found += choices if len(choices) == 1 else []
    found += [one.add for one in added if one.at_least <= 1 and one.when.matches(product)]
    return found


def _needed(needs: Mapping[str, Collection[str]], start: str) -> dict[str, tuple[str, ...]]:
    """Return everything a product needs with the way that leads there, itself included."""
    ways: dict[str, tuple[str, ...]] = {start: (start,)}
    queue = [start]
    while queue:
        current = queue.pop(0)
        for sku in needs.get(current, ()):
            if sku not in ways:
                ways[sku] = (*ways[current], sku)
                queue.append(sku)
    return ways


def _way(ways: Mapping[str, tuple[str, ...]], sku: str) -> str:
    way = ways[sku][1:]
    return " > ".join(way) if way else "itself"
