"""How a simulation is printed: as a calendar and two tables, or as JSON."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from models.money import Money
from starter.cli.display import plain
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
    console.print(_calendar(simulation), soft_wrap=True)
    console.print(_revenue(simulation))
    console.print(_totals(simulation))
    ended = f" ({simulation.outcome})" if simulation.outcome else ""
    console.print(
        f"On {simulation.until} the deal is {simulation.stage}{ended}, term {simulation.term}."
    )


def _calendar(simulation: Simulation) -> Text:
    """Return the calendar as one text: a table of so many rows takes a second to lay out."""
    rows = [
        (
            str(entry.on),
            entry.what.value,
            plain(entry.kind),
            plain(entry.reference),
            plain(entry.text),
            _amount(entry.amount_minor, simulation.currency),
        )
        for entry in simulation.calendar
    ]
    heads = ("Day", "What", "", "Number", "", simulation.currency)
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    styles = [_STYLES.get(entry.what, "") for entry in simulation.calendar]
    text = Text("Calendar\n", style="")
    for cells, style in zip((heads, *rows), ("bold", *styles), strict=True):
        *words, amount = cells
        padded = [word.ljust(width) for word, width in zip(words, widths, strict=False)]
        text.append("  ".join([*padded, amount.rjust(widths[-1])]).rstrip() + "\n", style=style)
    return text


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
