"""The building blocks of a page: paragraphs, the opening, tables, the totals box, notices."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import KeepTogether, Spacer, Table
from reportlab.platypus.flowables import Flowable
from reportlab.platypus.paragraph import Paragraph

from activities.adapters.pdf import theme
from activities.adapters.pdf.line import Line, escape

INDENT: float = 4 * mm


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


def text(content: str, style: ParagraphStyle = theme.BODY) -> Line:
    """Return plain text in a style."""
    return Line(content, style)


def described(name: str, details: Sequence[str]) -> Paragraph:
    """Return a cell with a name and, smaller below it, its details; empty ones are left out."""
    small = theme.SMALL
    look = f'size="{small.fontSize}" color="{small.textColor.hexval()}"'
    below = "".join(f"<br/><font {look}>{escape(detail)}</font>" for detail in details if detail)
    return Paragraph(escape(name) + below, theme.BODY)


def indented(cell: Flowable, depth: int) -> list[Flowable]:
    """Return a cell moved to the right, for a component of a bundle."""
    inner = Table([["", cell]], colWidths=[depth * INDENT, None], splitInRow=1)
    inner.setStyle([*_FLUSH, ("LINEBEFORE", (1, 0), (1, -1), 0.8, theme.HAIRLINE), _pad_left(1, 5)])
    return [inner]


def heading(content: str) -> Line:
    """Return the heading of a section."""
    return text(content, theme.HEADING)


def gap(height: float) -> Spacer:
    """Return white space of so many millimeters."""
    return Spacer(1, height * mm)


def masthead(seller: str, title: str, width: float) -> Flowable:
    """Return the first line of a document: who writes, and what this is."""
    table = Table(
        [[text(seller, theme.SELLER), text(title, theme.TITLE)]],
        colWidths=[width * 0.52, width * 0.48],
    )
    table.setStyle(
        [
            *_FLUSH,
            ("VALIGN", (0, 0), (-1, -1), "BOTTOM"),
            ("LINEBELOW", (0, 0), (-1, -1), 1.4, theme.ACCENT),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 6),
        ]
    )
    return table


def opening(parties: Sequence[Party], facts: Sequence[tuple[str, str]], width: float) -> Flowable:
    """Return the parties on the left and the document's facts (number, dates) on the right."""
    facts_width = width * 0.40
    party_width = (width - facts_width) / max(len(parties), 1)
    cells = [[text(party.caption, theme.CAPTION), _party(party)] for party in parties]
    table = Table(
        [[*cells, _facts(facts, facts_width)]],
        colWidths=[*([party_width] * len(parties)), facts_width],
        splitInRow=1,
    )
    table.setStyle([*_FLUSH, ("RIGHTPADDING", (0, 0), (-2, -1), 10)])
    return table


def data_table(
    columns: Sequence[Column],
    rows: Sequence[Sequence[Any]],
    width: float,
    *,
    total: Sequence[Any] = (),
) -> Flowable:
    """Return a table whose heading is repeated on every page it covers.

    A cell is text (set as its column says) or a block of its own. A row longer than a page is
    split. `total` is a last row, set off by a line.
    """
    heads = [
        text(column.label, theme.CAPTION_RIGHT if column.right else theme.CAPTION)
        for column in columns
    ]
    body = [
        [_cell(cell, column) for cell, column in zip(row, columns, strict=True)] for row in rows
    ]
    last = (
        [[_cell(cell, column, strong=True) for cell, column in zip(total, columns, strict=True)]]
        if total
        else []
    )
    table = Table(
        [heads, *body, *last],
        colWidths=[column.share * width for column in columns],
        repeatRows=1,
        splitInRow=1,
    )
    table.setStyle(_data_style(has_total=bool(last)))
    return table


def totals_box(
    rows: Sequence[tuple[str, str]],
    grand: tuple[str, str],
    after: Sequence[tuple[str, str]],
    width: float,
) -> Flowable:
    """Return the sums at the right: the way to the grand total, itself, and what is in it."""
    cells = [[text(label), text(value, theme.BODY_RIGHT)] for label, value in rows]
    cells.append([text(grand[0], theme.TOTAL), text(grand[1], theme.TOTAL_RIGHT)])
    cells.extend(
        [text(label, theme.SMALL), text(value, theme.SMALL_RIGHT)] for label, value in after
    )
    box = width * 0.5
    table = Table(cells, colWidths=[box * 0.54, box * 0.46], hAlign="RIGHT")
    at = len(rows)
    table.setStyle(
        [
            *_FLUSH,
            ("TOPPADDING", (0, 0), (-1, -1), 2),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
            ("LEFTPADDING", (0, 0), (0, -1), 6),
            ("RIGHTPADDING", (1, 0), (1, -1), 5),
            ("BACKGROUND", (0, at), (-1, at), theme.TINT),
            ("LINEABOVE", (0, at), (-1, at), 1, theme.ACCENT),
            ("TOPPADDING", (0, at), (-1, at), 4),
            ("BOTTOMPADDING", (0, at), (-1, at), 6),
            ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
        ]
    )
    return KeepTogether([gap(2), table])


def panel(rows: Sequence[tuple[str, str]], width: float) -> Flowable:
    """Return labeled facts on a tinted ground, such as where to pay; empty ones are left out."""
    cells = [
        [text(label, theme.SMALL), text(value, theme.STRONG)] for label, value in rows if value
    ]
    table = Table(cells or [[text(""), text("")]], colWidths=[width * 0.22, width * 0.78])
    table.setStyle(
        [
            *_FLUSH,
            ("BACKGROUND", (0, 0), (-1, -1), theme.TINT),
            ("LEFTPADDING", (0, 0), (0, -1), 8),
            ("TOPPADDING", (0, 0), (-1, -1), 2),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
            ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
        ]
    )
    return table


def warning(title: str, lines: Sequence[str], width: float) -> Flowable:
    """Return a notice nobody overlooks."""
    markup = "<br/>".join([f"<b>{escape(title)}</b>", *(escape(line) for line in lines)])
    table = Table([[Paragraph(markup, theme.WARN)]], colWidths=[width], splitInRow=1)
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
        [text(label, theme.SMALL), text(value, theme.STRONG_RIGHT)]
        for label, value in facts
        if value
    ]
    table = Table(cells, colWidths=[width * 0.40, width * 0.60])
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


def _data_style(*, has_total: bool) -> list[tuple[Any, ...]]:
    style: list[tuple[Any, ...]] = [
        *_FLUSH,
        ("RIGHTPADDING", (0, 0), (-2, -1), 6),
        ("TOPPADDING", (0, 1), (-1, -1), 3.6),
        ("BOTTOMPADDING", (0, 1), (-1, -1), 4.6),
        ("BOTTOMPADDING", (0, 0), (-1, 0), 3),
        ("VALIGN", (0, 0), (-1, 0), "BOTTOM"),
        ("LINEBELOW", (0, 0), (-1, 0), 0.9, theme.ACCENT),
        ("LINEBELOW", (0, 1), (-1, -1), 0.4, theme.HAIRLINE),
    ]
    if has_total:
        style.append(("LINEABOVE", (0, -1), (-1, -1), 0.9, theme.ACCENT))
    return style
