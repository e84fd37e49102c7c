"""Formulas: what they may say, what is refused and where, and that nothing else ever happens."""

from contextlib import suppress
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models.formulas import (
    DEEPEST,
    MOST_CHARACTERS,
    MOST_WRITTEN,
    FormulaError,
    compute,
    formula_amount,
    formula_problems,
    names_in,
)

D = Decimal
GIVEN: dict[str, Decimal | str] = {
    "quantity": D(7),
    "term_months": D(12),
    "unit": D("0.1"),
    "region": "EU",
    "size": "10",
}


@pytest.mark.parametrize(
    ("formula", "amount"),
    [
        ("quantity * unit", "0.7"),
        ("0.1 + 0.2", "0.3"),
        ("quantity / 2 + 7 // 2 - 7 % 4", "3.5"),
        ("-quantity + 2 * (3 + 4)", "7"),
        ("+quantity", "7"),
        ("min(quantity, 5, 9) + max(1, 2) + abs(-3)", "10"),
        ("ceil(quantity / 2) + floor(quantity / 2)", "7"),
        ("100 if region == 'EU' else 200", "100"),
        ('100 if region != "EU" else 200', "200"),
        ("100 if size == 10 else 200", "100"),
        ("100 if 5 < quantity <= 7 else 200", "100"),
        ("100 if quantity >= 8 or not region == 'US' else 200", "100"),
        ("100 if quantity > 8 and term_months == 12 else 200", "200"),
        ("1 / 0 if quantity < 0 else 5", "5"),
        ("quantity\n  * 2", "14"),
        ("3 * (1 / 3)", "1"),
    ],
)
def test_a_formula_is_exact_arithmetic_and_choice(formula: str, amount: str) -> None:
    """Only the branch that is taken is computed; thirds are thirds."""
    assert formula_problems(formula, GIVEN) == []
    assert formula_amount(formula, GIVEN) == D(amount)


def test_an_endless_fraction_is_cut_beyond_what_money_can_show() -> None:
    """The line rounds once; thirty decimals leave that rounding what it would have been."""
    assert compute("1 / 3", {}) == Fraction(1, 3)
    assert formula_amount("2 / 3", {}) == D("0." + "6" * 30)


@pytest.mark.parametrize(
    ("formula", "problem"),
    [
        ("quantty + 1", "quantty is no name that a formula knows: 'quantty' at character 1"),
        ("1 + ceiling(2)", "calls something else than a function of formulas: 'ceiling(2)' at cha"),
        ("quantity.real", "is not allowed (attribute): 'quantity.real' at character 1"),
        ("(1).real", "'.real' is no number"),
        ("1 + 2 ** 9", "is not allowed (pow): '2 ** 9' at character 5"),
        ("1 << 9", "is not allowed (lshift)"),
        ("[1, 2]", "is not allowed (list): '[1, 2]' at character 1"),
        ("unit[0]", "is not allowed (subscript): 'unit[0]' at character 1"),
        ("lambda: 1", "is not allowed (lambda): 'lambda: 1' at character 1"),
        ("[x for x in unit]", "is not allowed (listcomp): '[x for x in unit]' at character 1"),
        ("(x := 1)", "is not allowed (namedexpr): 'x := 1' at character 2"),
        ("f'{unit}'", "is not allowed (joinedstr)"),
        ("unit is 1", "is not allowed (is)"),
        ("unit in '1'", "is not allowed (in)"),
        ("~unit", "is not allowed (invert)"),
        ("True", "is neither a number nor a text: 'True' at character 1"),
        ("b'1'", "is neither a number nor a text"),
        ("1e9", "'1e9' is no number"),
        ("0x1f", "'0x1f' is no number"),
        ("1_000", "'1_000' is no number"),
        ("1j", "'1j' is no number"),
        (".5", "'.5' is no number"),
        ("9" * 31, "is no number"),
        ("max()", "max takes values, separated by commas: 'max()' at character 1"),
        ("abs(1, 2)", "abs takes one value: 'abs(1, 2)' at character 1"),
        ("ceil(x=1)", "ceil takes one value"),
        ("max(*unit)", "is not allowed (starred)"),
        ("(1", "cannot be read at character 1"),
        ("1 +", "cannot be read at its end"),
        ("a = 1", "cannot be read at character"),
        ("", "is empty"),
        ("   ", "is empty"),
        ("'\\x41'", "holds the character"),
        ("1 +" * 300 + "1", f"is longer than {MOST_WRITTEN} characters"),
        ("-" * 200 + "1", f"or {DEEPEST} levels"),
        ("(" * 250 + "1" + ")" * 250, "cannot be read"),
        ("1" + "+1" * 160, "has more than 300 parts"),
    ],
)
def test_what_a_formula_may_not_say_is_refused_with_its_place(formula: str, problem: str) -> None:
    """Found when the catalogue is checked, before anybody is quoted a price."""
    problems = formula_problems(formula, GIVEN)

    assert any(problem in each.reason for each in problems), problems
    assert all(each.field == "formula" for each in problems)


