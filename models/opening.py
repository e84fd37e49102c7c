"""Opening: from what a line of a deal file asks for to every product that is inside it."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from models.charges import Charge, ChargeType
from models.chosen import attribute_problems, chosen_attributes
from models.deal_file import Discount, LineRequest, OptionRequest
from models.derivation import Derivation, DerivationKind
from models.eligibility import Regions, SaleContext, ineligible_because
from models.errors import Problem
from models.products import Component, Product
from models.ramps import Segment, segments_of
from models.value import Value
from models.written import nearest, number_problem


class ConfiguredLine(Value):
    """One product of a quote: a line of the deal file, a component, or what follows from others.

    `number` is its place in the quote: "1", and "1.1" for the first component of line 1; the
    segments of a ramp share it. `quantity` counts units in total, `units` those of a component as
    the bundle counts them. `attributes` are the chosen values in the form prices go by.
    `expected_usage` are the units a usage charge is expected to measure in a period.
    `derivation` tells how a line came about that is not in the deal file, or what its price is a
    percentage of. `path` is the place in the deal file that asked for it.
    """

    number: str
    parent: str | None = None
    product: Product
    quantity: Decimal
    unit_price: Decimal | None = None
    discount: Discount | None = None
    attributes: Mapping[str, str] = {}
    derivation: Derivation | None = None
    segment: Segment | None = None
    units: Decimal | None = None
    path: str = ""
    group: str = ""
    price_is_final: bool = False
    expected_usage: Mapping[str, Decimal] = {}

    @property
    def key(self) -> str:
        """What names the line uniquely within its quote: the number, and a ramp's segment."""
        return f"{self.number}{self.segment.suffix}" if self.segment else self.number

    @property
    def place(self) -> str:
        """The place in the deal file of its quantity and price: on the line, or in its ramp."""
        in_ramp = self.segment is not None and self.parent is None
        return (
            f"{self.path}.ramp[{self.segment.index - 1}]" if in_ramp and self.segment else self.path
        )


class Wanted(Value):
    """A product asked for by a line, an option, a bundle or a rule, before it is looked up."""

    number: str
    parent: str | None = None
    sku: str
    quantity: Decimal
    unit_price: Decimal | None = None
    discount: Discount | None = None
    attributes: Mapping[str, str] = {}
    options: tuple[OptionRequest, ...] = ()
    derivation: Derivation | None = None
    segment: Segment | None = None
    units: Decimal | None = None
    path: str
    group: str = ""
    price_is_final: bool = False
    expected_usage: Mapping[str, Decimal] = {}


class Opened(Value):
    """The lines of something wanted, what is wrong with them, and what is only pointed out."""

    lines: tuple[ConfiguredLine, ...] = ()
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()


_Options = Mapping[str, tuple[int, OptionRequest]]
"""The options of a bundle by SKU, each with its place in the file."""


class Shop:
    """The products for sale to one customer: the catalogue by SKU, and who is asking."""

    def __init__(
        self, by_sku: Mapping[str, Product], regions: Regions, context: SaleContext | None
    ) -> None:
        self._by_sku = by_sku
        self._regions = regions
        self._context = context

    def open(self, wanted: Wanted, above: tuple[str, ...] = ()) -> Opened:
        """Return a wanted product and all inside it, depth first; `above` holds its bundles."""
        product = self._by_sku.get(wanted.sku)
        if product is None or wanted.sku in above:
            return Opened(problems=tuple(self._not_for_sale(wanted)))
        line = _line(product, wanted)
        own = (
            *_ineligible(self.reasons(product), line),
            *attribute_problems(product.attributes, product.sku, wanted.attributes, wanted.path),
            *_ramp_problems(line, product),
        )
        if not product.components and not wanted.options:
            return Opened(lines=(line,), problems=own)
        return self._opened(_Bundle(product, wanted), line, own, above)

    def _opened(
        self,
        bundle: "_Bundle",
        line: ConfiguredLine,
        own: tuple[Problem, ...],
        above: tuple[str, ...],
    ) -> Opened:
        """Return a bundle's line with those of its components."""
        parts, left_out = self._parts(bundle)
        inner = [self.open(part, above=(*above, bundle.product.sku)) for part in parts]
        return Opened(
            lines=(line, *(one for part in inner for one in part.lines)),
            problems=(
                *own,
                *_option_problems(bundle),
                *_component_problems(bundle),
                *_group_problems(bundle),
                *self._component_refusals(bundle),
                *(problem for part in inner for problem in part.problems),
            ),
            warnings=(*left_out, *(one for part in inner for one in part.warnings)),
        )

    def reasons(self, item: Product | Component) -> tuple[str, ...]:
        """Return why something may not be sold to whoever asks; nothing if nobody is known."""
        if self._context is None:
            return ()
        return ineligible_because(item.eligibility, self._context, self._regions)

    def _not_for_sale(self, wanted: Wanted) -> Iterator[Problem]:
        field = f"{wanted.path}.product"
        if wanted.sku in self._by_sku:
            yield Problem(
                field=field,
                reason=f"{wanted.sku} contains itself",
                remedy="correct the bundle in the catalogue",
            )
        elif wanted.sku.strip():
            yield Problem(
                field=field,
                reason=f"{wanted.sku} is not in the catalogue",
                remedy=nearest(wanted.sku, self._by_sku),
            )

    def _parts(self, bundle: "_Bundle") -> tuple[list[Wanted], list[Problem]]:
        """Return the components to include, in the order of the catalogue, and those left out.

        What the bundle presets and this customer may not have is left out and said.
        """
        parts: list[Wanted] = []
        left_out: list[Problem] = []
        for component, units in bundle.units:
            if units <= 0:
                continue
            option = bundle.options.get(component.sku)
            reasons = self._all_reasons(component)
            if reasons and option is None and not component.required:
                because = "; it ".join(reasons)
                reason = f"{component.sku} is left out of {bundle.product.sku}: it {because}"
                left_out.append(Problem(field=bundle.wanted.path, reason=reason))
                continue
            parts.append(_part(bundle.wanted, component, units, option, len(parts) + 1))
        return parts, left_out

    def _all_reasons(self, component: Component) -> tuple[str, ...]:
        product = self._by_sku.get(component.sku)
        own = self.reasons(product) if product else ()
        return (*self.reasons(component), *own)

    def _component_refusals(self, bundle: "_Bundle") -> Iterator[Problem]:
        """Report chosen and required components that the bundle may not have for this customer."""
        for component, units in bundle.units:
            option = bundle.options.get(component.sku)
            if units > 0 and (option is not None or component.required):
                field = f"{bundle.path}.options[{option[0]}]" if option else bundle.path
                for reason in self.reasons(component):
                    yield Problem(
                        field=f"{field}.product",
                        reason=f"{component.sku} in {bundle.product.sku} {reason}",
                        remedy="leave it out",
                    )


