"""What the activities need from outside, by name; `workers` hands it in."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from sqlmodel import Session

Result = TypeVar("Result")


class Books(Protocol):
    """The database of the books: work runs in one short transaction."""

    def write(self, work: Callable[[Session], Result]) -> Result:
        """Run `work` and commit; all of it or none of it is on record."""

    def read(self, work: Callable[[Session], Result]) -> Result:
        """Run `work` in a transaction that only reads."""

    def close(self) -> None:
        """Let go of every connection."""


class Clock(Protocol):
    """The wall clock; it only stamps when a row was written, never decides anything."""

    def __call__(self) -> datetime:
        """Return the current moment, in UTC."""


@dataclass(frozen=True)
class HouseRules:
    """The settings that activities go by."""

    secret: bytes
    allow_test_clock: bool
    allow_unverified_decisions: bool
    continue_as_new_every: int
    api_url: str = ""
    public_url: str = ""


@dataclass(frozen=True)
class Office:
    """What every activity that writes the books works with."""

    books: Books
    rules: HouseRules
    wall_clock: Clock
