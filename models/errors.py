"""Every error the house raises on purpose.

    Q2CError
    ├── InvalidInputError       what was sent cannot be used; lists every problem
    ├── NotFoundError           no such document, party or deal
    ├── ConflictError           it exists with other content, or somebody else holds it
    ├── RefusedError            understood, but not allowed now or not allowed to you
    ├── CurrencyMismatchError   amounts of two currencies met
    └── ParkedError             a question only a person can answer; the item waits for it

The `code` of a class crosses Temporal (failure type), HTTP (problem type) and the command line
(exit code) unchanged. Messages begin with the fact or the remedy and name the document.
"""

from collections.abc import Sequence
from typing import ClassVar

from models.value import Value


class Problem(Value):
    """One thing wrong with an input: which field, why, and what to do about it."""

    field: str
    reason: str
    remedy: str = ""

    def __str__(self) -> str:
        """Say it in one line: field, reason, remedy."""
        return f"{self.field}: {self.reason}" + (f" ({self.remedy})" if self.remedy else "")


MOST_TOLD = 100
"""How many problems travel in one answer; a big deal file can have thousands."""


def told(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """Return the first hundred problems, and one more that says how many are left out."""
    if len(problems) <= MOST_TOLD:
        return tuple(problems)
    left = f"{len(problems) - MOST_TOLD} more problems"
    return (*problems[:MOST_TOLD], Problem(field="", reason=left, remedy="correct these first"))


class Q2CError(Exception):
    """The root of the tree."""

    code: ClassVar[str] = "q2c_error"


class InvalidInputError(Q2CError):
    """An input with one or more problems; all of them are listed at once."""

    code = "invalid_input"

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(str(problem) for problem in self.problems))


class NotFoundError(Q2CError):
    """Nothing on record under this number."""

    code = "not_found"


class ConflictError(Q2CError):
    """The same key was used with other content."""

    code = "conflict"


class RefusedError(Q2CError):
    """A request that is understood and not allowed."""

    code = "refused"


class CurrencyMismatchError(Q2CError):
    """Two currencies met in one calculation."""

    code = "currency_mismatch"


class ParkedError(Q2CError):
    """A step that waits for a person's answer, with the question in the message."""

    code = "parked"
