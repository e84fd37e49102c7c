"""Showing what every deal of the demo does now: a line for each, or a log without a terminal."""

import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.table import Table

from starter.demo.stories import Story

_PER_SECOND = 8


class Progress:
    """The lines of the deals, for the length of a `with` block."""

    def __init__(self, console: Console, stories: Sequence[Story]) -> None:
        self._console = console
        self._lines = {story.number: (story.title, "") for story in stories}
        self._began = time.monotonic()
        self._live = Live(
            self._table(), console=console, refresh_per_second=_PER_SECOND, transient=False
        )

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._console.is_terminal:
            self._live.update(self._table(), refresh=True)
            self._live.stop()

    def tell(self, number: str, what: str) -> None:
        """Say what a deal does now."""
        self._lines[number] = (self._lines[number][0], what)
        if self._console.is_terminal:
            self._live.update(self._table())
            return
        seconds = time.monotonic() - self._began
        self._console.print(f"{seconds:5.1f} s  {number}  {what}", soft_wrap=True)
        self._console.file.flush()

    def _table(self) -> Table:
        table = Table(box=None, show_header=False, pad_edge=False)
        for style in ("bold", "", "cyan"):
            table.add_column(style=style, no_wrap=True)
        for number, (title, what) in self._lines.items():
            table.add_row(number, title, what)
        return table
