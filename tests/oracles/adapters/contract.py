"""What an adapter is, and how it says that a case asks for a policy the house does not offer."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, TypeVar

_Name = TypeVar("_Name")
_Policy = TypeVar("_Policy")

Inputs: TypeAlias = Mapping[str, Any]
"""What a case gives; the README of the cases says which keys a kind has."""

Answer: TypeAlias = Mapping[str, object]
"""What we say to it, under the keys the kind is published with; decimals, dates, fractions."""

Adapter: TypeAlias = Callable[[Inputs], Answer]
"""One kind's way from its inputs to our answer."""


class NotOfferedError(Exception):
    """The case asks for a policy we deliberately do not offer; the message says which."""


def chosen(policies: Mapping[_Name, _Policy], name: _Name, what: str) -> _Policy:
    """Return the policy of ours with that name, or say that the case asks for another one."""
    try:
        return policies[name]
    except KeyError:
        raise NotOfferedError(f"{what} not offered: {name}") from None
