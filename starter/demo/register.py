"""Putting the samples on record, over the API; what is there already stays as it is."""

from collections.abc import Sequence
from pathlib import Path

from models.steps import RegisterKind
from starter.cli.files import read_document, read_documents
from starter.demo.doors import Doors
from starter.demo.stories import SAMPLES

_PARTIES = (("/v1/entities", "entities.yaml"), ("/v1/customers", "customers.yaml"))
_HOUSE = (
    (RegisterKind.CATALOG, "catalog.yaml"),
    (RegisterKind.APPROVAL_POLICY, "approval_policy.yaml"),
    (RegisterKind.DUNNING_POLICY, "dunning_policy.yaml"),
    (RegisterKind.TAX_RULES, "tax_rules.yaml"),
)
_TERMS = (
    (RegisterKind.PROMOTION, "promotions.yaml", "code"),
    (RegisterKind.CUSTOMER_PRICES, "customer_prices.yaml", "number"),
)
_RECORDER = {"/v1/entities": "olga", "/v1/customers": "sam"}


async def load_samples(doors: Doors) -> None:
    """Record parties, catalogue, policies, tax rules, promotions, agreed prices and first stock.

    What is on record under the same number is left as it is, for it may be the user's own by now.
    """
    for path, name in _PARTIES:
        for entry in read_documents(SAMPLES / name):
            if await doors.find(f"{path}/{entry['number']}") is None:
                await doors.post(_RECORDER[path], path, entry)
    for kind, name in _HOUSE:
        path = f"/v1/register/{kind.value}"
        if await doors.find(f"{path}/house") is None:
            await doors.operate(path, read_document(SAMPLES / name))
    await _load_terms(doors)
    await receive_stock(doors, SAMPLES / "stock.yaml")


async def _load_terms(doors: Doors) -> None:
    for kind, name, key in _TERMS:
        path = f"/v1/register/{kind.value}"
        for entry in read_documents(SAMPLES / name):
            if await doors.find(f"{path}/{entry[key]}") is None:
                await doors.operate(path, entry)


async def receive_stock(doors: Doors, file: Path) -> Sequence[str]:
    """Receive goods and return the deals that waited for them; a delivery note counts once."""
    waiting: list[str] = []
    for receipt in read_documents(file):
        received = await doors.operate("/v1/stock", receipt)
        waiting += received.get("deals", [])
    return waiting
