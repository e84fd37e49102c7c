"""What makes a single product unsound: its attributes, charges, components and relations."""

from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal

from models.charges import ChargeModel, ChargeType, charge_problems
from models.chosen import declared_problems
from models.countries import COUNTRIES
from models.eligibility import Eligibility, Regions, eligibility_problems
from models.errors import Problem
from models.price_checks import unknown_skus
from models.products import Component, OptionGroup, Product, Scaling
from models.selection import selector_problems
from models.value import Value
from models.written import filled, number_problem, repeated


class Surroundings(Value):
    """What a product is checked against: the SKUs, tags and regions of its catalogue."""

    skus: frozenset[str]
    tags: frozenset[str]
    regions: Regions


def product_problems(known: Surroundings, product: Product, path: str) -> Iterator[Problem]:
    """Yield everything wrong with the product at `path` of a catalogue."""
    yield from filled(f"{path}.sku", product.sku)
    yield from filled(f"{path}.name", product.name)
    if not product.charges and not product.components:
        yield Problem(
            field=f"{path}.charges",
            reason=f"{product.sku} has neither charges nor components, so no quote can show it",
            remedy="give it a charge, free of charge if need be",
        )
    yield from charge_problems(product.charges, path)
    yield from _attribute_problems(product, path)
    yield from _range_problems(
        f"{path}.minimum_quantity", product.minimum_quantity, product.maximum_quantity
    )
    yield from _component_problems(known, product, path)
    yield from _group_problems(product, path)
    yield from _relation_problems(known.skus, product, path)
    yield from _percent_problems(known, product, path)
    yield from _eligibility_problems(known, product.eligibility, path)


def _eligibility_problems(
    known: Surroundings, rule: Eligibility | None, path: str
) -> Iterator[Problem]:
    yield from eligibility_problems(rule, known.regions, tuple(COUNTRIES), f"{path}.eligibility")


def _attribute_problems(product: Product, path: str) -> Iterator[Problem]:
    keys = [attribute.key for attribute in product.attributes]
    yield from repeated(f"{path}.attributes", "key", keys)
    for index, attribute in enumerate(product.attributes):
        yield from declared_problems(attribute, f"{path}.attributes[{index}]")


def _range_problems(field: str, low: Decimal, high: Decimal | None) -> Iterator[Problem]:
    yield from number_problem(field, low)
    if high is not None and high < low:
        yield Problem(field=field, reason=f"{low} is more than the maximum of {high}")


def _component_problems(known: Surroundings, product: Product, path: str) -> Iterator[Problem]:
    skus = [component.sku for component in product.components]
    yield from repeated(f"{path}.components", "sku", skus)
    yield from unknown_skus(
        known.skus, skus, [f"{path}.components[{i}].sku" for i in range(len(skus))]
    )
    for index, component in enumerate(product.components):
        field = f"{path}.components[{index}]"
        yield from _amount_problems(component, field)
        yield from _scaling_problems(component, field)
        yield from _eligibility_problems(known, component.eligibility, field)


def _amount_problems(component: Component, field: str) -> Iterator[Problem]:
    low, high, default = component.minimum, component.maximum, component.default
    yield from _range_problems(f"{field}.minimum", low, high)
    yield from number_problem(f"{field}.default", default)
    if default > 0 and (default < low or (high is not None and default > high)):
        yield Problem(
            field=f"{field}.default",
            reason=f"{default} lies outside the component's own minimum and maximum",
        )


def _scaling_problems(component: Component, field: str) -> Iterator[Problem]:
    yield from number_problem(f"{field}.per", component.per, positive=True)
    if component.scaling is not Scaling.RATIO and component.per != 1:
        yield Problem(
            field=f"{field}.per",
            reason=f"is given for a component whose scaling is {component.scaling}",
            remedy="make its scaling ratio or leave it out",
        )


def _group_problems(product: Product, path: str) -> Iterator[Problem]:
    keys = [group.key for group in product.groups]
    yield from repeated(f"{path}.groups", "key", keys)
    for index, component in enumerate(product.components):
        if component.group and component.group not in keys:
            yield Problem(
                field=f"{path}.components[{index}].group",
                reason=f"{component.group} is no group of {product.sku}",
                remedy=f"use one of {', '.join(keys)}" if keys else "declare it in groups",
            )
    for index, group in enumerate(product.groups):
        members = [one for one in product.components if one.group == group.key]
        yield from _one_group_problems(group, members, f"{path}.groups[{index}]")


def _one_group_problems(
    group: OptionGroup, members: Sequence[Component], path: str
) -> Iterator[Problem]:
    yield from filled(f"{path}.key", group.key)
    low, high = group.minimum, group.maximum
    required = sum(member.required for member in members)
    preset = sum(member.default > 0 and not member.required for member in members)
    if low < 0:
        yield Problem(field=f"{path}.minimum", reason=f"{low} must not be negative")
    if high is not None and high < low:
        yield Problem(field=f"{path}.minimum", reason=f"{low} is more than the maximum of {high}")
    if low > len(members):
        reason = f"{low} choices are more than the {len(members)} there are"
        yield Problem(field=f"{path}.minimum", reason=reason)
    if high is not None and required + preset > high:
        yield Problem(
            field=f"{path}.maximum",
            reason=f"{required + preset} of its choices are required or preset, more than {high}",
            remedy="preset fewer",
        )


def _relation_problems(skus: Collection[str], product: Product, path: str) -> Iterator[Problem]:
    for name, named in (("requires", product.requires), ("excludes", product.excludes)):
        yield from unknown_skus(skus, named, [f"{path}.{name}[{i}]" for i in range(len(named))])
    parts = {component.sku for component in product.components if component.required}
    for index, sku in enumerate(product.excludes):
        field = f"{path}.excludes[{index}]"
        if sku == product.sku:
            yield Problem(field=field, reason=f"{sku} excludes itself", remedy="remove it")
        elif sku in product.requires or sku in parts:
            yield Problem(
                field=field,
                reason=f"{product.sku} both requires and excludes {sku}",
                remedy="remove one of the two",
            )


def _percent_problems(known: Surroundings, product: Product, path: str) -> Iterator[Problem]:
    terms = product.percent_of
    if terms is None:
        return
    field = f"{path}.percent_of"
    yield from number_problem(f"{field}.percent", terms.percent, positive=True)
    yield from selector_problems(terms.of, f"{field}.of", known.skus, known.tags)
    if terms.of.skus == (product.sku,):
        yield Problem(
            field=f"{field}.of.skus", reason=f"{product.sku} would be a percentage of itself"
        )
    if len(product.charges) != 1 or product.charges[0].model is not ChargeModel.FLAT:
        yield Problem(
            field=f"{path}.charges",
            reason="a percentage is one charge of the model flat",
            remedy="give it exactly one",
        )
    elif product.charges[0].type is ChargeType.USAGE:
        yield Problem(field=f"{path}.charges[0].type", reason="a percentage is not measured")
