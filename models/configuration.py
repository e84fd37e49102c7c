"""Configuration: from what a seller wants to a complete list of products that may be sold together.

Bundles are opened, required and default components added, and every rule of the catalogue checked.
Nothing is refused alone: all violations are found in one pass, each with its reason and its place
in the deal file.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, localcontext

from models.catalog import Catalog, Component, Product
from models.charges import Charge, ChargeType
from models.deal_file import DealFile, Discount, OptionRequest
from models.derivation import Derivation
from models.errors import Problem
from models.tiers import EXACT
from models.value import Value
from models.written import nearest, number_problem


class ConfiguredLine(Value):
    """One product of a quote: a line of the deal file, or a component of a bundle.

    `number` is its place in the quote: "1", and "1.1" for the first component of line 1.
    `quantity` counts units in total: a component's units per bundle times the bundle's quantity.
    `path` is the place in the deal file that asked for it. `group` is what it is discounted with;
    `attributes` are part of its price's key; `derivation` says what its price is a percentage of.
    """

    number: str
    parent: str | None = None
    product: Product
    quantity: Decimal
    unit_price: Decimal | None = None
    discount: Discount | None = None
    path: str = ""
    group: str = ""
    price_is_final: bool = False
    attributes: Mapping[str, str] = {}
    derivation: Derivation | None = None


class Configuration(Value):
    """The lines of a quote and everything wrong with them; without problems it may be priced."""

    lines: tuple[ConfiguredLine, ...] = ()
    problems: tuple[Problem, ...] = ()


class _Wanted(Value):
    """A product asked for by a line, an option or a bundle, before it is looked up."""

    number: str
    parent: str | None = None
    sku: str
    quantity: Decimal
    unit_price: Decimal | None = None
    discount: Discount | None = None
    options: tuple[OptionRequest, ...] = ()
    path: str
    group: str = ""
    price_is_final: bool = False


def configure(catalog: Catalog, file: DealFile) -> Configuration:
    """Return the lines a deal file asks for and every violation of the catalogue's rules.

    What `check_deal_file` refuses is not reported again; a quantity it refuses counts as 1.
    Relations between products (requires, excludes) hold over the whole quote, components included;
    a product's own minimum and maximum hold for each line, in or out of a bundle.
    """
    with localcontext(EXACT):
        opened = [
            _open(catalog, _line_wanted(file, index), above=()) for index in range(len(file.lines))
        ]
    lines = tuple(line for part in opened for line in part.lines)
    problems = (
        *(problem for part in opened for problem in part.problems),
        *(problem for line in lines for problem in _line_problems(line, file.term_months)),
        *_relation_problems(lines),
    )
    return Configuration(lines=lines, problems=problems)


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
        case ChargeType.USAGE:
            return f"has the usage charge {charge.key}, and usage billing is not built yet"
        case ChargeType.RECURRING if term_months == 0:
            return f"has the recurring charge {charge.key}, and a one-off sale has no periods"
        case _:
            return None


def _line_wanted(file: DealFile, index: int) -> _Wanted:
    line = file.lines[index]
    return _Wanted(
        number=str(index + 1),
        sku=line.product,
        quantity=_usable(line.quantity, positive=True),
        unit_price=line.unit_price,
        discount=line.discount,
        options=line.options,
        path=f"lines[{index}]",
        group=line.group,
        price_is_final=line.price_is_final,
    )


def _usable(quantity: Decimal, *, positive: bool = False) -> Decimal:
    return Decimal(1) if number_problem("", quantity, positive=positive) else quantity


def _open(catalog: Catalog, wanted: _Wanted, above: tuple[str, ...]) -> Configuration:
    """Return a wanted product with everything inside it, depth first; `above` holds its bundles."""
    product = catalog.product(wanted.sku)
    if product is None or wanted.sku in above:
        return Configuration(problems=tuple(_not_for_sale(catalog, wanted)))
    line = ConfiguredLine(
        number=wanted.number,
        parent=wanted.parent,
        product=product,
        quantity=wanted.quantity,
        unit_price=wanted.unit_price,
        discount=wanted.discount,
        path=wanted.path,
        group=wanted.group,
        price_is_final=wanted.price_is_final,
    )
    parts = [_open(catalog, part, above=(*above, wanted.sku)) for part in _parts(product, wanted)]
    return Configuration(
        lines=(line, *(inner for part in parts for inner in part.lines)),
        problems=(
            *_option_problems(product, wanted),
            *_component_problems(product, wanted),
            *(problem for part in parts for problem in part.problems),
        ),
    )


def _not_for_sale(catalog: Catalog, wanted: _Wanted) -> Iterator[Problem]:
    field = f"{wanted.path}.product"
    known = {product.sku for product in catalog.products}
    if wanted.sku in known:
        yield Problem(
            field=field,
            reason=f"{wanted.sku} contains itself",
            remedy="correct the bundle in the catalogue",
        )
    elif wanted.sku.strip():
        yield Problem(
            field=field,
            reason=f"{wanted.sku} is not in the catalogue",
            remedy=nearest(wanted.sku, known),
        )


def _parts(product: Product, wanted: _Wanted) -> Iterator[_Wanted]:
    """Yield the components to include, numbered in the order of the catalogue."""
    options = _options_by_sku(wanted.options)
    count = 0
    for component in product.components:
        found = options.get(component.sku)
        units = _units(component, found[1] if found else None)
        if units <= 0:
            continue
        count += 1
        position, option = found or (None, None)
        yield _Wanted(
            number=f"{wanted.number}.{count}",
            parent=wanted.number,
            sku=component.sku,
            quantity=units * wanted.quantity,
            unit_price=option.unit_price if option else None,
            discount=option.discount if option else None,
            path=wanted.path if position is None else f"{wanted.path}.options[{position}]",
            group=(option.group if option else "") or wanted.group,
            price_is_final=option.price_is_final if option else False,
        )


def _units(component: Component, option: OptionRequest | None) -> Decimal:
    """Return the units per bundle: as asked for, else as the catalogue presets, else the least."""
    if option is not None:
        return _usable(option.quantity)
    if component.default > 0:
        return component.default
    if component.required:
        return component.minimum or Decimal(1)
    return Decimal(0)


def _options_by_sku(options: Sequence[OptionRequest]) -> Mapping[str, tuple[int, OptionRequest]]:
    """Return each option with its position; of a SKU given twice, the first."""
    found: dict[str, tuple[int, OptionRequest]] = {}
    for position, option in enumerate(options):
        found.setdefault(option.product, (position, option))
    return found


def _option_problems(product: Product, wanted: _Wanted) -> Iterator[Problem]:
    known = [component.sku for component in product.components]
    first = _options_by_sku(wanted.options)
    for position, option in enumerate(wanted.options):
        field = f"{wanted.path}.options[{position}].product"
        if option.product not in known:
            yield Problem(
                field=field,
                reason=f"{option.product} is not a component of {product.sku}",
                remedy=nearest(option.product, known) if known else "order it as a line",
            )
        elif first[option.product][0] != position:
            yield Problem(
                field=field,
                reason=f"{option.product} is chosen twice",
                remedy="choose it once, with the whole quantity",
            )


def _component_problems(product: Product, wanted: _Wanted) -> Iterator[Problem]:
    options = _options_by_sku(wanted.options)
    for component in product.components:
        found = options.get(component.sku)
        units = _units(component, found[1] if found else None)
        field = f"{wanted.path}.options[{found[0]}].quantity" if found else wanted.path
        each = f"{component.sku} in each {product.sku}"
        if component.required and units == 0:
            yield Problem(
                field=field,
                reason=f"{component.sku} is a required component of {product.sku}",
                remedy="give it a quantity",
            )
        elif 0 < units < component.minimum:
            yield Problem(
                field=field,
                reason=f"{units} {each} is less than the minimum of {component.minimum}",
                remedy=f"take at least {component.minimum}",
            )
        elif component.maximum is not None and units > component.maximum:
            yield Problem(
                field=field,
                reason=f"{units} {each} is more than the maximum of {component.maximum}",
                remedy=f"take at most {component.maximum}",
            )


def _line_problems(line: ConfiguredLine, term_months: int) -> Iterator[Problem]:
    yield from _quantity_problems(line)
    yield from _price_problems(line)
    for charge in line.product.charges:
        reason = charge_refusal(charge, term_months)
        if reason:
            yield Problem(
                field=f"{line.path}.product",
                reason=f"{line.product.sku} {reason}",
                remedy="leave it out"
                if charge.type is ChargeType.USAGE
                else "leave it out or give the deal a term",
            )


def _quantity_problems(line: ConfiguredLine) -> Iterator[Problem]:
    product, quantity, field = line.product, line.quantity, f"{line.path}.quantity"
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
    sku = line.product.sku
    if not line.product.charges:
        asked["discount.percent"] = line.discount is not None and not asked["discount.amount"]
        reason, remedy = f"{sku} has no charge of its own", "put it on the components"
    elif addressed_charge(line.product) is None:
        reason, remedy = f"{sku} has several charges it could mean", "use a discount percentage"
    else:
        return
    for name, is_asked in asked.items():
        if is_asked:
            yield Problem(field=f"{line.path}.{name}", reason=reason, remedy=remedy)


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
