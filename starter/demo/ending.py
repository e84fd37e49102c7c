"""What the demo ends with: the deals in numbers, documents and mails, the balance, the way on."""

from collections.abc import Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from models.money import Money
from starter.demo.doors import Answer, DemoError, Doors
from starter.demo.stories import Story
from workers.records import StackInfo
from workers.settings import Settings

_WIDE = 100
_BOOKED = (
    ("Revenue to date", "revenue_minor"),
    ("Contract asset", "contract_asset_minor"),
    ("Contract liability", "contract_liability_minor"),
    ("Receivable", "receivable_minor"),
)


async def show_ending(
    console: Console, doors: Doors, stories: Sequence[Story], settings: Settings, info: StackInfo
) -> None:
    """Print everything; raises `DemoError` if a figure or the trial balance does not hold."""
    found = [await doors.get(f"/v1/deals/{story.number}") for story in stories]
    balance = await doors.get("/v1/books/trial-balance")
    console.print()
    console.print(_deals(found, stories))
    console.print(_figures(found, is_wide=console.width >= _WIDE))
    _show_papers(console, doors, found, settings)
    console.print(_balance(balance))
    _check(found, balance)
    _show_way_on(console, settings, info)


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD)


def _deals(found: Sequence[Answer], stories: Sequence[Story]) -> Table:
    table = _table("The deals")
    for heading in ("Deal", "Story", "Stage", "On its clock"):
        table.add_column(heading, no_wrap=heading == "Deal")
    for deal, story in zip(found, stories, strict=True):
        stage = deal["outcome"] or f"{deal['stage']}, term {deal['term']}"
        table.add_row(deal["number"], story.title, stage, deal["business_time"][:10])
    return table


def _figures(found: Sequence[Answer], *, is_wide: bool) -> Table:
    table = _table("In numbers")
    table.add_column("Deal", no_wrap=True)
    table.add_column("Contract price = billed + unbilled", justify="right", no_wrap=is_wide)
    for heading, _ in _BOOKED:
        table.add_column(heading, justify="right")
    for deal in found:
        figures, currency = deal["figures"], deal["currency"]
        price = Money(minor=figures["contract_minor"], currency=currency)
        sign = "=" if _holds(figures) else "IS NOT"
        parts = (_amount(figures[part], currency) for part in ("billed_minor", "unbilled_minor"))
        table.add_row(
            deal["number"],
            f"{price} {sign} {' + '.join(parts)}",
            *(_amount(figures[field], currency) for _, field in _BOOKED),
        )
    return table


def _holds(figures: Answer) -> bool:
    return bool(figures["contract_minor"] == figures["billed_minor"] + figures["unbilled_minor"])


def _amount(minor: int, currency: str) -> str:
    return str(Money(minor=minor, currency=currency)).removesuffix(f" {currency}")


def _show_papers(
    console: Console, doors: Doors, found: Sequence[Answer], settings: Settings
) -> None:
    documents = sum(len(deal["documents"]) for deal in found)
    mails = sum(doors.mailbox.count(deal["number"]) for deal in found)
    console.print()
    console.print(Text(f"{documents} documents (PDF) in {settings.documents_url}", style="bold"))
    for deal in found:
        kinds: dict[str, int] = {}
        for document in deal["documents"]:
            kind = document["kind"].replace("_", " ")
            kinds[kind] = kinds.get(kind, 0) + 1
        listed = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
        console.print(f"  {deal['number']}: {listed}")
    console.print(Text(f"{mails} mails in {doors.mailbox.folder}", style="bold"))
    console.print()


def _balance(balance: Answer) -> Table:
    table = _table("Trial balance")
    for title in ("Account", "Currency"):
        table.add_column(title)
    for title in ("Debit", "Credit"):
        table.add_column(title, justify="right")
    for item in balance["items"]:
        table.add_row(item["account"], item["currency"], *_sides(item))
    table.add_section()
    for total in balance["totals"]:
        table.add_row("Total", total["currency"], *_sides(total), style="bold")
    return table


def _sides(item: Answer) -> tuple[str, ...]:
    sides: list[Any] = [item["debit_minor"], item["credit_minor"]]
    return tuple("" if minor is None else _amount(minor, item["currency"]) for minor in sides)


def _check(found: Sequence[Answer], balance: Answer) -> None:
    broken = [deal["number"] for deal in found if not _holds(deal["figures"])]
    if broken:
        raise DemoError(f"The contract price is not billed plus unbilled: {', '.join(broken)}")
    if not balance["balanced"] or not any(total["debit_minor"] for total in balance["totals"]):
        raise DemoError("The trial balance does not balance, or nothing was posted.")


def _show_way_on(console: Console, settings: Settings, info: StackInfo) -> None:
    console.print()
    if info.ui_url:
        address = f"{info.ui_url}/namespaces/{info.namespace}/workflows"
        console.print(f"Temporal web UI: {address}")
    console.print(Text("Go on with:", style="bold"))
    for command, why in (
        ("make up", f"run the house to stay, on the data of {settings.home}"),
        (".venv/bin/q2c --as fiona deal show DEMO-2", "see a deal whole"),
        (".venv/bin/q2c --as fiona quote explain DEMO-3", "see how its prices came about"),
        (".venv/bin/q2c --as fiona quote list DEMO-4", "see the versions of a quote"),
        (
            ".venv/bin/q2c simulate starter/samples/deals/demo-2-seats.yaml --until 2027-01-31",
            "play a deal into the future",
        ),
    ):
        console.print(f"  {command}", style="cyan", soft_wrap=True)
        console.print(f"      {why}", style="dim")
