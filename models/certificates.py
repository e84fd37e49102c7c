"""Exemption certificates: what keeps tax off a customer's invoices, from when until when."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import date

from pydantic import ValidationError

from models.countries import is_country
from models.errors import ParkedError, Problem
from models.value import Value


class TaxCertificate(Value):
    """A certificate on file, valid from `valid_from` until before `valid_until`.

    It covers supplies to its country and, if one is named, its region; `categories` are the tax
    categories it covers, all of them when none is named. Number and reason are printed.
    """

    number: str
    reason: str
    country: str
    region: str = ""
    categories: tuple[str, ...] = ()
    valid_from: date
    valid_until: date | None = None

    def covers(self, country: str, region: str, category: str) -> bool:
        """Whether it is about a supply of a category to a place."""
        return (
            self.country == country
            and self.region in ("", region)
            and (not self.categories or category in self.categories)
        )

    def is_valid_on(self, day: date) -> bool:
        """Whether it holds on a day."""
        return self.valid_from <= day < (self.valid_until or date.max)


def certificate_for(
    certificates: Iterable[TaxCertificate], place: tuple[str, str], category: str, on: date
) -> TaxCertificate | None:
    """Return the certificate that covers a supply to a country and region on a day, or None.

    Raises `ParkedError` with the question if the one there was has expired: neither leaving the tax
    off nor charging it is right before somebody has asked the customer.
    """
    covering = [each for each in certificates if each.covers(*place, category)]
    valid = [each for each in covering if each.is_valid_on(on)]
    if valid:
        return valid[0]
    expired = [each for each in covering if each.valid_until and each.valid_until <= on]
    if expired:
        last = max(expired, key=lambda each: each.valid_until or date.min)
        raise ParkedError(
            f"Exemption certificate {last.number} ended before {last.valid_until}, and {on} is to "
            "be taxed. Record the new certificate on the customer, or take the old one off it."
        )
    return None


def certificate_problems(written: Mapping[str, object]) -> Iterator[Problem]:
    """Yield what is wrong with the certificates of a customer, as they are written."""
    items = written.get("tax_certificates")
    for index, item in enumerate(items if isinstance(items, list | tuple) else ()):
        with suppress(ValidationError):
            yield from _problems(f"tax_certificates[{index}]", TaxCertificate.model_validate(item))


def _problems(where: str, certificate: TaxCertificate) -> Iterator[Problem]:
    for name in ("number", "reason"):
        if not getattr(certificate, name).strip():
            yield Problem(
                field=f"{where}.{name}", reason="is empty", remedy="copy it from the form"
            )
    if not is_country(certificate.country):
        remedy = "write two capital letters in quotes, as in ISO 3166-1: US, DE, GB"
        yield Problem(field=f"{where}.country", reason="is not a country code", remedy=remedy)
    if certificate.valid_until is not None and certificate.valid_until <= certificate.valid_from:
        remedy = "give the first day on which it no longer holds"
        yield Problem(field=f"{where}.valid_until", reason="is not after valid_from", remedy=remedy)
