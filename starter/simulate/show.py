"""How a simulation is printed: as a calendar and two tables, or as JSON."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from models.money import Money
from starter.simulate.outcome import Happening, Simulation

_STYLES = {
    Happening.PAYMENT: "green",
    Happening.REMINDER: "yellow",
    Happening.QUESTION: "red",
    Happening.TERM: "bold",
    Happening.END: "bold",
    Happening.NOTICE: "dim",
    Happening.DECISION: "dim",
}
_MONTH_WIDTH = 8
_TOTALS = (
    ("Contract price", "contract_minor"),
    ("Billed", "billed_minor"),
    ("Not billed yet", "unbilled_minor"),
    ("Revenue", "revenue_minor"),
    ("Contract asset", "contract_asset_minor"),
    ("Contract liability", "contract_liability_minor"),
    ("Receivable", "receivable_minor"),
    ("Paid", "paid_minor"),
)


def print_simulation(console: Console, simulation: Simulation) -> None:
    """Print the calendar, the revenue by month and the deal in numbers."""
    head = f"Deal {simulation.deal} for {simulation.customer}, {simulation.starts_on} to "
    console.print(Text(f"{head}{simulation.until}, paid: {simulation.pay}", style="bold"))
    for assumption in simulation.assumptions:
        console.print(Text(f"  {assumption}", style="dim"))
    console.print(_calendar(simulation))
    console.print(_revenue(simulation))
    console.print(_totals(simulation))
    ended = f" ({simulation.outcome})" if simulation.outcome else ""
    console.print(
        f"On {simulation.until} the deal is {simulation.stage}{ended}, term {simulation.term}."
    )


def _calendar(simulation: Simulation) -> Table:
    table = Table(title="Calendar", title_justify="left", box=None, pad_edge=False)
    for title in ("Day", "What", "", "Number", ""):
        table.add_column(title, no_wrap=title == "Day")
    table.add_column(simulation.currency, justify="right", no_wrap=True)
    for entry in simulation.calendar:
        table.add_row(
            str(entry.on),
            entry.what.value,
            entry.kind,
            entry.reference,
            entry.text,
            _amount(entry.amount_minor, simulation.currency),
            style=_STYLES.get(entry.what, ""),
        )
    return table


def _revenue(simulation: Simulation) -> Table:
    title = "Revenue by month"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("Month", no_wrap=True)
    table.add_column(
        simulation.currency, justify="right", no_wrap=True, min_width=len(title) - _MONTH_WIDTH
    )
    for month in simulation.revenue:
        table.add_row(month.month, _amount(month.amount_minor, simulation.currency))
    return table


def _totals(simulation: Simulation) -> Table:
    title = f"In numbers on {simulation.until}"
    table = Table(title=title, title_justify="left", box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    for name, field in _TOTALS:
        minor: int = getattr(simulation.totals, field)
        table.add_row(name, _amount(minor, simulation.currency))
    return table


def _amount(minor: int | None, currency: str) -> str:
    if minor is None:
        return ""
    return str(Money(minor=minor, currency=currency)).removesuffix(f" {currency}")
