"""Why a command ends badly, in one form: what happened, where, what to do, and the exit code."""

from collections.abc import Sequence
from enum import IntEnum
from typing import ClassVar

from models.errors import InvalidInputError, NotFoundError, Problem, Q2CError


class ExitCode(IntEnum):
    """What a command tells the shell; scripts may rely on these."""

    OK = 0
    FAILED = 1
    BAD_INPUT = 2
    UNREACHABLE = 3
    NOT_ALLOWED = 4


class CommandError(Q2CError):
    """A command that cannot do what was asked: the fact, its problems, remedy and exit code."""

    code: ClassVar[str] = "command_failed"

    def __init__(
        self,
        what: str,
        problems: Sequence[Problem] = (),
        remedy: str = "",
        exit_code: ExitCode = ExitCode.FAILED,
    ) -> None:
        self.what = what
        self.problems = tuple(problems)
        self.remedy = remedy
        self.exit_code = exit_code
        super().__init__(what)


def bad_input(field: str, reason: str, remedy: str = "") -> CommandError:
    """Return the error for one wrong argument, option or file."""
    problem = Problem(field=field, reason=reason, remedy=remedy)
    return CommandError("The input cannot be used.", [problem], exit_code=ExitCode.BAD_INPUT)


def broken_off(place: str, done: int, error: CommandError) -> CommandError:
    """Return the error of an import that failed in the middle: where, and what is recorded."""
    what = f"{place} was not recorded, {done} before it were: {error.what}"
    remedy = f"{error.remedy} Correct it and import the file again: nothing counts twice."
    return CommandError(what, error.problems, remedy.strip(), error.exit_code)


def as_command_error(error: Exception) -> CommandError:
    """Return any error as one that can be shown; an unforeseen one names itself and `--debug`."""
    match error:
        case CommandError():
            return error
        case InvalidInputError():
            what = "The input cannot be used."
            return CommandError(what, error.problems, exit_code=ExitCode.BAD_INPUT)
        case NotFoundError():
            return CommandError(str(error))
        case Q2CError():
            lost = error.code == "temporal_unreachable"
            code = ExitCode.UNREACHABLE if lost else ExitCode.FAILED
            return CommandError(str(error), exit_code=code)
        case _:
            what = f"The command broke off: {type(error).__name__}: {error}"
            return CommandError(what, remedy="Repeat it with --debug to see where.")
