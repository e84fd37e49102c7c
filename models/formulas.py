"""Formulas: prices written as an expression, computed by rules of our own.

A formula is arithmetic and choice over names it is given, nothing else: no attribute, no index, no
call but of the functions listed here. Its size is bounded, and it has no loop, so it always ends.
Numbers are exact fractions, however often they are divided.
"""

import ast
import math
import operator
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from models.errors import InvalidInputError, Problem
from models.money import cut
from models.written import nearest

MOST_CHARACTERS = 1000
"""No formula may be longer; see `MOST_WRITTEN` for what a person may write."""
MOST_WRITTEN = 800
"""The rest is for the factor that a price unit or a derived price book puts around it."""
MOST_PARTS = 300
DEEPEST = 40
_MOST_BITS = 2000
_MOST_AMOUNT = 10**15
_DECIMALS_OF_AMOUNT = 30

Given: TypeAlias = Mapping[str, Decimal | str]
"""The names a formula may use, with their values: numbers and texts."""

_Result: TypeAlias = Fraction | bool | str

_NUMBER = re.compile(r"[0-9]{1,30}(\.[0-9]{1,30})?")
_LIKE_A_NUMBER = re.compile(r"(?<![\w.])[\d.][\w.]*")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")

_ARITHMETIC: Mapping[type[ast.operator], Callable[[Fraction, Fraction], Fraction | int]] = (
    MappingProxyType(
        {
            ast.Add: operator.add,
            ast.Sub: operator.sub,
            ast.Mult: operator.mul,
            ast.Div: operator.truediv,
            ast.FloorDiv: operator.floordiv,
            ast.Mod: operator.mod,
        }
    )
)
_DIVISIONS = (ast.Div, ast.FloorDiv, ast.Mod)
_ORDERS: Mapping[type[ast.cmpop], Callable[[Fraction, Fraction], bool]] = MappingProxyType(
    {ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge}
)
_EQUALITIES: Mapping[type[ast.cmpop], Callable[[_Result, _Result], bool]] = MappingProxyType(
    {ast.Eq: operator.eq, ast.NotEq: operator.ne}
)
_FUNCTIONS: Mapping[str, Callable[..., Fraction | int]] = MappingProxyType(
    {"min": min, "max": max, "ceil": math.ceil, "floor": math.floor, "abs": abs}
)
_OF_ONE = frozenset({"ceil", "floor", "abs"})


class FormulaError(InvalidInputError):
    """A formula that cannot be read, or cannot be computed from what it was given."""


class _At(NamedTuple):
    """One thing wrong with a formula, and the part of it that is."""

    node: ast.AST
    reason: str
    remedy: str = ""


def formula_problems(formula: str, known: Collection[str]) -> list[Problem]:
    """Return everything wrong with a formula that may use the names `known`: reason and place.

    What depends on the values, such as a division by zero, shows when it is computed.
    """
    text = _on_one_line(formula)
    if len(text) > MOST_WRITTEN:
        return [_problem(f"is longer than {MOST_WRITTEN} characters", "split the charge")]
    try:
        body = _parsed(text)
    except FormulaError as error:
        return list(error.problems)
    return [_placed(text, found) for found in _unknown_names(body, known)]


def names_in(formula: str) -> frozenset[str]:
    """Return the names a formula uses. Raises `FormulaError` if it cannot be read."""
    body = _parsed(_on_one_line(formula))
    return frozenset(name.id for name in _names(body))


def compute(formula: str, given: Given) -> Fraction:
    """Return the exact number a formula comes to.

    Raises `FormulaError`, and nothing else, with the reason and the place: an unknown name, a
    division by zero, a text where a number is needed, a number beyond all prices.
    """
    text = _on_one_line(formula)
    return _Computation(text, given).number(_parsed(text))


def formula_amount(formula: str, given: Given) -> Decimal:
    """Return the amount a formula comes to: exact, or cut where no rounding of money can see it.

    Raises `FormulaError` as `compute` does, and for an amount below zero.
    """
    amount = compute(formula, given)
    if amount < 0:
        raise _refusal(f"comes to {cut(amount, 2)}, less than 0", "put max(0, ...) around it")
    if amount > _MOST_AMOUNT:
        raise _refusal("comes to more than any price", "check the formula")
    written = f"{cut(amount, _DECIMALS_OF_AMOUNT):f}"
    return Decimal(written.rstrip("0").rstrip("."))