def test_all_unknown_names_are_told_at_once() -> None:
    """In the order in which they are written."""
    problems = [str(each) for each in formula_problems("foo + quantity * quantitiy", GIVEN)]

    assert problems == [
        (
            "formula: foo is no name that a formula knows: 'foo' at character 1 "
            "(use one of quantity, region, size, term_months, unit)"
        ),
        (
            "formula: quantitiy is no name that a formula knows: 'quantitiy' at character 18 "
            "(did you mean quantity?)"
        ),
    ]


@pytest.mark.parametrize(
    ("formula", "problem"),
    [
        ("quantity / (7 - quantity)", "is 0, and nothing can be divided by it: '7 - quantity' at"),
        ("quantity // 0", "is 0, and nothing can be divided by it: '0' at character 13"),
        ("quantity % 0", "is 0, and nothing can be divided by it"),
        ("region + 1", "is no number: 'region' at character 1"),
        ("region", "is no number: 'region' at character 1"),
        ("quantity > 1", "is no number: 'quantity > 1' at character 1"),
        ("1 if quantity else 2", "is neither true nor false: 'quantity' at character 6"),
        ("1 if region < 2 else 2", "is no number: 'region' at character 6"),
        ("missing", "missing has no value: 'missing' at character 1"),
        ("5 - quantity", "comes to -2.00, less than 0"),
        ("999999999999 * 999999999999", "comes to more than any price"),
        ("9" * 30 + ("*" + "9" * 30) * 23, "becomes too large or too fine to compute"),
    ],
)
def test_what_goes_wrong_with_the_values_is_a_problem_too(formula: str, problem: str) -> None:
    """A deal is told which part of the formula, never a crash."""
    with pytest.raises(FormulaError) as error:
        formula_amount(formula, GIVEN)

    assert problem in str(error.value)


def test_the_names_of_a_formula_are_known() -> None:
    """Functions are none of them."""
    assert names_in("max(a, b) if c == 'd' else 1") == {"a", "b", "c"}


WORDS = """quantity unit region term_months foo max min ceil floor abs if else and or not lambda
for in is None True import __class__ ( ) [ ] { } , : . + - * / // % ** < <= > >= == != = := ' \" \\
0 1 2.5 1e9 9999999999999999999999 f' b'1' 0x1 _ # ;"""
words = st.sampled_from([*WORDS.split(), "\n"])


@given(text=st.text(max_size=MOST_CHARACTERS + 10) | st.lists(words, max_size=80).map(" ".join))
@example("quantity" + "\x00")
@example("\ud800")
@example("\uff51uantity + \u2079")
@example("'" * 3 + "1if" + "'" * 3)
@example("1if quantity else 2")
def test_no_text_does_anything_but_compute_or_refuse(text: str) -> None:
    """Whatever somebody writes: a number, or our own error with a reason. Nothing else, ever."""
    problems = formula_problems(text, GIVEN)
    assert all(problem.reason for problem in problems)
    with suppress(FormulaError):
        assert isinstance(compute(text, GIVEN), Fraction)


numbers = st.decimals(min_value=0, max_value=1000, places=2).map(lambda number: f"{number:f}")
terms = st.recursive(
    numbers | st.sampled_from(["quantity", "unit", "term_months"]),
    lambda inner: (
        st.tuples(inner, st.sampled_from("+-*/%"), inner).map(
            lambda parts: f"({parts[0]} {parts[1]} {parts[2]})"
        )
        | st.tuples(inner, inner).map(lambda pair: f"max({pair[0]}, {pair[1]})")
    ),
    max_leaves=12,
)


@given(formula=terms)
def test_a_sound_formula_comes_to_what_fractions_come_to(formula: str) -> None:
    """Our evaluator against Python's own arithmetic on the same numbers."""
    names = {name: Fraction(value) for name, value in GIVEN.items() if isinstance(value, Decimal)}
    exact = " ".join(
        f"Fraction('{word}')" if word.replace(".", "").isdigit() else word
        for word in formula.replace("(", " ( ").replace(")", " ) ").replace(",", " , ").split()
    )
    try:
        expected = Fraction(eval(exact, {"Fraction": Fraction, "max": max, **names}))  # noqa: S307
    except ZeroDivisionError:
        with pytest.raises(FormulaError, match="nothing can be divided by it"):
            compute(formula, GIVEN)
    else:
        assert compute(formula, GIVEN) == expected
