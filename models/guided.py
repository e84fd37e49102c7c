"""Guided selling: from what a customer needs to products that may fit, each with its reason."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, localcontext

from models.chosen import (
    Attribute,
    ValueType,
    allowed_values,
    attribute_problems,
    chosen_attributes,
    decimal_in,
    declared_problems,
    normalized,
)
from models.derivation import begun
from models.errors import Problem
from models.tiers import EXACT
from models.value import Value
from models.written import NUMBERS_AS_TEXT, filled, nearest, number_problem, repeated


class Question(Attribute):
    """Something to ask a customer; `key` names its answer, `name` is the question itself."""


class AnswerIs(Value):
    """A condition on one answer: one of `values`, or a number within `least` and `most`."""

    model_config = NUMBERS_AS_TEXT

    question: str
    values: tuple[str, ...] = ()
    least: Decimal | None = None
    most: Decimal | None = None


class Suggestion(Value):
    """A product worth offering where all conditions hold.

    Its quantity is `quantity`, or for each `per` of the answer to `quantity_of`, begun ones counted
    in full, `quantity` units.
    """

    model_config = NUMBERS_AS_TEXT

    product: str
    when: tuple[AnswerIs, ...] = ()
    quantity: Decimal = Decimal(1)
    quantity_of: str = ""
    per: Decimal = Decimal(1)
    attributes: Mapping[str, str] = {}
    reason: str = ""


class Guide(Value):
    """The questions of a catalogue, and what the answers lead to."""

    model_config = NUMBERS_AS_TEXT

    questions: tuple[Question, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()


class Candidate(Value):
    """A product that fits the answers, how many of it, and why."""

    product: str
    name: str = ""
    quantity: Decimal
    attributes: Mapping[str, str] = {}
    reasons: tuple[str, ...] = ()


class Guidance(Value):
    """Where a conversation stands: what fits so far, and which questions are open."""

    candidates: tuple[Candidate, ...] = ()
    open_questions: tuple[Question, ...] = ()
    answers: Mapping[str, str] = {}
    problems: tuple[Problem, ...] = ()


def guide(plan: Guide, names: Mapping[str, str], answers: Mapping[str, str]) -> Guidance:
    """Return what fits the answers, every product once and in the order of the suggestions.

    Where several suggestions name a product, the largest quantity and all reasons count. `names`
    holds the name of each SKU. An answer nobody asked for or that is not allowed is a problem;
    unanswered questions are open, with their default taken meanwhile.
    """
    given = chosen_attributes(plan.questions, answers)
    found: dict[str, Candidate] = {}
    for one in plan.suggestions:
        quantity = _quantity(one, given)
        if quantity is None or quantity <= 0 or not all(_holds(test, given) for test in one.when):
            continue
        known = found.get(one.product)
        found[one.product] = Candidate(
            product=one.product,
            name=names.get(one.product, ""),
            quantity=max(quantity, known.quantity if known else quantity),
            attributes={**one.attributes, **(known.attributes if known else {})},
            reasons=(*(known.reasons if known else ()), *([one.reason] if one.reason else [])),
        )
    return Guidance(
        candidates=tuple(found.values()),
        open_questions=tuple(one for one in plan.questions if one.key not in answers),
        answers=given,
        problems=tuple(_answer_problems(plan, answers)),
    )


def _answer_problems(plan: Guide, answers: Mapping[str, str]) -> Iterator[Problem]:
    known = {question.key: question for question in plan.questions}
    for key, text in answers.items():
        if key not in known:
            yield Problem(
                field=f"answers.{key}",
                reason="answers no question",
                remedy=nearest(key, known) if known else "this catalogue asks none",
            )
        elif normalized(known[key], text) is None:
            yield Problem(
                field=f"answers.{key}",
                reason=f"{text[:60]!r} is no answer to it",
                remedy=allowed_values(known[key]),
            )


def _quantity(one: Suggestion, given: Mapping[str, str]) -> Decimal | None:
    if not one.quantity_of:
        return one.quantity
    answer = decimal_in(given.get(one.quantity_of, ""))
    if answer is None:
        return None
    with localcontext(EXACT):
        return one.quantity * begun(answer, one.per)


def _holds(test: AnswerIs, given: Mapping[str, str]) -> bool:
    answer = given.get(test.question)
    if answer is None:
        return False
    if test.values and answer.casefold() not in {value.casefold() for value in test.values}:
        return False
    if test.least is None and test.most is None:
        return True
    number = decimal_in(answer)
    if number is None:
        return False
    return (test.least is None or number >= test.least) and (
        test.most is None or number <= test.most
    )


def guide_problems(plan: Guide, products: Mapping[str, Sequence[Attribute]]) -> Iterator[Problem]:
    """Yield everything wrong with questions and suggestions; `products` are known by SKU."""
    keys = [question.key for question in plan.questions]
    yield from repeated("guide.questions", "key", keys)
    for index, question in enumerate(plan.questions):
        path = f"guide.questions[{index}]"
        yield from filled(f"{path}.name", question.name)
        yield from declared_problems(question, path)
    for index, one in enumerate(plan.suggestions):
        yield from _suggestion_problems(plan, one, f"guide.suggestions[{index}]", products)


def _suggestion_problems(
    plan: Guide, one: Suggestion, path: str, products: Mapping[str, Sequence[Attribute]]
) -> Iterator[Problem]:
    asked = {question.key: question for question in plan.questions}
    if one.product not in products:
        reason, remedy = f"{one.product} is no product", nearest(one.product, products)
        yield Problem(field=f"{path}.product", reason=reason, remedy=remedy)
    else:
        yield from attribute_problems(
            products[one.product], one.product, one.attributes, path, complete=False
        )
    yield from number_problem(f"{path}.quantity", one.quantity, positive=True)
    yield from number_problem(f"{path}.per", one.per, positive=True)
    if one.quantity_of and not _is_number(asked.get(one.quantity_of)):
        reason = f"{one.quantity_of} is no question that is answered by a number"
        yield Problem(field=f"{path}.quantity_of", reason=reason)
    for index, test in enumerate(one.when):
        yield from _test_problems(test, f"{path}.when[{index}]", asked)


def _is_number(question: Question | None) -> bool:
    numbers = {ValueType.INTEGER, ValueType.DECIMAL}
    return question is not None and question.type in numbers


def _test_problems(test: AnswerIs, path: str, asked: Mapping[str, Question]) -> Iterator[Problem]:
    question = asked.get(test.question)
    if question is None:
        reason, remedy = f"{test.question} is no question", nearest(test.question, asked)
        yield Problem(field=f"{path}.question", reason=reason, remedy=remedy)
        return
    for index, value in enumerate(test.values):
        if normalized(question, value) != value:
            yield Problem(
                field=f"{path}.values[{index}]",
                reason=f"{value} is never an answer to {test.question}",
                remedy=allowed_values(question),
            )
    if (test.least is not None or test.most is not None) and not _is_number(question):
        reason = f"{test.question} is not answered by a number"
        yield Problem(field=f"{path}.least", reason=reason, remedy="use values")