class _Computation:
    """One formula being computed; every part is computed at most once."""

    def __init__(self, text: str, given: Given) -> None:
        self._text = text
        self._given = given

    def number(self, node: ast.expr) -> Fraction:
        """Return what a part comes to, which must be a number."""
        value = self._value(node)
        if isinstance(value, bool | str):
            raise self._wrong(node, "is no number", "compare it with ==, or use another name")
        bits = max(value.numerator.bit_length(), value.denominator.bit_length())
        if bits > _MOST_BITS:
            raise self._wrong(node, "becomes too large or too fine to compute", "simplify it")
        return value

    def _value(self, node: ast.expr) -> _Result:
        match node:
            case ast.Constant():
                return _constant(self._text, node)
            case ast.Name():
                return self._named(node)
            case ast.BinOp():
                return self._arithmetic(node)
            case ast.Call(func=ast.Name(id=name), args=arguments):
                return Fraction(_FUNCTIONS[name](*map(self.number, arguments)))
            case ast.IfExp():
                return self._value(node.body if self._truth(node.test) else node.orelse)
            case _:
                return self._sign_or_truth(node)

    def _sign_or_truth(self, node: ast.expr) -> _Result:
        match node:
            case ast.UnaryOp(op=ast.Not()):
                return not self._truth(node.operand)
            case ast.UnaryOp(op=ast.USub()):
                return -self.number(node.operand)
            case ast.UnaryOp():
                return self.number(node.operand)
            case ast.BoolOp(op=ast.And()):
                return all(self._truth(part) for part in node.values)
            case ast.BoolOp():
                return any(self._truth(part) for part in node.values)
            case ast.Compare():
                return self._comparison(node)
            case _:
                raise self._wrong(node, "is not part of a formula")

    def _named(self, node: ast.Name) -> _Result:
        value = self._given.get(node.id)
        if value is None:
            raise self._wrong(node, f"{node.id} has no value", nearest(node.id, self._given))
        try:
            return value if isinstance(value, str) else Fraction(value)
        except (ValueError, OverflowError):
            raise self._wrong(node, f"{node.id} is no finite number") from None

    def _arithmetic(self, node: ast.BinOp) -> Fraction:
        left, right = self.number(node.left), self.number(node.right)
        if isinstance(node.op, _DIVISIONS) and right == 0:
            remedy = "choose another amount with if ... else where this is 0"
            raise self._wrong(node.right, "is 0, and nothing can be divided by it", remedy)
        return Fraction(_ARITHMETIC[type(node.op)](left, right))

    def _comparison(self, node: ast.Compare) -> bool:
        left = node.left
        for sign, right in zip(node.ops, node.comparators, strict=True):
            if not self._holds(left, sign, right):
                return False
            left = right
        return True

    def _holds(self, left: ast.expr, sign: ast.cmpop, right: ast.expr) -> bool:
        if type(sign) in _ORDERS:
            return _ORDERS[type(sign)](self.number(left), self.number(right))
        one, other = self._value(left), self._value(right)
        if type(one) is not type(other):
            one, other = _alike(one), _alike(other)
        return _EQUALITIES[type(sign)](one, other)

    def _truth(self, node: ast.expr) -> bool:
        value = self._value(node)
        if not isinstance(value, bool):
            raise self._wrong(node, "is neither true nor false", "compare it with something")
        return value

    def _wrong(self, node: ast.AST, reason: str, remedy: str = "") -> FormulaError:
        return FormulaError([_placed(self._text, _At(node, reason, remedy))])


def _alike(value: _Result) -> _Result:
    """Return a text that is written like a number as that number: attributes are texts."""
    is_number = isinstance(value, str) and _NUMBER.fullmatch(value)
    return Fraction(value) if is_number and not isinstance(value, bool) else value


def _on_one_line(formula: str) -> str:
    return " ".join(formula.split())


@lru_cache(maxsize=1024)
def _parsed(text: str) -> ast.expr:
    """Return the body of a formula of which every part is allowed."""
    _require_readable(text)
    try:
        body = ast.parse(text, mode="eval").body
    except SyntaxError as error:
        place = f"at character {error.offset}" if error.offset else "somewhere"
        raise _refusal(f"cannot be read {place}: {error.msg}") from None
    except (ValueError, OverflowError, RecursionError, MemoryError):
        raise _refusal("cannot be read", "write it more simply") from None
    _require_small(body)
    problems = [_placed(text, found) for node in _parts(body) for found in _not_allowed(text, node)]
    if problems:
        raise FormulaError(problems)
    return body


