"""The building blocks of a page: paragraphs, the opening, tables, the totals box, notices."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.platypus import CondPageBreak, KeepTogether, Spacer, Table
from reportlab.platypus.flowables import Flowable
from reportlab.platypus.paragraph import Paragraph

from activities.adapters.pdf import long_table, theme
from activities.adapters.pdf.line import Line, escape
from activities.adapters.pdf.logo import Logo
from activities.adapters.pdf.long_table import Layout, LongTable, Row, RowKind
from activities.adapters.pdf.theme import Theme

INDENT: float = 4 * mm

_ROOM_FOR_A_TABLE = 42 * mm
_ROOM_AFTER_A_LABEL = 3 * mm


@dataclass(frozen=True)
class Column:
    """One column of a table: its heading, its share of the width, and where its text stands."""

    label: str
    share: float
    right: bool = False


@dataclass(frozen=True)
class Party:
    """One block of the opening: a caption, a name, and what is known of the party below it."""

    caption: str
    name: str
    lines: Sequence[str]


class TickBox(Flowable):  # type: ignore[misc]  # the library has no types
    """An empty box at the right of its column, to be ticked by hand."""

    _SIDE = 9.0

    def wrap(self, aW: float, aH: float) -> tuple[float, float]:  # noqa: ARG002, N803 - the library's
        """Take the whole width and the height of a line."""
        self.width, self.height = aW, theme.BODY.leading
        return self.width, self.height

    def draw(self) -> None:
        """Draw the box where the library has moved to."""
        canvas: Any = self.canv
        canvas.setStrokeColor(theme.SOFT)
        canvas.setLineWidth(0.8)
        left, low = self.width - self._SIDE - 1, self.height - self._SIDE - 1
        canvas.rect(left, low, self._SIDE, self._SIDE, stroke=1, fill=0)


def text(content: str, style: ParagraphStyle = theme.BODY) -> Line:
    """Return plain text in a style."""
    return Line(content, style)


def fitted(content: str, style: ParagraphStyle = theme.BODY) -> Line:
    """Return text that is rather set smaller than broken, such as the number of a document."""
    return Line(content, style, shrinks=True)


def described(name: str, details: Sequence[str]) -> list[Line]:
    """Return a cell with a name and, smaller below it, its details; empty ones are left out."""
    return [text(name), *(text(detail, theme.SMALL) for detail in details if detail)]


def indented(cell: Sequence[Flowable], depth: int) -> list[Flowable]:
    """Return a cell moved to the right, for a component of a bundle."""
    inner = Table([["", list(cell)]], colWidths=[depth * INDENT, None], splitInRow=1)
    inner.setStyle([*_FLUSH, ("LINEBEFORE", (1, 0), (1, -1), 0.8, theme.HAIRLINE), _pad_left(1, 5)])
    return [inner]


def gap(height: float) -> Spacer:
    """Return white space of so many millimeters."""
    return Spacer(1, height * mm)


@dataclass(frozen=True)
class Blocks:
    """The blocks of one document: its looks, and the width in points that they fill."""

    theme: Theme
    width: float

    def heading(self, content: str) -> Line:
        """Return the heading of a section."""
        return text(content, self.theme.heading)

    def table_heading(self, content: str) -> list[Flowable]:
        """Return the heading of a table, on the next page if the table could only begin there."""
        return [CondPageBreak(_ROOM_FOR_A_TABLE), self.heading(content)]

    def masthead(self, seller: str, title: str, logo: bytes) -> Flowable:
        """Return the first line of a document: who writes, and what this is."""
        writer = Logo(logo) if logo else text(seller, theme.SELLER)
        table = Table(
            [[writer, text(title, self.theme.title)]],
            colWidths=[self.width * 0.48, self.width * 0.52],
        )
        table.setStyle(
            [
                *_FLUSH,
                ("VALIGN", (0, 0), (-1, -1), "BOTTOM"),
                ("LINEBELOW", (0, 0), (-1, -1), 1.4, self.theme.accent),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 6),
            ]
        )
        return table

    def opening(self, parties: Sequence[Party], facts: Sequence[tuple[str, str]]) -> Flowable:
        """Return the parties on the left and the document's facts (number, dates) on the right."""
        facts_width = self.width * 0.41
        party_width = (self.width - facts_width) / max(len(parties), 1)
        cells = [[text(party.caption, self.theme.caption), _party(party)] for party in parties]
        table = Table(
            [[*cells, _facts(facts, facts_width)]],
            colWidths=[*([party_width] * len(parties)), facts_width],
            splitInRow=1,
        )
        table.setStyle([*_FLUSH, ("RIGHTPADDING", (0, 0), (-2, -1), 10)])
        return table

    def data_table(
        self, columns: Sequence[Column], rows: Sequence[Sequence[Any]], *, total: Sequence[Any] = ()
    ) -> Flowable:
        """Return a table whose heading is repeated on every page it covers.

        A cell is text (set as its column says) or a block of its own. `total` is a last row, set
        off by a line.
        """
        made = [self.row(columns, cells) for cells in rows]
        if total:
            made.append(self.row(columns, total, RowKind.TOTAL))
        return self.rows_table(columns, made)

    def row(
        self, columns: Sequence[Column], cells: Sequence[Any], kind: RowKind = RowKind.LINE
    ) -> Row:
        """Return a row of a table, its texts set as their columns say."""
        strong = kind is not RowKind.LINE
        return Row(
            [
                _cell(cell, column, strong=strong)
                for cell, column in zip(cells, columns, strict=True)
            ],
            kind,
        )

    def section_row(self, columns: Sequence[Column], title: str) -> Row:
        """Return the heading of a section within a table."""
        rest = [""] * (len(columns) - 1)
        return Row([text(title, self.theme.heading_cell), *rest], RowKind.SECTION)

    def subtotal_row(self, columns: Sequence[Column], label: str, amount: str) -> Row:
        """Return a sum within a table: its label, and the amount in the last column."""
        rest = [""] * (len(columns) - 2)
        cells = [text(label, theme.SMALL_RIGHT), *rest, text(amount, theme.STRONG_RIGHT)]
        return Row(cells, RowKind.SUBTOTAL)

    def rows_table(self, columns: Sequence[Column], rows: Sequence[Row]) -> Flowable:
        """Return a table of rows that were made for these columns."""
        heads = [
            text(column.label, self.theme.caption_right if column.right else self.theme.caption)
            for column in columns
        ]
        layout = Layout(
            heads=heads,
            widths=[column.share * self.width for column in columns],
            style_of=self._data_style,
            span_end=len(columns) - 2,
        )
        return LongTable(layout, rows)

    def totals_box(
        self,
        rows: Sequence[tuple[str, str]],
        grand: tuple[str, str],
        after: Sequence[tuple[str, str]] = (),
    ) -> Flowable:
        """Return the sums at the right: the way to the grand total, itself, and what is in it."""
        cells = [[text(label), text(value, theme.BODY_RIGHT)] for label, value in rows]
        cells.append([text(grand[0], theme.TOTAL), text(grand[1], theme.TOTAL_RIGHT)])
        cells.extend(
            [text(label, theme.SMALL), text(value, theme.SMALL_RIGHT)] for label, value in after
        )
        box = self.width * 0.54
        table = Table(cells, colWidths=[box * 0.62, box * 0.38], hAlign="RIGHT")
        at = len(rows)
        table.setStyle(
            [
                *_FLUSH,
                ("TOPPADDING", (0, 0), (-1, -1), 2),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
                ("LEFTPADDING", (0, 0), (0, -1), 6),
                ("RIGHTPADDING", (1, 0), (1, -1), 5),
                ("BACKGROUND", (0, at), (-1, at), self.theme.tint),
                ("LINEABOVE", (0, at), (-1, at), 1, self.theme.accent),
                ("TOPPADDING", (0, at), (-1, at), 4),
                ("BOTTOMPADDING", (0, at), (-1, at), 6),
                ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
            ]
        )
        return KeepTogether([gap(2), table])

    def panel(self, rows: Sequence[tuple[str, str]]) -> Flowable:
        """Return labeled facts on a tinted ground, such as where to pay; empty ones left out."""
        cells = [
            [text(label, theme.SMALL), text(value, theme.STRONG)] for label, value in rows if value
        ]
        table = Table(
            cells or [[text(""), text("")]], colWidths=[self.width * 0.22, self.width * 0.78]
        )
        table.setStyle(
            [
                *_FLUSH,
                ("BACKGROUND", (0, 0), (-1, -1), self.theme.tint),
                ("LEFTPADDING", (0, 0), (0, -1), 8),
                ("TOPPADDING", (0, 0), (-1, -1), 2),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
                ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
            ]
        )
        return table

    def warning(self, title: str, lines: Sequence[str]) -> Flowable:
        """Return a notice nobody overlooks."""
        markup = "<br/>".join([f"<b>{escape(title)}</b>", *(escape(line) for line in lines)])
        table = Table([[Paragraph(markup, theme.WARN)]], colWidths=[self.width], splitInRow=1)
        table.setStyle(
            [
                ("BACKGROUND", (0, 0), (-1, -1), theme.WARNING_TINT),
                ("LINEBEFORE", (0, 0), (0, -1), 2.5, theme.WARNING),
                ("LEFTPADDING", (0, 0), (-1, -1), 9),
                ("TOPPADDING", (0, 0), (-1, -1), 5),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 6),
            ]
        )
        return table

    def _data_style(self, rows: Sequence[Row]) -> list[tuple[Any, ...]]:
        accent = self.theme.accent
        style: list[tuple[Any, ...]] = [
            *_FLUSH,
            ("RIGHTPADDING", (0, 0), (-2, -1), long_table.PAD_RIGHT),
            ("TOPPADDING", (0, 1), (-1, -1), long_table.PAD_TOP),
            ("BOTTOMPADDING", (0, 1), (-1, -1), long_table.PAD_BOTTOM),
            ("BOTTOMPADDING", (0, 0), (-1, 0), long_table.HEAD_BOTTOM),
            ("VALIGN", (0, 0), (-1, 0), "BOTTOM"),
            ("LINEBELOW", (0, 0), (-1, 0), 0.9, accent),
            ("LINEBELOW", (0, 1), (-1, -1), 0.4, theme.HAIRLINE),
        ]
        for place, row in enumerate(rows, start=1):
            style += self._row_style(place, row.kind)
        return style

    def _row_style(self, place: int, kind: RowKind) -> list[tuple[Any, ...]]:
        match kind:
            case RowKind.LINE:
                return []
            case RowKind.SECTION:
                return [
                    ("SPAN", (0, place), (-2, place)),
                    ("BACKGROUND", (0, place), (-1, place), self.theme.tint),
                    ("LEFTPADDING", (0, place), (0, place), 4),
                ]
            case RowKind.SUBTOTAL:
                return [
                    ("SPAN", (0, place), (-2, place)),
                    ("VALIGN", (0, place), (-1, place), "MIDDLE"),
                ]
            case RowKind.TOTAL:
                return [
                    ("SPAN", (0, place), (-2, place)),
                    ("LINEABOVE", (0, place), (-1, place), 0.9, self.theme.accent),
                ]


