"""Rules between products: what requires, excludes or recommends what, and what a quote must fulfil.

A rule is data of the catalogue with its author's reason. All rules are evaluated over the whole
quote in one pass; each that is broken is told once, at the first line it concerns.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Protocol, assert_never

from models.chosen import decimal_in
from models.eligibility import SaleContext
from models.errors import Problem
from models.products import Product
from models.selection import Selector, selector_problems
from models.value import Value
from models.written import NUMBERS_AS_TEXT, filled


class RuleKind(StrEnum):
    """What a rule says: needs one of, never together with, goes well with, or must hold."""

    REQUIRES = "requires"
    EXCLUDES = "excludes"
    RECOMMENDS = "recommends"
    VALIDATES = "validates"


class Severity(StrEnum):
    """Whether what breaks a rule cannot be sold or is only pointed out."""

    ERROR = "error"
    WARNING = "warning"


class Fact(StrEnum):
    """What a condition looks at: units or an attribute of the selected products, or the deal."""

    QUANTITY = "quantity"
    ATTRIBUTE = "attribute"
    TERM_MONTHS = "term_months"
    CURRENCY = "currency"
    CUSTOMER = "customer"
    SEGMENT = "segment"
    COUNTRY = "country"
    CHANNEL = "channel"


class Operator(StrEnum):
    """How a fact is compared: equal to one of the values or none of them, or with the first."""

    IS = "is"
    IS_NOT = "is_not"
    LESS = "less"
    AT_MOST = "at_most"
    AT_LEAST = "at_least"
    MORE = "more"


_ORDERED = frozenset({Operator.LESS, Operator.AT_MOST, Operator.AT_LEAST, Operator.MORE})
_NUMBERS = frozenset({Fact.QUANTITY, Fact.TERM_MONTHS})


class Condition(Value):
    """A statement about a quote that holds or does not.

    A quantity may be compared with `times` the quantity of other products (`than`) instead of a
    value. An attribute is named by `attribute`; the statement holds if it holds for any selected
    line that has it.
    """

    model_config = NUMBERS_AS_TEXT

    fact: Fact
    of: Selector = Selector()
    attribute: str = ""
    operator: Operator = Operator.IS
    values: tuple[str, ...] = ()
    than: Selector | None = None
    times: Decimal = Decimal(1)


class Rule(Value):
    """One rule. It concerns quotes with any product of `when`; `then` are the other products.

    A `validates` rule is broken where all of `given` hold and not all of `expect` do (none: always
    broken). Without `when` it concerns every quote. A broken rule of severity `warning` and a
    recommendation are shown and never block.
    """

    model_config = NUMBERS_AS_TEXT

    key: str
    kind: RuleKind
    when: Selector = Selector()
    then: Selector = Selector()
    given: tuple[Condition, ...] = ()
    expect: tuple[Condition, ...] = ()
    severity: Severity = Severity.ERROR
    reason: str = ""
    remedy: str = ""


class RuledLine(Protocol):
    """What rules look at of a line of a quote."""

    @property
    def product(self) -> Product:
        """What is sold."""
        ...

    @property
    def quantity(self) -> Decimal:
        """How many units, in total."""
        ...

    @property
    def attributes(self) -> Mapping[str, str]:
        """The chosen values."""
        ...

    @property
    def path(self) -> str:
        """The place in the deal file."""
        ...


class RuledQuote(Value):
    """The facts of a deal that conditions may name beside its lines."""

    term_months: int = 0
    currency: str = ""
    context: SaleContext | None = None


class Findings(Value):
    """What the rules say of a quote: errors that block, warnings and recommendations."""

    errors: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()


def broken_rules(
    rules: Sequence[Rule],
    lines: Sequence[RuledLine],
    quantities: Mapping[str, Decimal],
    quote: RuledQuote,
) -> Findings:
    """Return every broken rule and every recommendation, in the order of the rules.

    `quantities` holds the units of each SKU in the quote.
    """
    sold = [line for line in _first_of_each(lines) if quantities.get(line.product.sku, 0) > 0]
    errors: list[Problem] = []
    warnings: list[Problem] = []
    for rule in rules:
        soft = rule.severity is Severity.WARNING or rule.kind is RuleKind.RECOMMENDS
        told = warnings if soft else errors
        told += _broken(rule, sold, lines, quantities, quote)
    return Findings(errors=tuple(errors), warnings=tuple(warnings))


def _first_of_each(lines: Sequence[RuledLine]) -> list[RuledLine]:
    first: dict[str, RuledLine] = {}
    for line in lines:
        first.setdefault(line.product.sku, line)
    return list(first.values())


def _broken(
    rule: Rule,
    sold: Sequence[RuledLine],
    lines: Sequence[RuledLine],
    quantities: Mapping[str, Decimal],
    quote: RuledQuote,
) -> Iterator[Problem]:
    concerned = [line for line in sold if rule.when.matches(line.product)]
    others = [line for line in sold if rule.then.matches(line.product)]
    match rule.kind:
        case RuleKind.REQUIRES | RuleKind.RECOMMENDS if concerned and not others:
            yield _told(rule, concerned[0], f"{concerned[0].product.sku} {rule.kind} {rule.then}")
        case RuleKind.EXCLUDES:
            for line, other in _pairs(concerned, others):
                text = f"{line.product.sku} cannot be sold together with {other.product.sku}"
                yield _told(rule, line, text)
        case RuleKind.VALIDATES if concerned or rule.when.is_open:
            holds = _Holding(lines, quantities, quote)
            if all(map(holds.test, rule.given)) and not (
                rule.expect and all(map(holds.test, rule.expect))
            ):
                first = None if rule.when.is_open else concerned[0]
                yield _told(rule, first, "the quote breaks a rule")
        case RuleKind.REQUIRES | RuleKind.RECOMMENDS | RuleKind.VALIDATES:
            return
        case _:
            assert_never(rule.kind)


def _pairs(
    concerned: Sequence[RuledLine], others: Sequence[RuledLine]
) -> Iterator[tuple[RuledLine, RuledLine]]:
    seen: set[frozenset[str]] = set()
    for line in concerned:
        for other in others:
            pair = frozenset((line.product.sku, other.product.sku))
            if len(pair) == 2 and pair not in seen:
                seen.add(pair)
                yield line, other


def _told(rule: Rule, line: RuledLine | None, text: str) -> Problem:
    field = f"{line.path}.product" if line else "lines"
    told = rule.reason if rule.kind is RuleKind.VALIDATES and rule.reason else text
    because = f": {rule.reason}" if rule.reason and told is not rule.reason else ""
    return Problem(field=field, reason=f"{told}{because}", remedy=rule.remedy or _remedy(rule))


def _remedy(rule: Rule) -> str:
    match rule.kind:
        case RuleKind.REQUIRES:
            return f"add {rule.then}"
        case RuleKind.EXCLUDES:
            return "leave one of them out"
        case RuleKind.RECOMMENDS:
            return f"consider {rule.then}"
        case RuleKind.VALIDATES:
            return f"see rule {rule.key} of the catalogue"
        case _:
            assert_never(rule.kind)


class _Holding:
    """Whether conditions hold for one quote."""

    def __init__(
        self, lines: Sequence[RuledLine], quantities: Mapping[str, Decimal], quote: RuledQuote
    ) -> None:
        self._lines = lines
        self._quote = quote
        self._products = {line.product.sku: line.product for line in lines}
        self._quantities = quantities

    def test(self, condition: Condition) -> bool:
        """Whether a condition holds."""
        facts = self._facts(condition)
        if condition.operator in _ORDERED:
            limit = self._limit(condition)
            numbers = [number for fact in facts if (number := decimal_in(fact)) is not None]
            return limit is not None and any(
                _is_so(number, condition.operator, limit) for number in numbers
            )
        if condition.than is not None:
            limit = self._units(condition.than) * condition.times
            found = any(decimal_in(fact) == limit for fact in facts)
        else:
            wanted = {_comparable(value) for value in condition.values}
            found = any(_comparable(fact) in wanted for fact in facts)
        return found is (condition.operator is Operator.IS)

    def _limit(self, condition: Condition) -> Decimal | None:
        if condition.than is not None:
            return self._units(condition.than) * condition.times
        return decimal_in(condition.values[0]) if condition.values else None

    def _units(self, selector: Selector) -> Decimal:
        found = (
            units
            for sku, units in self._quantities.items()
            if sku in self._products and selector.matches(self._products[sku])
        )
        return sum(found, Decimal(0))

    def _facts(self, condition: Condition) -> list[str]:
        match condition.fact:
            case Fact.QUANTITY:
                return [f"{self._units(condition.of):f}"]
            case Fact.ATTRIBUTE:
                return [
                    line.attributes[condition.attribute]
                    for line in self._lines
                    if condition.attribute in line.attributes and condition.of.matches(line.product)
                ]
            case _:
                return _deal_facts(condition.fact, self._quote)


def _deal_facts(fact: Fact, quote: RuledQuote) -> list[str]:
    """Return what a fact of the deal says; nothing where the context is not known."""
    if fact is Fact.TERM_MONTHS:
        return [str(quote.term_months)]
    if fact is Fact.CURRENCY:
        return [quote.currency]
    context = quote.context
    if context is None:
        return []
    told = {
        Fact.CUSTOMER: [context.customer],
        Fact.SEGMENT: [context.segment, *context.tags],
        Fact.COUNTRY: [context.country],
        Fact.CHANNEL: [context.channel],
    }
    return told.get(fact, [])


def _comparable(text: str) -> str:
    number = decimal_in(text)
    if number is None:
        return text.casefold()
    return f"{number.normalize():f}" if number else "0"


def _is_so(number: Decimal, operator: Operator, limit: Decimal) -> bool:
    match operator:
        case Operator.LESS:
            return number < limit
        case Operator.AT_MOST:
            return number <= limit
        case Operator.AT_LEAST:
            return number >= limit
        case Operator.MORE:
            return number > limit
        case Operator.IS:
            return number == limit
        case Operator.IS_NOT:
            return number != limit
        case _:
            assert_never(operator)


def rule_problems(
    rule: Rule, path: str, products: Sequence[Product], tags: Collection[str]
) -> Iterator[Problem]:
    """Yield everything that keeps a rule from ever meaning anything."""
    skus = {product.sku for product in products}
    yield from filled(f"{path}.key", rule.key)
    yield from selector_problems(rule.when, f"{path}.when", skus, tags)
    yield from selector_problems(rule.then, f"{path}.then", skus, tags)
    if rule.kind is not RuleKind.VALIDATES:
        yield from _relation_problems(rule, path, products)
    elif not rule.given and not rule.expect:
        yield Problem(
            field=f"{path}.expect", reason="is missing", remedy="say what must hold of a quote"
        )
    if rule.kind is RuleKind.VALIDATES and not rule.reason:
        yield Problem(
            field=f"{path}.reason", reason="is missing", remedy="say why, for whoever breaks it"
        )
    for name in ("given", "expect"):
        for index, condition in enumerate(getattr(rule, name)):
            yield from _condition_problems(condition, f"{path}.{name}[{index}]", products, tags)


def _relation_problems(rule: Rule, path: str, products: Sequence[Product]) -> Iterator[Problem]:
    for name in ("when", "then"):
        if getattr(rule, name).is_open:
            yield Problem(
                field=f"{path}.{name}",
                reason="selects every product",
                remedy="name SKUs, tags or kinds",
            )
    if rule.given or rule.expect:
        yield Problem(
            field=f"{path}.given",
            reason=f"a {rule.kind} rule has no conditions",
            remedy="use a validates rule",
        )
    both = [one.sku for one in products if rule.when.matches(one) and rule.then.matches(one)]
    selected = [one.sku for one in products if rule.when.matches(one) or rule.then.matches(one)]
    if rule.kind is RuleKind.EXCLUDES and both and len(selected) == 1:
        yield Problem(field=f"{path}.then", reason=f"{both[0]} excludes itself")
    if rule.kind is not RuleKind.EXCLUDES and both and not rule.when.is_open:
        yield Problem(
            field=f"{path}.then",
            reason=f"{both[0]} {rule.kind} itself, so the rule never tells anything",
            remedy="except it by `without`",
        )


def _condition_problems(
    condition: Condition, path: str, products: Sequence[Product], tags: Collection[str]
) -> Iterator[Problem]:
    skus = {product.sku for product in products}
    yield from selector_problems(condition.of, f"{path}.of", skus, tags)
    if condition.than is not None:
        yield from selector_problems(condition.than, f"{path}.than", skus, tags)
        if condition.fact is not Fact.QUANTITY:
            yield Problem(field=f"{path}.than", reason=f"{condition.fact} is no quantity")
    elif not condition.values:
        yield Problem(field=f"{path}.values", reason="are missing", remedy="give at least one")
    if condition.operator in _ORDERED and len(condition.values) > 1:
        yield Problem(field=f"{path}.values", reason="are several", remedy="compare with one")
    is_number = condition.operator in _ORDERED or condition.fact in _NUMBERS
    for index, value in enumerate(condition.values):
        if is_number and decimal_in(value) is None:
            yield Problem(field=f"{path}.values[{index}]", reason=f"{value[:40]} is no number")
    yield from _attribute_problems(condition, path, products)


def _attribute_problems(
    condition: Condition, path: str, products: Sequence[Product]
) -> Iterator[Problem]:
    named = condition.fact is Fact.ATTRIBUTE
    if not named and condition.attribute:
        yield Problem(field=f"{path}.attribute", reason=f"does not belong to {condition.fact}")
    selected = [one for one in products if condition.of.matches(one)]
    known = {attribute.key for product in selected for attribute in product.attributes}
    if named and condition.attribute not in known:
        yield Problem(
            field=f"{path}.attribute",
            reason=f"{condition.attribute or '(none)'} is no attribute of {condition.of}",
        )