def _require_readable(text: str) -> None:
    if not text:
        raise _refusal("is empty", "write how the amount follows from the quantity")
    if len(text) > MOST_CHARACTERS:
        raise _refusal(f"is longer than {MOST_CHARACTERS} characters", "split the charge")
    for sign in ("\\", "\0"):
        if sign in text:
            raise _refusal(f"holds the character {sign!r}", "remove it")
    for found in _LIKE_A_NUMBER.finditer(_QUOTED.sub('""', text)):
        if not _NUMBER.fullmatch(found.group()):
            raise _refusal(f"{found.group()!r} is no number", "write digits, as in 1000 or 0.25")


def _require_small(body: ast.expr) -> None:
    level: list[ast.AST] = [body]
    count = depth = 0
    while level:
        count, depth = count + len(level), depth + 1
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if count > MOST_PARTS or depth > DEEPEST:
            raise _refusal(
                f"has more than {MOST_PARTS} parts or {DEEPEST} levels", "write it more simply"
            )


def _parts(body: ast.expr) -> Iterator[ast.AST]:
    """Yield every part but the names of the functions that are called."""
    waiting: list[ast.AST] = [body]
    while waiting:
        node = waiting.pop()
        yield node
        children = list(ast.iter_child_nodes(node))
        waiting += [child for child in children if not _is_function(node, child)]


def _is_function(node: ast.AST, child: ast.AST) -> bool:
    return isinstance(node, ast.Call) and child is node.func and isinstance(child, ast.Name)


_SILENT = (
    ast.Name,
    ast.Load,
    ast.IfExp,
    ast.Compare,
    ast.BinOp,
    ast.BoolOp,
    ast.boolop,
    ast.UnaryOp,
    ast.Not,
    ast.UAdd,
    ast.USub,
    *_ARITHMETIC,
    *_ORDERS,
    *_EQUALITIES,
)


def _not_allowed(text: str, node: ast.AST) -> Iterator[_At]:
    if isinstance(node, ast.Constant):
        if not isinstance(_literal(text, node), Fraction | str):
            yield _At(node, "is neither a number nor a text", "write digits, as in 1000 or 0.25")
    elif isinstance(node, ast.Call):
        yield from _wrong_call(node)
    elif isinstance(node, ast.expr | ast.operator | ast.unaryop | ast.cmpop):
        if not isinstance(node, _SILENT):
            yield _At(node, f"is not allowed ({type(node).__name__.lower()})", _ALLOWED)
    elif not isinstance(node, _SILENT):
        yield _At(node, "is not allowed", _ALLOWED)


_ALLOWED = "use + - * / // %, comparisons, if ... else, and " + ", ".join(_FUNCTIONS)


def _wrong_call(node: ast.Call) -> Iterator[_At]:
    if not isinstance(node.func, ast.Name) or node.func.id not in _FUNCTIONS:
        yield _At(node, "calls something else than a function of formulas", _ALLOWED)
    elif node.keywords or not node.args or (node.func.id in _OF_ONE and len(node.args) > 1):
        wanted = "one value" if node.func.id in _OF_ONE else "values, separated by commas"
        yield _At(node, f"{node.func.id} takes {wanted}")


def _literal(text: str, node: ast.Constant) -> Fraction | str | None:
    """Return the exact number as it is written, for Python would make a float of 0.1."""
    if isinstance(node.value, str) and node.kind is None:
        return node.value
    source = text.encode()[node.col_offset : node.end_col_offset].decode(errors="replace")
    return Fraction(source) if _NUMBER.fullmatch(source) else None


def _constant(text: str, node: ast.Constant) -> Fraction | str:
    value = _literal(text, node)
    if value is None:
        raise _refusal("holds a value that is neither a number nor a text")
    return value


def _names(body: ast.expr) -> Iterator[ast.Name]:
    return (node for node in _parts(body) if isinstance(node, ast.Name))


def _unknown_names(body: ast.expr, known: Collection[str]) -> Iterator[_At]:
    for node in sorted(_names(body), key=lambda name: name.col_offset):
        if node.id not in known:
            yield _At(node, f"{node.id} is no name that a formula knows", nearest(node.id, known))


def _placed(text: str, found: _At) -> Problem:
    start = getattr(found.node, "col_offset", None)
    if start is None:
        return _problem(found.reason, found.remedy)
    written = text.encode()
    end = getattr(found.node, "end_col_offset", None) or len(written)
    part = written[start:end].decode(errors="replace")
    at = len(written[:start].decode(errors="replace")) + 1
    shown = part if len(part) <= 40 else f"{part[:37]}..."
    return _problem(f"{found.reason}: {shown!r} at character {at}", found.remedy)


def _problem(reason: str, remedy: str = "") -> Problem:
    return Problem(field="formula", reason=reason, remedy=remedy)


def _refusal(reason: str, remedy: str = "") -> FormulaError:
    return FormulaError([_problem(reason, remedy)])
