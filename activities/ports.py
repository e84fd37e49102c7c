"""What the activities need from outside, by name; `workers` hands it in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol, TypeVar

from sqlmodel import Session

from models.taxing import TaxAnswer, TaxInquiry
from models.vat_ids import VatNumberCheck, VatVerdict

Result = TypeVar("Result")


class Books(Protocol):
    """The database of the books: work runs in one short transaction."""

    def write(self, work: Callable[[Session], Result]) -> Result:
        """Run `work` and commit; all of it or none of it is on record."""

    def read(self, work: Callable[[Session], Result]) -> Result:
        """Run `work` in a transaction that only reads."""

    def close(self) -> None:
        """Let go of every connection."""


class Store(Protocol):
    """Keeps documents, and what is too big for a message, by their hash."""

    def put(self, content: bytes, suffix: str = "pdf") -> str:
        """Store a document and return its SHA-256."""

    def get(self, sha256: str, suffix: str = "pdf") -> bytes:
        """Return a document; raises `NotFoundError`."""


class Clock(Protocol):
    """The wall clock; it only stamps when a row was written, never decides anything."""

    def __call__(self) -> datetime:
        """Return the current moment, in UTC."""


class PublicHolidays(Protocol):
    """The calendar of public holidays, which a library keeps up with."""

    def __call__(self, country: str, region: str, years: Sequence[int]) -> tuple[date, ...]:
        """Return the dates in order; raises `NotFoundError` for an unknown country or region."""


def no_holidays(country: str, region: str, years: Sequence[int]) -> tuple[date, ...]:  # noqa: ARG001
    """Know of no public holiday anywhere: for a house without a working calendar."""
    return ()


class ViesPort(Protocol):
    """The service that tells whether a VAT number of the EU is valid today."""

    def __call__(self, vat_id: str, requester: str) -> VatVerdict:
        """Return its verdict; raises `InvalidInputError`, or anything else for no answer."""


class TaxEngine(Protocol):
    """Who works out the tax of an invoice in place of the rules on record."""

    def __call__(self, inquiry: TaxInquiry) -> TaxAnswer:
        """Return the tax of every line; raises `ParkedError` with the reason for no answer."""


def any_vat_number(vat_id: str) -> str:  # noqa: ARG001
    """Find nothing wrong with any VAT number: for a house that does not check them."""
    return ""


@dataclass(frozen=True)
class HouseRules:
    """The settings that activities go by."""

    secret: bytes
    allow_test_clock: bool
    allow_unverified_decisions: bool
    continue_as_new_every: int
    public_url: str = ""


@dataclass(frozen=True)
class Office:
    """What every activity that writes the books works with."""

    books: Books
    rules: HouseRules
    wall_clock: Clock
    store: Store | None = None
    holidays: PublicHolidays = no_holidays
    vat_numbers: VatNumberCheck = any_vat_number
    vies: ViesPort | None = None
    tax_engine: TaxEngine | None = None
