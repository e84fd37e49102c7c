"""A postal address in the order of lines its country reads."""

from activities.formats import formats_for
from models.parties import Address

_CITY_REGION_CODE = frozenset({"US", "CA", "AU", "MX", "IN"})
_CITY_THEN_CODE = frozenset({"GB", "IE", "JP", "NZ", "SG"})


def address_lines(address: Address) -> list[str]:
    """Return the lines of an address, the country's English name last; empty ones left out."""
    lines = [address.line1, address.line2, _city_line(address)]
    return [line for line in [*lines, formats_for("en").country(address.country)] if line]


def _city_line(address: Address) -> str:
    if address.country in _CITY_REGION_CODE:
        tail = " ".join(part for part in (address.region, address.postal_code) if part)
        return ", ".join(part for part in (address.city, tail) if part)
    if address.country in _CITY_THEN_CODE:
        parts = (address.city, address.region, address.postal_code)
        return " ".join(part for part in parts if part)
    return " ".join(part for part in (address.postal_code, address.city, address.region) if part)
