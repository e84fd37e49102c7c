"""VAT numbers: what is wrong with one, and what the authorities said about it."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date

from pydantic import AwareDatetime

from models.countries import EU_COUNTRIES, vat_prefix
from models.errors import Problem
from models.value import Value

VatNumberCheck = Callable[[str], str]
"""Says what is wrong with the form and check digits of a VAT number; nothing if it may be one."""

VIES_PREFIXES = frozenset(map(vat_prefix, EU_COUNTRIES)) | {"XI"}
"""The letters of the numbers the system VIES knows: those of the Union and Northern Ireland."""


class VatVerdict(Value):
    """What VIES said about a number: a fact with its reference, never our own opinion."""

    valid: bool
    reference: str = ""
    name: str = ""
    asked_at: str = ""


class VatCheck(Value):
    """A verdict on record: on whose number, when it was given, and who asked."""

    customer: str
    vat_id: str
    valid: bool
    reference: str = ""
    name: str = ""
    checked_at: AwareDatetime
    actor: str = ""

    @property
    def checked_on(self) -> date:
        """The day of the verdict, in UTC."""
        return self.checked_at.date()


def vat_id_problems(written: object, check: VatNumberCheck) -> Iterator[Problem]:
    """Yield what is wrong with the VAT number of a party as it is written, by its check digits."""
    vat_id = written.get("vat_id") if isinstance(written, Mapping) else None
    if not isinstance(vat_id, str) or not vat_id.strip():
        return
    reason = check(vat_id)
    if reason:
        remedy = "compare it with the customer's letter; it is written without blanks"
        yield Problem(field="vat_id", reason=reason, remedy=remedy)


def is_known_to_vies(vat_id: str) -> bool:
    """Whether VIES can be asked about a number."""
    return vat_id[:2] in VIES_PREFIXES


def refusal(check: VatCheck | None) -> str:
    """Return why a number does not count for a tax rule that needs one; nothing if it does."""
    if check is None or check.valid:
        return ""
    reference = f", reference {check.reference}" if check.reference else ""
    return (
        f"VIES did not confirm {check.vat_id} on {check.checked_on}{reference}. "
        "Correct the customer's number or have it checked again."
    )