class _Bundle:
    """A bundle somebody wants: its options by SKU, and the units of each component."""

    def __init__(self, product: Product, wanted: Wanted) -> None:
        self.product = product
        self.wanted = wanted
        self.path = wanted.path
        self.options = _options_by_sku(wanted.options)
        self.units = _units_of(product, self.options)


def line_wanted(line: LineRequest, index: int) -> tuple[Wanted, ...]:
    """Return what a line of the deal file asks for: once, or once for each segment of its ramp."""
    path = f"lines[{index}]"
    whole = Wanted(
        number=str(index + 1),
        sku=line.product,
        quantity=usable(line.quantity, positive=True),
        unit_price=line.unit_price,
        discount=line.discount,
        attributes=line.attributes,
        options=line.options,
        path=path,
        group=line.group,
        price_is_final=line.price_is_final,
        expected_usage=line.expected_usage,
    )
    if not line.ramp:
        return (whole,)
    return tuple(
        whole.model_copy(
            update={
                "segment": segment,
                "quantity": usable(
                    line.quantity if part.quantity is None else part.quantity, positive=True
                ),
                "unit_price": line.unit_price if part.unit_price is None else part.unit_price,
                "discount": part.discount or line.discount,
            }
        )
        for segment, part in zip(segments_of(line.ramp), line.ramp, strict=True)
    )


def usable(quantity: Decimal, *, positive: bool = False) -> Decimal:
    """Return a quantity, or 1 in place of one that the deal file's own check refuses."""
    return Decimal(1) if number_problem("", quantity, positive=positive) else quantity


def _line(product: Product, wanted: Wanted) -> ConfiguredLine:
    later = wanted.segment is not None and wanted.segment.index > 1
    sold = product.model_copy(update={"charges": _recurring(product)}) if later else product
    derivation = wanted.derivation
    if product.percent_of is not None:
        terms = product.percent_of
        derivation = (derivation or Derivation(kind=DerivationKind.PERCENT_OF_TOTAL)).model_copy(
            update={
                "kind": DerivationKind.PERCENT_OF_TOTAL,
                "percent": terms.percent,
                "basis": terms.basis,
                "filter": terms.of,
            }
        )
    return ConfiguredLine(
        number=wanted.number,
        parent=wanted.parent,
        product=sold,
        quantity=wanted.quantity,
        unit_price=wanted.unit_price,
        discount=wanted.discount,
        attributes=chosen_attributes(product.attributes, wanted.attributes),
        derivation=derivation,
        segment=wanted.segment,
        units=wanted.units,
        path=wanted.path,
        group=wanted.group,
        price_is_final=wanted.price_is_final,
        expected_usage=wanted.expected_usage,
    )


def _recurring(product: Product) -> tuple[Charge, ...]:
    """Return the charges of a later segment: what is due once is due with the first."""
    return tuple(one for one in product.charges if one.type is not ChargeType.ONE_TIME)


