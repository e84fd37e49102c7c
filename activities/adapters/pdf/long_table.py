"""Tables of any length: each page takes the rows that fit and leaves the others untouched.

The library's own table copies all remaining rows at every page break, which makes a document of
thousands of lines quadratic. This one measures each row once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from reportlab.platypus import Table
from reportlab.platypus.flowables import Flowable

PAD_TOP = 3.6
PAD_BOTTOM = 4.6
PAD_RIGHT = 6.0
HEAD_BOTTOM = 3.0

_ENDLESS = 1e9

_LEAST_PAGE = 500.0
"""The points of height that every page has for its text, on any paper and with a banner."""


class RowKind(Enum):
    """What a row is, which decides its looks and where a page may end."""

    LINE = "line"
    SECTION = "section"
    SUBTOTAL = "subtotal"
    TOTAL = "total"


@dataclass(frozen=True)
class Row:
    """One row: a cell is a flowable or a list of them.

    A section's and a subtotal's first cell spans all columns but the last `own` ones.
    """

    cells: Sequence[Any]
    kind: RowKind = RowKind.LINE


StyleOf = Callable[[Sequence[Row]], list[tuple[Any, ...]]]
"""The style commands of a table with a heading and these rows below it."""


@dataclass(frozen=True)
class Layout:
    """What all parts of one table share."""

    heads: Sequence[Any]
    widths: Sequence[float]
    style_of: StyleOf
    span_end: int


class LongTable(Flowable):  # type: ignore[misc]  # the library has no types
    """A table whose heading is repeated on every page it covers, with no row left behind.

    A section's heading stays with the line below it, a subtotal with the line above it. A row
    longer than a page is split.
    """

    def __init__(
        self,
        layout: Layout,
        rows: Sequence[Row],
        start: int = 0,
        heights: dict[int, float] | None = None,
    ) -> None:
        super().__init__()
        self._layout, self._rows, self._start = layout, rows, start
        self._heights = {} if heights is None else heights
        self._table: Any = None

    def wrap(self, aW: float, aH: float) -> tuple[float, float]:  # noqa: N803 - the library's names
        """Take the height of all rows, or more than there is if they do not fit."""
        count, height = self._fitting(aH)
        self.width = sum(self._layout.widths)
        if self._start + count < len(self._rows):
            self.height = aH + 1
            return self.width, self.height
        self._table = self._part(self._start, self._start + count)
        self._table.wrap(aW, aH)
        self.height = height
        return self.width, self.height

    def split(self, aW: float, aH: float) -> list[Any]:  # noqa: N803 - the library's names
        """Return the part that fits and the rest; nothing sends all of it to the next page."""
        count, _ = self._fitting(aH)
        end = self._start + count
        if end >= len(self._rows):
            return [self]
        good = self._good_end(end)
        if good > self._start:
            return [self._part(self._start, good), self._rest(good)]
        if self._fits_on_a_page():
            return []
        if end > self._start:
            return [self._part(self._start, end), self._rest(end)]
        return self._split_row(aW, aH)

    def draw(self) -> None:
        """Draw the rows where the library has moved to."""
        self._table.drawOn(self.canv, 0, 0)

    def _rest(self, start: int) -> "LongTable":
        return LongTable(self._layout, self._rows, start, self._heights)

    def _split_row(self, width: float, height: float) -> list[Any]:
        """Split the next row itself; the library wants nothing where the page is too full."""
        first = self._start
        table = self._table_of(self._rows[first : first + 1], None)
        table.wrap(width, height)
        parts = list(table.split(width, height))
        if not parts or first + 1 >= len(self._rows):
            return parts
        return [*parts, self._rest(first + 1)]

    def _good_end(self, end: int) -> int:
        """Return the last place up to `end` that parts nothing that belongs together."""
        while end > self._start and self._belong_together(end):
            end -= 1
        return end

    def _belong_together(self, place: int) -> bool:
        """Whether the rows before and at a place must stand on one page."""
        before, after = self._rows[place - 1].kind, self._rows[place].kind
        return before is RowKind.SECTION or after in (RowKind.SUBTOTAL, RowKind.TOTAL)

    def _fits_on_a_page(self) -> bool:
        """Whether the rows up to the next good place fit on any page that is still empty."""
        end = self._start + 1
        while end < len(self._rows) and self._belong_together(end):
            end += 1
        heights = (self._height_of(index) for index in range(self._start, end))
        return self._head_height() + sum(heights) <= _LEAST_PAGE

    def _fitting(self, room: float) -> tuple[int, float]:
        """Return how many rows fit into the room, and their height with the heading."""
        used = self._head_height()
        for count, index in enumerate(range(self._start, len(self._rows))):
            height = self._height_of(index)
            if used + height > room:
                return count, used
            used += height
        return len(self._rows) - self._start, used

    def _head_height(self) -> float:
        if -1 not in self._heights:
            widths = self._content_widths()
            highest = max(
                _height(cell, wide) for cell, wide in zip(self._layout.heads, widths, strict=True)
            )
            self._heights[-1] = highest + HEAD_BOTTOM
        return self._heights[-1]

    def _height_of(self, index: int) -> float:
        if index not in self._heights:
            row = self._rows[index]
            widths = self._content_widths()
            if row.kind is not RowKind.LINE:
                end = self._layout.span_end + 1
                widths = [
                    sum(self._layout.widths[:end]) - PAD_RIGHT,
                    *([0] * (end - 1)),
                    *widths[end:],
                ]
            cells = [(cell, wide) for cell, wide in zip(row.cells, widths, strict=True) if cell]
            highest = max(_height(cell, wide) for cell, wide in cells)
            self._heights[index] = highest + PAD_TOP + PAD_BOTTOM
        return self._heights[index]

    def _content_widths(self) -> list[float]:
        widths = self._layout.widths
        return [*(wide - PAD_RIGHT for wide in widths[:-1]), widths[-1]]

    def _part(self, start: int, end: int) -> Any:
        heights = [self._head_height(), *(self._height_of(index) for index in range(start, end))]
        return self._table_of(self._rows[start:end], heights)

    def _table_of(self, rows: Sequence[Row], heights: list[float] | None) -> Any:
        table = Table(
            [list(self._layout.heads), *(list(row.cells) for row in rows)],
            colWidths=list(self._layout.widths),
            rowHeights=heights,
            repeatRows=1,
            splitInRow=1,
        )
        table.setStyle(self._layout.style_of(rows))
        return table


def _height(cell: Any, width: float) -> float:
    if isinstance(cell, list):
        return sum(_height(each, width) for each in cell)
    return float(cell.wrap(width, _ENDLESS)[1])
