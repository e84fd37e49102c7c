"""What stands in a deal file beside its lines: alternatives, and what each of them leads to."""

from collections.abc import Iterable, Iterator
from itertools import chain

from models.changes import QuoteDelta
from models.deal_file import DealFile, check_deal_file
from models.errors import InvalidInputError, Problem
from models.revision import apply_delta, changed_by, delta_problems
from models.written import read_written


def parse_whole_file(data: object) -> DealFile:
    """Return a deal file as `parse_deal_file` does, its alternatives applied and checked as well.

    Raises `InvalidInputError` with every problem of the document together; those of the file an
    alternative makes are under its place: `alternatives[0].lines[0].quantity`.
    """
    return read_written(DealFile, data, check_whole_file)


def check_whole_file(file: DealFile) -> tuple[Problem, ...]:
    """Return everything wrong with a deal file and with what its alternatives make of it."""
    own = check_deal_file(file)
    made = (
        beside(index, problems_of_change(file, one.change), own)
        for index, one in enumerate(file.alternatives)
    )
    return (*own, *chain.from_iterable(made))


def primary_of(file: DealFile) -> DealFile:
    """Return the file without its alternatives: what they change, and what a revision changes."""
    return file.model_copy(update={"alternatives": ()})


def changed_files(file: DealFile) -> Iterator[tuple[int, DealFile]]:
    """Yield the file of each alternative whose change can be applied, with its place."""
    for index, one in enumerate(file.alternatives):
        if not problems_of_change(file, one.change):
            yield index, apply_delta(primary_of(file), one.change)


def problems_of_change(file: DealFile, change: QuoteDelta) -> tuple[Problem, ...]:
    """Return what of a change does not fit its file, and what is wrong with the file it makes."""
    primary = primary_of(file)
    unfit = any(delta_problems(primary, change))
    if not unfit and change != QuoteDelta() and changed_by(primary, change) == primary:
        remedy = "say what differs, or leave it out"
        return (Problem(field="delta", reason="leaves the file as it is", remedy=remedy),)
    try:
        apply_delta(primary, change)
    except InvalidInputError as error:
        return error.problems
    return ()


def beside(
    index: int, problems: Iterable[Problem], of_primary: Iterable[Problem] = ()
) -> Iterator[Problem]:
    """Yield problems under the alternative's place, but for those the primary has by itself."""
    known = {(problem.field, problem.reason) for problem in of_primary}
    for problem in problems:
        if (problem.field, problem.reason) not in known:
            head, dot, rest = problem.field.partition(".")
            field = f"{'change' if head.startswith('delta') else head}{dot}{rest}"
            yield problem.model_copy(update={"field": f"alternatives[{index}].{field}"})