def _ineligible(reasons: Sequence[str], line: ConfiguredLine) -> Iterator[Problem]:
    for reason in reasons:
        yield Problem(
            field=f"{line.path}.product",
            reason=f"{line.product.sku} {reason}",
            remedy="leave it out",
        )


def _ramp_problems(line: ConfiguredLine, product: Product) -> Iterator[Problem]:
    """Report a ramp of what has nothing to change later, and a number of percentages."""
    is_own_line = line.parent is None
    if product.percent_of is not None and is_own_line and line.quantity != 1:
        yield Problem(
            field=f"{line.place}.quantity",
            reason=f"{product.sku} is a percentage, which a quote has once",
            remedy="use 1",
        )
    if line.segment is None or not is_own_line or not product.charges:
        return
    reason = ""
    if not any(charge.type is ChargeType.RECURRING for charge in product.charges):
        reason = f"{product.sku} has no recurring charge, so nothing of it changes later"
    elif product.percent_of is not None:
        reason = f"{product.sku} follows the lines it is a percentage of"
    if reason:
        yield Problem(field=f"{line.path}.ramp", reason=reason, remedy="leave the ramp out")


def _part(
    wanted: Wanted,
    component: Component,
    units: Decimal,
    found: tuple[int, OptionRequest] | None,
    place: int,
) -> Wanted:
    position, option = found or (None, None)
    return Wanted(
        number=f"{wanted.number}.{place}",
        parent=wanted.number,
        sku=component.sku,
        quantity=component.total(units, wanted.quantity),
        unit_price=option.unit_price if option else None,
        discount=option.discount if option else None,
        attributes=option.attributes if option else {},
        options=option.options if option else (),
        derivation=wanted.derivation,
        segment=wanted.segment,
        units=units,
        path=wanted.path if position is None else f"{wanted.path}.options[{position}]",
        group=(option.group if option else "") or wanted.group,
        price_is_final=option.price_is_final if option else False,
    )


def _units_of(product: Product, options: _Options) -> list[tuple[Component, Decimal]]:
    """Return each component with its units: as asked for, else as preset, else the least.

    What a group presets gives way to whatever else was chosen of it.
    """
    taken = {
        component.group
        for component in product.components
        if component.group
        and component.sku in options
        and usable(options[component.sku][1].quantity) > 0
    }
    found = []
    for component in product.components:
        option = options.get(component.sku)
        gives_way = component.group in taken and option is None and not component.required
        units = Decimal(0) if gives_way else _units(component, option[1] if option else None)
        found.append((component, units))
    return found


def _units(component: Component, option: OptionRequest | None) -> Decimal:
    if option is not None:
        return usable(option.quantity)
    if component.default > 0:
        return component.default
    if component.required:
        return component.minimum or Decimal(1)
    return Decimal(0)


def _options_by_sku(options: Sequence[OptionRequest]) -> _Options:
    """Return each option with its position; of a SKU given twice, the first."""
    found: dict[str, tuple[int, OptionRequest]] = {}
    for position, option in enumerate(options):
        found.setdefault(option.product, (position, option))
    return found


def _option_problems(bundle: _Bundle) -> Iterator[Problem]:
    product = bundle.product
    known = [component.sku for component in product.components]
    for position, option in enumerate(bundle.wanted.options):
        field = f"{bundle.path}.options[{position}].product"
        if option.product not in known:
            yield Problem(
                field=field,
                reason=f"{option.product} is not a component of {product.sku}",
                remedy=nearest(option.product, known) if known else "order it as a line",
            )
        elif bundle.options[option.product][0] != position:
            yield Problem(
                field=field,
                reason=f"{option.product} is chosen twice",
                remedy="choose it once, with the whole quantity",
            )


def _component_problems(bundle: _Bundle) -> Iterator[Problem]:
    sku = bundle.product.sku
    for component, units in bundle.units:
        found = bundle.options.get(component.sku)
        field = f"{bundle.path}.options[{found[0]}].quantity" if found else bundle.path
        each = f"{component.sku} in each {sku}"
        if component.required and units == 0:
            yield Problem(
                field=field,
                reason=f"{component.sku} is a required component of {sku}",
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


def _group_problems(bundle: _Bundle) -> Iterator[Problem]:
    product = bundle.product
    for group in product.groups:
        members = [component for component in product.components if component.group == group.key]
        count = sum(units > 0 for component, units in bundle.units if component.group == group.key)
        name = group.name or group.key
        skus = ", ".join(member.sku for member in members)
        if count < group.minimum:
            yield Problem(
                field=f"{bundle.path}.options",
                reason=f"{count} choices of {name} in {product.sku} are less than {group.minimum}",
                remedy=f"choose of {skus}",
            )
        elif group.maximum is not None and count > group.maximum:
            yield Problem(
                field=f"{bundle.path}.options",
                reason=f"{count} choices of {name} in {product.sku} are more than {group.maximum}",
                remedy=f"choose fewer of {skus}",
            )
