"""Short ways to write catalogues and deal files in tests of configuration."""

from decimal import Decimal
from typing import Any

from models.catalog import Catalog, parse_catalog
from models.configuration import Configuration, configure
from models.deal_file import DealFile, LineRequest
from models.eligibility import SaleContext
from models.errors import InvalidInputError

SEAT = {"key": "seat", "name": "Seat", "type": "recurring", "cadence": "monthly"}
ONCE = {"key": "once", "name": "Fee", "type": "one_time"}
FLAT = {**SEAT, "key": "month", "model": "flat"}


def product(sku: str, **changes: Any) -> dict[str, Any]:
    """Return a subscription of one seat charge."""
    return {"sku": sku, "name": sku, "kind": "subscription", "charges": [SEAT], **changes}


def catalog(*products: dict[str, Any], **changes: Any) -> Catalog:
    """Return a sound catalogue."""
    return parse_catalog({"version": "1", "products": list(products), **changes})


def refused(*products: dict[str, Any], **changes: Any) -> list[str]:
    """Return what validation says of a catalogue, each as `field: reason`."""
    try:
        parse_catalog({"version": "1", "products": list(products), **changes})
    except InvalidInputError as error:
        return [f"{problem.field}: {problem.reason}" for problem in error.problems]
    return []


def line(sku: str, quantity: int | str = 1, **changes: Any) -> LineRequest:
    """Return a line of a deal file."""
    return LineRequest.model_validate({"product": sku, "quantity": str(quantity), **changes})


def configured(
    sold: Catalog, *lines: LineRequest, context: SaleContext | None = None, **changes: Any
) -> Configuration:
    """Return what some lines are configured to, for a term of a year in USD."""
    fields = {"currency": "USD", "term_months": 12, **changes}
    return configure(sold, DealFile(lines=lines, **fields), context)


def shown(found: Configuration) -> dict[str, str]:
    """Return product and quantity of each line by its key: `CRM x 3`."""
    return {one.key: f"{one.product.sku} x {one.quantity.normalize():f}" for one in found.lines}


def reasons(found: Configuration) -> list[str]:
    """Return each problem as `field: reason`."""
    return [f"{problem.field}: {problem.reason}" for problem in found.problems]


def number(value: str) -> Decimal:
    """Return an exact number."""
    return Decimal(value)
