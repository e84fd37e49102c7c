"""What can go wrong at a door, beside what can go wrong in the house (`models.errors`)."""

from collections.abc import Sequence

from models.errors import Problem, Q2CError
from models.parties import Role


class UnauthenticatedError(Q2CError):
    """Nobody we know: the bearer token is missing, unknown or revoked."""

    code = "unauthenticated"


class NotPermittedError(Q2CError):
    """Somebody we know who may not do this; the message names the role that may."""

    code = "not_permitted"


class BadLinkError(Q2CError):
    """A link that was not made here, or leads nowhere; nothing is told about what it names."""

    code = "bad_link"


class EndedLinkError(Q2CError):
    """A link that was made here and no longer opens: its time is over, or it was revoked."""

    code = "ended_link"


class OutdatedError(Q2CError):
    """Something was asked about a version that is no longer the one on offer."""

    code = "outdated"


class UnansweredError(Q2CError):
    """Asked in time, and no answer came; what was asked may still happen."""

    code = "unanswered"


class UnavailableError(Q2CError):
    """Nobody is there who could answer; nothing was changed."""

    code = "unavailable"


class DealEndedError(Q2CError):
    """A message reached a deal that has ended."""

    code = "deal_ended"


class RunFailedError(Q2CError):
    """A workflow ended as failed: `kind` is its failure type, with the problems it named."""

    code = "run_failed"

    def __init__(self, text: str, kind: str = "", problems: Sequence[Problem] = ()) -> None:
        self.kind = kind
        self.problems = tuple(problems)
        super().__init__(text)


def role_needed(roles: Sequence[Role], action: str) -> NotPermittedError:
    """Return the refusal that names the roles that may do `action`."""
    names = " or ".join(role.value for role in roles)
    return NotPermittedError(f"The role {names} is needed to {action}.")
