"""How results look: money, aligned tables that become cards on a narrow screen, and errors.

Everything shown is text of somebody else's, so control characters are taken out and nothing is read
as markup.
"""

import json
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from rich.console import Console, JustifyMethod
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from models.errors import Problem
from models.money import Money
from starter.cli.door import Row
from starter.cli.trouble import CommandError

_WIDE = 200
_LEAST = 20


class Column(NamedTuple):
    """One column of a listing: its title, and the field or the function that fills it.

    Amounts stand to the `right`; `long` text may break into several lines.
    """

    title: str
    of: str | Callable[[Row], object]
    right: bool = False
    long: bool = False


def console(*, errors: bool = False) -> Console:
    """Return the console of a stream: as wide as the terminal, and wide when piped to a file."""
    stream = sys.stderr if errors else sys.stdout
    columns = shutil.get_terminal_size((_WIDE, 24)).columns
    return Console(file=stream, width=columns, highlight=False, soft_wrap=False, markup=False)


def plain(value: object) -> str:
    """Return a value as text that is safe on a terminal; False and what is empty vanish."""
    if value is None or value is False or value in ("", [], {}):
        return ""
    if value is True:
        return "yes"
    if isinstance(value, list | tuple):
        return ", ".join(plain(each) for each in value)
    if isinstance(value, Mapping):
        amount = _amount(value)
        return amount or ", ".join(f"{key} {plain(each)}" for key, each in value.items())
    return "".join(mark if mark.isprintable() or mark == "\n" else " " for mark in str(value))


def _amount(value: Mapping[str, Any]) -> str:
    if set(value) == {"minor", "currency"}:
        return str(Money(minor=int(value["minor"]), currency=str(value["currency"])))
    return ""


def money(minor: object, currency: object) -> str:
    """Return minor units as a person reads them, `1,234.50 USD`; empty when there is no amount."""
    if minor is None or minor == "":
        return ""
    return str(Money(minor=int(str(minor)), currency=str(currency)))


def amount(field: str, currency: str = "currency") -> Callable[[Row], str]:
    """Return the function that shows the minor units in one field with the currency in another."""
    return lambda row: money(row.get(field), row.get(currency, ""))


def moment(field: str) -> Callable[[Row], str]:
    """Return the function that shows an ISO moment to the minute: `2026-01-31 09:30`."""
    return lambda row: short_moment(row.get(field))


def short_moment(value: object) -> str:
    """Return an ISO moment to the minute in UTC's notation, a date as it is."""
    text = plain(value)
    return f"{text[:10]} {text[11:16]}" if len(text) > 16 and text[10] in "T " else text


def cell(row: Row, column: Column) -> str:
    """Return what a listing shows of a row in a column."""
    return plain(column.of(row) if callable(column.of) else row.get(column.of))


def show_rows(out: Console, columns: Sequence[Column], rows: Sequence[Row], empty: str) -> None:
    """Show a listing: a table where it fits, otherwise one card below the other."""
    if not rows:
        out.print(Text(empty))
        return
    cells = [[cell(row, column) for column in columns] for row in rows]
    used = [any(row[index] for row in cells) for index in range(len(columns))]
    kept = [index for index in range(len(columns)) if used[index]]
    widths = [max(len(columns[i].title), *(_width(row[i]) for row in cells)) for i in kept]
    least = [min(w, _LEAST) if columns[i].long else w for i, w in zip(kept, widths, strict=True)]
    if sum(least) + 2 * len(least) <= out.width:
        out.print(_table([columns[i] for i in kept], [[row[i] for i in kept] for row in cells]))
        return
    for row in cells:
        _show_card(out, columns, row)


def _width(text: str) -> int:
    return Text(text).cell_len


def _table(columns: Sequence[Column], cells: Sequence[Sequence[str]]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        justify: JustifyMethod = "right" if column.right else "left"
        table.add_column(column.title, justify=justify, no_wrap=not column.long, overflow="fold")
    for row in cells:
        table.add_row(*(Text(each) for each in row))
    return table


def _show_card(out: Console, columns: Sequence[Column], row: Sequence[str]) -> None:
    out.print(Text(row[0] or "-", style="bold"))
    pairs = [(columns[i].title, row[i]) for i in range(1, len(columns)) if row[i]]
    show_pairs(out, pairs, indent=2)


def show_pairs(out: Console, pairs: Sequence[tuple[str, object]], indent: int = 0) -> None:
    """Show names and values below each other, aligned, leaving out what has no value."""
    said = [(name, plain(value)) for name, value in pairs if plain(value)]
    if not said:
        return
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(overflow="fold")
    for name, value in said:
        grid.add_row(Text(name), Text(value))
    out.print(Padding(grid, (0, 0, 0, indent), expand=False))


def show_heading(out: Console, text: str) -> None:
    """Show a line that begins a part of a longer answer."""
    out.print()
    out.print(Text(plain(text), style="bold"))


def say(out: Console, text: str, style: str = "") -> None:
    """Show one sentence."""
    out.print(Text(plain(text), style=style))


def show_json(out: Console, content: object) -> None:
    """Write an answer for a program: JSON, indented, never wrapped or colored."""
    out.file.write(json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def show_problems(out: Console, problems: Sequence[Problem], indent: int = 2) -> None:
    """Show each problem as field and reason, with its remedy below."""
    for problem in problems:
        line = Text(plain(problem.field) or "input", style="bold")
        line.append(f"  {plain(problem.reason)}", style="not bold")
        out.print(Padding(line, (0, 0, 0, indent), expand=False))
        if problem.remedy:
            out.print(
                Padding(Text(f"-> {plain(problem.remedy)}"), (0, 0, 0, indent + 2), expand=False)
            )


def show_error(err: Console, error: CommandError) -> None:
    """Show one clear block: what happened, in which fields and why, and what to do."""
    err.print(Text.assemble(("Error: ", "bold red"), plain(error.what)))
    show_problems(err, error.problems)
    if error.remedy:
        err.print(Padding(Text(f"-> {plain(error.remedy)}"), (0, 0, 0, 2), expand=False))