_FLUSH: list[tuple[Any, ...]] = [
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("LEFTPADDING", (0, 0), (-1, -1), 0),
    ("RIGHTPADDING", (0, 0), (-1, -1), 0),
    ("TOPPADDING", (0, 0), (-1, -1), 0),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 0),
]


def _pad_left(column: int, points: float) -> tuple[Any, ...]:
    return ("LEFTPADDING", (column, 0), (column, -1), points)


def _party(party: Party) -> Paragraph:
    name = f"<b>{escape(party.name)}</b>"
    return Paragraph("<br/>".join([name, *(escape(line) for line in party.lines)]), theme.BODY)


def _facts(facts: Sequence[tuple[str, str]], width: float) -> Flowable:
    cells = [
        [text(label, theme.SMALL), fitted(value, theme.STRONG_RIGHT)]
        for label, value in facts
        if value
    ]
    labels = (stringWidth(label, theme.SMALL.fontName, theme.SMALL.fontSize) for label, _ in facts)
    left = min(max(labels, default=0.0) + _ROOM_AFTER_A_LABEL, width * 0.5)
    table = Table(cells, colWidths=[left, width - left])
    table.setStyle(
        [
            *_FLUSH,
            ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
            ("TOPPADDING", (0, 0), (-1, -1), 1.2),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 2.4),
            ("LINEBELOW", (0, 0), (-1, -2), 0.4, theme.HAIRLINE),
        ]
    )
    return table


def _cell(cell: Any, column: Column, *, strong: bool = False) -> Any:
    if not isinstance(cell, str):
        return cell
    if strong:
        return text(cell, theme.STRONG_RIGHT if column.right else theme.STRONG)
    return text(cell, theme.BODY_RIGHT if column.right else theme.BODY)
